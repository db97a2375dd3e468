"""The file by which a month's coupons are settled with stores: each redemption, where, when and how much."""

from __future__ import annotations

from datetime import date, timedelta

from aiohttp import web

from bot.store.insights import Span
from bot.store.offers.settling import Settled, settled
from bot.web import lists
from bot.web.console import spans
from bot.web.console.frame import actor_words
from bot.web.desk import DESK
from bot.web.lists import Column, Sheet

WANTED = "settlement"
BATCH = 1000
SHEET = Sheet(
    WANTED,
    "结算",
    (
        Column("id", "编号", lambda one: one.id),
        Column("at", "时间", lambda one: one.at),
        Column("store", "门店", lambda one: one.store_name or one.store),
        Column("offer", "券", lambda one: one.name),
        Column("ends", "券码尾号", lambda one: one.ends),
        Column("order_no", "订单号", lambda one: one.order_no),
        Column("discount_fen", "让利（分）", lambda one: 0 if one.voided_at else one.discount_fen),
        Column("by", "由谁", lambda one: actor_words(one.actor)),
        Column("voided_at", "撤销", lambda one: one.voided_at),
    ),
)


def months(request: web.Request) -> list[tuple[date, list[tuple[str, str]]]]:
    """This month and the one before, each with the addresses of its files."""
    this = spans.today(request).date().replace(day=1)
    last = (this - timedelta(days=1)).replace(day=1)
    return [(month, _files(month)) for month in (this, last)]


def _files(month: date) -> list[tuple[str, str]]:
    return [
        (kind.upper(), f"/admin/coupons?list={WANTED}&month={month:%Y-%m}&format={kind}")
        for kind in lists.FORMATS
    ]


async def answer(request: web.Request) -> web.StreamResponse:
    first = spans.month(request)
    following = (first + timedelta(days=31)).replace(day=1)
    span = Span(first, following - timedelta(days=1), request.app[DESK].work.settings.zone)
    return await lists.answer(request, SHEET, _batches(request, span))


async def _batches(request: web.Request, span: Span) -> lists.Batches:
    below: int | None = None
    while True:
        async with request.app[DESK].work.sessions.reading() as session:
            found: list[Settled] = await settled(session, span, below, limit=BATCH)
        if not found:
            return
        yield found
        below = found[-1].id
