"""Callbacks of both platforms on a clock that stands still, and the vectors others made."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.clock import ManualClock
from bot.platforms.gateway import Gateway
from bot.platforms.official.callback import OfficialCallbacks
from bot.platforms.wecom.callback import WecomCallbacks
from tests.platforms.posts import NOW, OFFICIAL, WECOM
from tests.platforms.server import MemoryTokens, TinyPlatform


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def manual() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def wecom(manual) -> WecomCallbacks:
    return WecomCallbacks(WECOM, manual)


@pytest.fixture
def official(manual) -> OfficialCallbacks:
    return OfficialCallbacks(OFFICIAL, manual)


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def peers() -> dict[str, Any]:
    found = Path(__file__).parent / "peers" / "vectors.json"
    return json.loads(found.read_text(encoding="utf-8"))


@pytest.fixture
async def tiny() -> AsyncIterator[TinyPlatform]:
    platform = TinyPlatform()
    server = TestServer(web.Application())
    server.app.router.add_route("*", "/{path:.*}", platform.answer)
    await server.start_server()
    platform.base = str(server.make_url("")).rstrip("/")
    yield platform
    await server.close()
    assert platform.troubles() == []


@pytest.fixture
def store() -> MemoryTokens:
    return MemoryTokens()


@pytest.fixture
async def open_gateway(tiny, store, manual):
    """Gateways to the tiny platform: two of them are two processes that share one token row."""
    opened = []

    def opening(**changes: Any) -> Gateway:
        facts = {
            "wecom": replace(WECOM, api_base=tiny.base),
            "official": replace(OFFICIAL, api_base=tiny.base),
            "tokens": store,
            "clock": manual,
            "load_media": lambda name: {"a.png": b"PNG", "sub/b.png": b"ANOTHER"}[name],
        }
        opened.append(Gateway(**facts | changes))
        return opened[-1]

    yield opening
    for gateway in opened:
        await gateway.close()


@pytest.fixture
def gateway(open_gateway) -> Gateway:
    return open_gateway()
