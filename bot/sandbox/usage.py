"""How often each API was called today, and the daily limits of the Official Account."""

from __future__ import annotations

from datetime import datetime

from bot.sandbox.clock import SHANGHAI
from bot.sandbox.errors import Refuse
from bot.sandbox.world.state import World

DAILY = {
    "/cgi-bin/menu/create": 1000,
    "/cgi-bin/menu/get": 10_000,
    "/cgi-bin/menu/delete": 1000,
    "/cgi-bin/user/info": 5_000_000,
    "/cgi-bin/user/get": 500,
    "/cgi-bin/message/custom/send": 500_000,
    "/cgi-bin/message/template/send": 100_000,
    "/cgi-bin/qrcode/create": 100_000,
    "/cgi-bin/media/upload": 100_000,
    "/cgi-bin/media/get": 200_000,
    "/cgi-bin/message/mass/sendall": 100,
    "/cgi-bin/message/mass/preview": 100,
}


def daily_limit(platform: str, path: str) -> int:
    return DAILY.get(path, 100_000) if platform == "official" else 10**9


def _key(platform: str, path: str, now: datetime) -> tuple[str, str, str]:
    return platform, path, now.astimezone(SHANGHAI).date().isoformat()


def used_today(world: World, platform: str, path: str, now: datetime) -> int:
    return world.calls[_key(platform, path, now)]


def use(world: World, platform: str, path: str, now: datetime) -> None:
    key = _key(platform, path, now)
    if world.calls[key] >= daily_limit(platform, path):
        raise Refuse(45009, "reach max api daily quota limit")
    world.calls[key] += 1
