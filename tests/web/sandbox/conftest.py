"""A bot beside a sandbox that runs in the same process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from bot.inbound.intake import Intake
from bot.sandbox.clock import parse_moment
from bot.sandbox.sandbox import Options, Sandbox
from bot.web.desk import Desk
from bot.web.server import build
from tests.harness import Bot
from tests.web.faces import Shop


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    start = parse_moment("2026-03-12T10:24:00+08:00")
    running = await Sandbox(Options(clock=start, clock_file=tmp_path / "clock.json")).start()
    yield running
    await running.stop()


@pytest.fixture
def desk(bot: Bot, sandbox: Sandbox) -> Desk:
    return Desk(
        work=bot.work,
        intake=Intake(bot.sessions, bot.vault, bot.clock, nudge=lambda: None),
        dispatcher=bot.dispatcher,
        wecom=None,
        official=None,
        nudge=lambda: None,
        sandbox_url=sandbox.base_url,
        open_doors=True,
    )


@pytest.fixture
async def playground(bot: Bot, desk: Desk) -> AsyncIterator[Shop]:
    shop = Shop(bot, TestServer(build(desk)))
    await shop.server.start_server()
    yield shop
    await shop.closes()
    await desk.intake.close()


@pytest.fixture
async def in_production(bot: Bot, desk: Desk) -> AsyncIterator[Shop]:
    real = replace(
        bot.work, settings=bot.settings.model_copy(update={"public_url": "https://x.cn"})
    )
    shop = Shop(bot, TestServer(build(replace(desk, work=real))))
    await shop.server.start_server()
    yield shop
    await shop.closes()
    await desk.intake.close()
