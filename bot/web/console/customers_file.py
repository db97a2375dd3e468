"""The list of customers as a file of the filter in the address."""

from __future__ import annotations

from aiohttp import web

from bot.domain import masks
from bot.domain.reasons import words
from bot.store import roster
from bot.tongue import _
from bot.web import lists
from bot.web.console.asked import read, wanted
from bot.web.desk import DESK
from bot.web.lists import Column, Sheet

BATCH = 500
"""Customers that a file takes at a time."""


async def file(request: web.Request) -> web.StreamResponse:
    work = request.app[DESK].work
    async with work.sessions.reading() as session:
        asked = await read(request, session)
        fits = roster.fits(wanted(request, asked), work.vault, work.content.limits, work.now())
        found = await roster.count(session, fits)

    async def fetch(page: int) -> list[roster.Listed]:
        async with work.sessions.reading() as session:
            limits = work.content.limits
            return await roster.page(
                session,
                work.vault,
                fits,
                limits,
                work.now(),
                number=page,
                size=BATCH,
                order=asked.order,
            )

    return await lists.answer(request, SHEET, lists.numbered(fetch, BATCH), total=found)


SHEET = Sheet(
    "customers",
    "顾客",
    (
        Column("ref", "编号", lambda r: r.customer.ref),
        Column("name", "顾客", lambda r: masks.name(r.name)),
        Column("tier", "分层", lambda r: _(r.tier.tier) if r.tier else None),
        Column("recency", "R", lambda r: r.tier.recency if r.tier else None),
        Column("frequency", "F", lambda r: r.tier.frequency if r.tier else None),
        Column("monetary", "M", lambda r: r.tier.monetary if r.tier else None),
        Column("tags", "标签", lambda r: "；".join(r.tags)),
        Column("amount_fen", "累计消费（分）", lambda r: r.stats.amount_fen if r.stats else 0),
        Column("last_at", "上次消费", lambda r: r.stats.last_at if r.stats else None),
        Column("guide", "导购", lambda r: r.guide),
        Column("store", "门店", lambda r: r.store),
        Column("why_not", "不能发活动的原因", lambda r: words(r.why_not) if r.why_not else None),
    ),
    right="customer.export",
)
