"""How often each API was called in each period, and what the documents allow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.sandbox.clock import SHANGHAI
from bot.sandbox.errors import Refuse
from bot.sandbox.world.state import World

DAY = "%Y-%m-%d"
HOUR = "%Y-%m-%dT%H"
MONTH = "%Y-%m"
DAILY = {
    "/cgi-bin/token": 2000,
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
WECOM = {
    "/cgi-bin/get_jsapi_ticket": ((HOUR, 400),),
    "/cgi-bin/ticket/get": ((HOUR, 100),),
    "/cgi-bin/media/uploadimg": ((DAY, 1000), (MONTH, 3000)),
}
REMEMBERED = 1000


@dataclass
class RefusedCalls:
    """The latest refusals by the rid in their errmsg."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    def keep(self, rid: str, row: dict[str, Any]) -> None:
        self.rows[rid] = row
        if len(self.rows) > REMEMBERED:
            del self.rows[next(iter(self.rows))]


def daily_limit(platform: str, path: str) -> int:
    return DAILY.get(path, 100_000) if platform == "official" else 10**9


def _key(platform: str, path: str, now: datetime, period: str = DAY) -> tuple[str, str, str]:
    return platform, path, now.astimezone(SHANGHAI).strftime(period)


def used_today(world: World, platform: str, path: str, now: datetime) -> int:
    return world.calls[_key(platform, path, now)]


def use(world: World, platform: str, path: str, now: datetime) -> None:
    allowed: tuple[tuple[str, int], ...] = ((DAY, daily_limit(platform, path)),)
    if platform == "wecom":
        allowed = WECOM.get(path, ())
    keys = [(_key(platform, path, now, period), most) for period, most in allowed]
    if any(world.calls[key] >= most for key, most in keys):
        raise Refuse(45009, "reach max api quota limit")
    for key, _ in keys:
        world.calls[key] += 1
