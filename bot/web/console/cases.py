"""`/admin/cases`: complaints by the time that is left, one of them open beside the list."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from bot.domain import masks
from bot.domain.cases.clocks import LEVELS, number
from bot.domain.cases.complaints import CATEGORIES
from bot.domain.permissions import may
from bot.domain.reasons import words
from bot.domain.refusals import Refusal
from bot.events.commands import AnswerCase, CloseCase, Command, EscalateCase
from bot.inbound.commands import matrix
from bot.store import case_queue
from bot.store.case_queue import Queued, Whole
from bot.store.explain import CHANNELS
from bot.store.story import STEPS
from bot.tongue import _
from bot.web import lists
from bot.web.console import forms, times
from bot.web.console.frame import actor_words, shown
from bot.web.console.scopes import own_store
from bot.web.desk import DESK
from bot.web.guards import actor_of, allowed
from bot.web.lists import Column, Sheet

routes = web.RouteTableDef()
STATES = {"open": "等首次回应", "answered": "在解决", "waiting": "等顾客回", "closed": "已关闭"}


@routes.get("/admin/cases", allow_head=False)
@allowed("case.act")
async def overview(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    now, vault = desk.work.now(), desk.work.vault
    store = own_store(request)
    asked = request.query.get("case", "")
    async with desk.work.sessions.reading() as session:
        queue = await case_queue.queue(session, vault, store=store)
    if lists.asked(request):
        return await lists.answer(request, SHEET, _batches(queue), total=len(queue))
    async with desk.work.sessions.reading() as session:
        chosen = int(asked[:18]) if asked.isdecimal() else queue[0].case.id if queue else None
        whole = await case_queue.whole(session, vault, chosen) if chosen else None
        return await shown(
            request,
            session,
            "console/cases.html",
            "cases",
            queue=queue,
            whole=_seen(whole, queue, store),
            may_close=may(matrix(), "case.close", actor_of(request).kind),
            left=lambda due: times.left(due, now),
            urgency=lambda due: times.urgency(due, now),
            ago=lambda at: times.ago(at, now),
            mask=masks.name,
            case_number=number,
            categories=CATEGORIES,
            levels=LEVELS,
            case_states=STATES,
            step_words=_step_words,
            who=actor_words,
            channels=CHANNELS,
            words=words,
            downloads=lists.downloads(request, SHEET),
            sorry=desk.work.content.offers.get("sorry"),
        )


async def _batches(queue: list[Queued]) -> AsyncIterator[list[Queued]]:
    yield queue


SHEET = Sheet(
    "cases",
    "客诉",
    (
        Column("number", "编号", lambda q: number(q.case)),
        Column("state", "到哪一步", lambda q: _(STATES.get(q.case.state, q.case.state))),
        Column(
            "category", "什么事", lambda q: _(CATEGORIES.get(q.case.category, q.case.category))
        ),
        Column("severity", "等级", lambda q: q.case.severity),
        Column("customer", "顾客", lambda q: masks.name(q.name)),
        Column("tier", "分层", lambda q: _(q.tier)),
        Column("guide", "谁在处理", lambda q: q.guide),
        Column("store", "门店", lambda q: q.store),
        Column("opened_at", "什么时候来的", lambda q: q.case.opened_at),
        Column("due", "到什么时候", lambda q: q.due),
    ),
)


def _seen(whole: Whole | None, queue: list[Queued], store: str | None) -> Whole | None:
    """A store's manager opens what stands in her own queue."""
    if whole is None or store is None:
        return whole
    mine = {queued.case.id for queued in queue}
    return whole if whole.queued.case.id in mine else None


def _step_words(kind: str) -> str:
    return STEPS.get(kind.partition("-")[0], kind)


async def _do(request: web.Request, command: type[Command], **facts: Any) -> int:
    desk, form = request.app[DESK], await request.post()
    case_id = int(request.match_info["id"])
    store = own_store(request)
    async with desk.work.sessions.reading() as session:
        queue = await case_queue.queue(session, desk.work.vault, store=store)
    if store is not None and case_id not in {queued.case.id for queued in queue}:
        raise Refusal("no_such_case", "没有这件客诉", status=404)
    await desk.do(
        command(
            actor=actor_of(request),
            key=forms.needed(form, "key", "页面放太久了，请刷新后再试一次"),
            at=desk.work.now(),
            **{"case_id": case_id} | facts,
        )
    )
    return case_id


@routes.post("/admin/cases/{id:[1-9][0-9]{0,17}}/answer")
@allowed("case.act")
async def answer(request: web.Request) -> web.StreamResponse:
    form = await request.post()
    said = forms.needed(form, "text", "先写下要对顾客说的话", most=1000)
    number_ = await _do(request, AnswerCase, text=said, waits=forms.text(form, "waits") == "1")
    raise web.HTTPSeeOther(f"/admin/cases?case={number_}&said=answered")


@routes.post("/admin/cases/{id:[1-9][0-9]{0,17}}/escalate")
@allowed("case.act")
async def escalate(request: web.Request) -> web.StreamResponse:
    why = forms.needed(await request.post(), "reason", "写一句为什么要升级", most=200)
    number_ = await _do(request, EscalateCase, reason=why)
    raise web.HTTPSeeOther(f"/admin/cases?case={number_}&said=escalated")


@routes.post("/admin/cases/{id:[1-9][0-9]{0,17}}/close")
@allowed("case.close")
async def close(request: web.Request) -> web.StreamResponse:
    form = await request.post()
    said = forms.needed(form, "resolution", "写下是怎么解决的", most=1000)
    offer = "sorry" if forms.text(form, "sorry") == "1" else None
    await _do(request, CloseCase, resolution=said, offer=offer)
    raise web.HTTPSeeOther("/admin/cases?said=closed")
