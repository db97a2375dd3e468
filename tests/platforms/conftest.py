"""Callbacks of both platforms on a clock that stands still, and the vectors others made."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.clock import ManualClock
from bot.platforms.official.callback import OfficialCallbacks
from bot.platforms.wecom.callback import WecomCallbacks
from tests.platforms.posts import NOW, OFFICIAL, WECOM


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
