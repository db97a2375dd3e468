"""The pages and the API over a real server: real sessions, real forms, real SQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from bot.inbound.intake import Intake
from bot.web.desk import Desk
from bot.web.server import build
from tests.harness import Bot
from tests.web.faces import Shop


@pytest.fixture
async def shop(bot: Bot) -> AsyncIterator[Shop]:
    intake = Intake(bot.sessions, bot.vault, bot.clock, nudge=lambda: None)
    desk = Desk(
        work=bot.work,
        intake=intake,
        dispatcher=bot.dispatcher,
        wecom=None,
        official=None,
        nudge=lambda: None,
    )
    shop = Shop(bot, TestServer(build(desk)))
    await shop.server.start_server()
    yield shop
    await shop.closes()
    await intake.close()


@pytest.fixture
def shelf(bot: Bot, tmp_path: Path) -> Path:
    """A media folder with a picture and a file in it; nothing else of the content is read from there."""
    media = tmp_path / "media"
    media.mkdir()
    (media / "day.jpg").write_bytes(b"\xff\xd8 a picture")
    (media / "rules.pdf").write_bytes(b"%PDF the rules")
    content = bot.content
    filed = content.filed and replace(content.filed, dir=tmp_path)
    content.become(replace(content, dir=tmp_path, filed=filed))
    return media
