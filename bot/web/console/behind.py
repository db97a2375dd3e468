"""`/admin/people`: the people behind a number that was clicked."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import ColumnElement

from bot.domain import masks
from bot.domain.reasons import words
from bot.domain.refusals import Refusal
from bot.store import insights, roster, segments
from bot.store.insights import Behind
from bot.tongue import _
from bot.web import lists
from bot.web.console import forms, spans
from bot.web.console.frame import shown
from bot.web.console.preview import EVERYBODY
from bot.web.console.scopes import within
from bot.web.desk import DESK
from bot.web.guards import allowed
from bot.web.lists import Column, Sheet

routes = web.RouteTableDef()
TITLES = {
    "touched": "发过消息的顾客",
    "campaign": "一次活动里的顾客",
    "cohort": "首购之后又来买的顾客",
    "moved": "换了分层的顾客",
    "room": "一个群里的顾客",
    "journey": "一条旅程上的顾客",
    "offer": "拿过一张券的顾客",
    "clash": "同一天会收到两条的顾客",
    "task": "请导购联系的顾客",
    "asked": "请导购联系或群发的顾客",
    "waiting": "等导购点发送的顾客",
    "bought": "下过单的顾客",
    "advised": "一位专属顾问照顾的顾客",
    "invite": "请进群的顾客",
}
SHEET = Sheet(
    "people",
    "顾客",
    (
        Column("ref", "编号", lambda one: one.customer.ref),
        Column("name", "顾客", lambda one: masks.name(one.name)),
        Column("tier", "分层", lambda one: _(one.tier.tier) if one.tier else ""),
        Column(
            "amount_fen", "累计消费（分）", lambda one: one.stats.amount_fen if one.stats else 0
        ),
        Column("guide", "导购", lambda one: one.guide),
        Column("store", "门店", lambda one: one.store),
    ),
    right="customer.export",
)


def _asked(request: web.Request) -> Behind:
    kind = request.query.get("of", "")
    if kind not in insights.BEHIND:
        raise Refusal("unknown_list", _("没有这份名单"), status=404)
    facts = {name: value[:80] for name, value in request.query.items()}
    now = spans.today(request)
    return Behind(of=kind, facts=facts, span=spans.between(request), now=now)


@routes.get("/admin/people", allow_head=False)
@allowed("customer.list")
async def people(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    asked = _asked(request)
    now, limits = desk.work.now(), desk.work.content.limits
    # Within the actor's own store, and never a record that was merged into another.
    clause = insights.behind(asked) & segments.clause(within(request, EVERYBODY), now)
    number = forms.page_of(request)
    async with desk.work.sessions.reading() as session:
        total = await roster.count(session, clause)
    if lists.asked(request):
        return await lists.answer(request, SHEET, _rows(request, clause), total=total)
    async with desk.work.sessions.reading() as session:
        return await shown(
            request,
            session,
            "console/people.html",
            "customers",
            title=_(TITLES[asked.of]),
            span=spans.words(asked.span) if "from" in request.query else "",
            listed=await roster.page(session, desk.work.vault, clause, limits, now, number=number),
            total=total,
            page=number,
            pages=max(-(-total // roster.PAGE), 1),
            at_page=_at_page(request),
            mask=masks.name,
            words=words,
            asking=lists.asking(request, SHEET),
        )


def _at_page(request: web.Request) -> Any:
    kept = [(name, value) for name, value in request.query.items() if name != "page"]
    return lambda number: "/admin/people?" + urlencode([*kept, ("page", number)])


def _rows(request: web.Request, clause: ColumnElement[bool]) -> lists.Batches:
    work = request.app[DESK].work

    async def fetch(number: int) -> list[roster.Listed]:
        async with work.sessions.reading() as session:
            return await roster.page(
                session,
                work.vault,
                clause,
                work.content.limits,
                work.now(),
                number=number,
                size=500,
            )

    return lists.numbered(fetch, 500)
