"""`/admin/analytics`: what worked: a funnel, days, cohorts, tiers, group chats and guides, each number of people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.group_chats import KINDS
from bot.domain.permissions import may
from bot.domain.tiers import TIERS
from bot.inbound.commands import matrix
from bot.store import house_holdout, insights, proof
from bot.store.insights import Day, Funnel, Span
from bot.tongue import _
from bot.web import lists
from bot.web.console import charts, spans
from bot.web.console.frame import shown
from bot.web.console.scopes import own_store
from bot.web.desk import ACTOR, DESK
from bot.web.figures import people, yuan
from bot.web.guards import allowed
from bot.web.lists import Column, Sheet

routes = web.RouteTableDef()
STAGES = {
    "handed": ("交出", "交给导购，或由客服、公众号直接发"),
    "delivered": ("送达", "平台说送到了"),
    "opened": ("点开", "打开了链接"),
    "redeemed": ("核销", "用了随消息给的券"),
    "ordered": ("消费", "7 天内下单，或用了券"),
}
SHEET = Sheet(
    "analytics",
    "每日触达与消费",
    (
        Column("day", "日期", lambda day: day.day.isoformat()),
        Column("reached", "触达人数", lambda day: day.reached),
        Column("orders", "订单", lambda day: day.orders),
        Column("sales_fen", "消费（分）", lambda day: day.sales_fen),
    ),
)
SAMPLE = Funnel(
    {"handed": 640, "delivered": 566, "opened": 193, "redeemed": 48, "ordered": 64}, 2138800
)
"""Shown, and marked as a sample, before there is anything to count."""


@routes.get("/admin/analytics", allow_head=False)
@allowed("analytics.read")
async def overview(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    name, span = spans.chosen(request)
    store = own_store(request)
    async with desk.work.sessions.reading() as session:
        days = await insights.trend(session, span)
        if lists.asked(request):
            return await lists.answer(request, SHEET, _days(days), total=len(days))
        counted = await _counted(request, session, span, store)
        return await shown(
            request,
            session,
            "console/analytics.html",
            "analytics",
            span=span,
            chosen=name,
            spans=spans.SPANS,
            span_words=spans.words(span),
            days=days,
            chart=charts.bars_and_line(
                [(charts.short(day.day), day.reached, day.sales_fen) for day in days]
            ),
            stages=STAGES,
            tiers=TIERS,
            kinds=KINDS,
            people=spans.people,
            on_day=spans.on_day(span),
            downloads=lists.downloads(request, SHEET),
            **counted,
        )


async def _counted(
    request: web.Request, session: AsyncSession, span: Span, store: str | None
) -> dict[str, Any]:
    funnel = await insights.funnel(session, span)
    before = await insights.funnel(session, span.before)
    empty = not funnel.people["handed"] and not before.people["handed"]
    return {
        "empty": empty,
        "funnel": SAMPLE if empty else funnel,
        "before": before,
        "said": "" if empty else sentence(funnel, before),
        "cohorts": await insights.cohorts(session, spans.today(request)),
        "moves": await insights.moves(session, span),
        "guides": (await insights.guides(session, span, store=store))[:10],
        **await _house(request, session, span),
        "rewording": await insights.rewording(session, request.app[DESK].work.vault, span),
        "titles": {
            name: one.title for name, one in request.app[DESK].work.content.templates.items()
        },
        "rooms": await insights.rooms(session, span) if store is None else [],
    }


async def _house(request: web.Request, session: AsyncSession, span: Span) -> dict[str, Any]:
    """What all of it together brings, where some are kept out of everything."""
    holdout = request.app[DESK].work.content.limits.holdout
    if not holdout.percent:
        may_set = may(matrix(), "settings.read", request[ACTOR].kind)
        return {"holdout": holdout, "lift": None, "may_set": may_set}
    lift = await house_holdout.lift(session, holdout, span)
    return {"holdout": holdout, "lift": lift, "verdict": proof.VERDICTS[proof.verdict(lift)]}


def sentence(funnel: Funnel, before: Funnel) -> str:
    """The funnel as one would tell it."""
    told = _(
        "交出 %(handed)s，送达 %(delivered)s；%(opened)s点开，%(ordered)s买了，一共 %(sales)s。",
        handed=people(funnel.people["handed"]),
        delivered=people(funnel.people["delivered"]),
        opened=people(funnel.people["opened"]),
        ordered=people(funnel.people["ordered"]),
        sales=yuan(funnel.sales_fen),
    )
    was, now = before.people["ordered"], funnel.people["ordered"]
    if not was:
        return told
    change = round(100 * (now - was) / was)
    if not change:
        return told + _("买的人和上一段时间一样多。")
    more = _("比上一段时间多 %(n)s", n=f"{change}%")
    less = _("比上一段时间少 %(n)s", n=f"{-change}%")
    return told + _("买的人%(more)s。", more=more if change > 0 else less)


async def _days(days: list[Day]) -> AsyncIterator[list[Day]]:
    yield days
