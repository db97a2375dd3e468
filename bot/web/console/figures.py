"""The numbers above the list of customers, each with the people behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.segments import parse
from bot.store import segments
from bot.tongue import _
from bot.web.console.scopes import within
from bot.web.desk import DESK

FRIEND = {"field": "follows.any", "op": "eq", "value": True}
RULES: dict[str, dict[str, Any]] = {
    "friends": FRIEND,
    "new": {"all": [FRIEND, {"field": "follows.days", "op": "lt", "value": 7}]},
    "bought": {"field": "orders.last_days", "op": "lte", "value": 30},
    "buyers": {"field": "orders.count", "op": "gte", "value": 1, "within_days": 90},
    "again": {"field": "orders.count", "op": "gte", "value": 2, "within_days": 90},
    "asleep": {"field": "tier", "op": "in", "value": ["沉睡"]},
}


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    shown: str
    about: str
    address: str
    up: bool = False


async def figures(
    request: web.Request, session: AsyncSession, *, everybody: int, reachable: int
) -> list[Figure]:
    now = request.app[DESK].work.now()
    asked = {name: within(request, parse(rule)) for name, rule in RULES.items()}
    n = await segments.count_several(session, asked, now)
    share = 100 * n["again"] / n["buyers"] if n["buyers"] else 0.0
    grown = _("本周 +%(n)s", n=f"{n['new']:,}")
    return [
        Figure(_("好友顾客"), _many(n["friends"]), grown, _list("follows.any", "yes"), up=True),
        Figure(_("可触达"), _many(reachable), _part(reachable, everybody), _why("ok")),
        Figure(
            _("30 天内消费"),
            _many(n["bought"]),
            _part(n["bought"], everybody),
            _list("orders.last_days", "30", op="lte"),
        ),
        Figure(
            _("复购率（90 天）"),
            f"{share:.1f}%",
            _("%(again)s 人买过两次以上", again=_many(n["again"])),
            _list("orders.count", "2", op="gte", days="90"),
        ),
        Figure(
            _("沉睡待唤醒"),
            _many(n["asleep"]),
            _part(n["asleep"], everybody),
            "/admin/customers?" + urlencode({"tier": "沉睡"}),
        ),
    ]


def _many(count: int) -> str:
    return f"{count:,}"


def _part(count: int, whole: int) -> str:
    return _("占顾客 %(share)s", share=f"{100 * count / whole if whole else 0:.1f}%")


def _list(field: str, value: str, *, op: str = "eq", days: str = "") -> str:
    asked = {"field": field, "op": op, "value": value, "days": days}
    return "/admin/customers?" + urlencode(asked)


def _why(code: str) -> str:
    return "/admin/customers?" + urlencode({"why": code})
