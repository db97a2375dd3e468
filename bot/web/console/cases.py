"""`/admin/cases`: complaints by the time that is left, one of them open beside the list."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.content import wording
from bot.domain import masks
from bot.domain.cases.clocks import LEVELS, number
from bot.domain.cases.complaints import CATEGORIES
from bot.domain.offers import in_words, worst_fen
from bot.domain.permissions import may
from bot.domain.reasons import words
from bot.domain.refusals import Refusal
from bot.events.commands import (
    AnswerCase,
    AssignCase,
    CloseCase,
    Command,
    EscalateCase,
    NoteCase,
    OwnCause,
)
from bot.inbound.commands import matrix
from bot.store import case_queue, facts, offers, shops
from bot.store.case_queue import Queued, Whole
from bot.store.cases import causes
from bot.store.explain import CHANNELS
from bot.store.story import STEPS
from bot.tongue import _
from bot.web import lists
from bot.web.console import forms, times
from bot.web.console.frame import actor_words, shown
from bot.web.console.scopes import own_store
from bot.web.desk import DESK, Desk
from bot.web.guards import actor_of, allowed
from bot.web.lists import Column, Sheet

routes = web.RouteTableDef()
STATES = {"open": "等首次回应", "answered": "在解决", "waiting": "等顾客回", "closed": "已关闭"}
VIEWS = {"open": "待处理", "waiting": "等顾客", "closed": "已解决"}
FILED = {"h5": "她在「我的反馈」里写的", "guide": "导购替她记的"}
MOST_CAUSES = 6
SUGGESTED = "guide/case"
"""The template of the reply that is suggested."""


@routes.get("/admin/cases", allow_head=False)
@allowed("case.act")
async def overview(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    now, vault = desk.work.now(), desk.work.vault
    store, asked = own_store(request), request.query.get("case", "")
    view = request.query.get("view", "open")
    view = view if view in VIEWS else "open"
    async with desk.work.sessions.reading() as session:
        queue = await _queue(session, desk, view, store)
    if lists.asked(request):
        return await lists.answer(request, SHEET, lists.at_once(queue), total=len(queue))
    async with desk.work.sessions.reading() as session:
        chosen = int(asked[:18]) if asked.isdecimal() else queue[0].case.id if queue else None
        whole = await case_queue.whole(session, vault, chosen) if chosen else None
        whole = await _seen(session, desk, whole, store)
        kind = actor_of(request).kind
        return await shown(
            request,
            session,
            "console/cases.html",
            "cases",
            queue=queue,
            view=view,
            views=VIEWS,
            counted=await case_queue.counts(session, store=store),
            week=await case_queue.week(session, now),
            whole=whole,
            suggested=await suggestion(desk, session, whole) if whole else "",
            clocks=_clocks(whole, now) if whole else [],
            guides=await shops.serving(session, store),
            may_close=may(matrix(), "case.close", kind),
            may_assign=may(matrix(), "case.assign", kind),
            left=lambda due: times.left(due, now),
            urgency=lambda due: times.urgency(due, now),
            mask=masks.name,
            case_number=number,
            categories=CATEGORIES,
            levels=LEVELS,
            case_states=STATES,
            step_words=_step_words,
            who=actor_words,
            channels=CHANNELS | FILED,
            words=words,
            causes=(await causes.causes(session, now))[:MOST_CAUSES],
            may_own=may(matrix(), "case.cause", kind),
            sorry=await _apologies(session, desk, kind),
            downloads=lists.downloads(request, SHEET),
        )


async def _apologies(session: AsyncSession, desk: Desk, role: str) -> list[tuple[str, str]]:
    """What this role may give beside an apology, the cheapest first."""
    most = desk.work.content.limits.by_hand.sorry_fen.get(role, 0)
    found = [(worst_fen(one), one) for one in await offers.to_give(session, desk.work.now())]
    fits = [(fen, one) for fen, one in found if 0 < fen <= most]
    fits.sort(key=lambda each: (each[0], each[1].name))
    return [(one.key, f"{one.name}（{in_words(one)}）") for _fen, one in fits]


async def _queue(session: AsyncSession, desk: Desk, view: str, store: str | None) -> list[Queued]:
    vault = desk.work.vault
    if view == "closed":
        return await case_queue.closed(session, vault, store=store)
    waits = view == "waiting"
    found = await case_queue.queue(session, vault, store=store)
    return [one for one in found if (one.case.state == "waiting") == waits]


@routes.post("/admin/cases/causes")
@allowed("case.cause")
async def own_cause(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    await desk.do(
        OwnCause(
            **forms.signed(request, form),
            category=forms.text(form, "category", most=20),
            product=forms.text(form, "product", most=80),
            owner=forms.needed(form, "owner", _("写下谁来管"), most=20),
            what=forms.text(form, "what", most=80),
            fixed=forms.text(form, "fixed") == "1",
        )
    )
    raise web.HTTPSeeOther("/admin/cases?said=cause#causes")


async def _seen(
    session: AsyncSession, desk: Desk, whole: Whole | None, store: str | None
) -> Whole | None:
    """A store's manager opens what stands in her own queue."""
    if whole is None or store is None:
        return whole
    mine = await case_queue.queue(session, desk.work.vault, store=store)
    mine += await case_queue.closed(session, desk.work.vault, store=store)
    return whole if whole.queued.case.id in {queued.case.id for queued in mine} else None


async def suggestion(desk: Desk, session: AsyncSession, whole: Whole) -> str:
    """A first reply, in the words of the brand; empty where they cannot be made."""
    work, customer = desk.work, whole.queued.case.customer_id
    known = await facts.gather(session, work.vault, work.content, [customer], work.now())
    try:
        told = dict(known.get(customer, {}))
        told.pop("称呼", None)  # her name is masked on every page; the text greets without it
        return wording.words_for(work.content, SUGGESTED, told, channel="guide")[0]
    except (Refusal, KeyError):
        return ""


def _clocks(whole: Whole, now: datetime) -> list[tuple[str, str, str]]:
    """The three timers: what for, how it stands, and how pressing that is."""
    case = whole.queued.case
    answered = case.answered_at or case.closed_at
    plan = case.answer_due + (case.resolve_due - case.answer_due) / 2
    return [
        _clock(_("首次回应"), case.answer_due, answered, now, waits=False),
        _clock(_("给出方案"), plan, case.closed_at, now, waits=case.state == "waiting"),
        _clock(_("解决"), case.resolve_due, case.closed_at, now, waits=case.state == "waiting"),
    ]


def _clock(
    words_: str, due: datetime, done: datetime | None, now: datetime, *, waits: bool
) -> tuple[str, str, str]:
    if done is not None:
        early = done <= due
        late = times.span_words(done - due if not early else timedelta())
        return words_, _("按时做了") if early else _("晚了 %(span)s", span=late), "done"
    if waits:
        return words_, _("等顾客回，停着"), ""
    return words_, times.left(due, now), times.urgency(due, now)


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


def _step_words(kind: str) -> str:
    return _(STEPS.get(kind.partition("-")[0], kind))


async def _do(request: web.Request, command: type[Command], **given: Any) -> int:
    desk, form = request.app[DESK], await request.post()
    case_id = int(request.match_info["id"])
    store = own_store(request)
    async with desk.work.sessions.reading() as session:
        queue = await case_queue.queue(session, desk.work.vault, store=store)
    if store is not None and case_id not in {queued.case.id for queued in queue}:
        raise Refusal("no_such_case", "没有这件客诉", status=404)
    await desk.do(command(**forms.signed(request, form), **{"case_id": case_id} | given))
    return case_id


@routes.post("/admin/cases/{id:[1-9][0-9]{0,17}}/answer")
@allowed("case.act")
async def answer(request: web.Request) -> web.StreamResponse:
    form = await request.post()
    said = forms.needed(form, "text", _("先写下要对顾客说的话"), most=1000)
    number_ = await _do(request, AnswerCase, text=said, waits=forms.text(form, "waits") == "1")
    raise web.HTTPSeeOther(f"/admin/cases?case={number_}&said=answered")


@routes.post("/admin/cases/{id:[1-9][0-9]{0,17}}/note")
@allowed("case.act")
async def note(request: web.Request) -> web.StreamResponse:
    said = forms.needed(await request.post(), "text", _("先写下要记的话"), most=1000)
    number_ = await _do(request, NoteCase, text=said)
    raise web.HTTPSeeOther(f"/admin/cases?case={number_}&said=noted")


@routes.post("/admin/cases/{id:[1-9][0-9]{0,17}}/assign")
@allowed("case.assign")
async def assign(request: web.Request) -> web.StreamResponse:
    guide = forms.number(await request.post(), "guide")
    if guide is None:
        raise Refusal("no_such_guide", _("先选转给谁"), status=422)
    number_ = await _do(request, AssignCase, guide_id=guide)
    raise web.HTTPSeeOther(f"/admin/cases?case={number_}&said=assigned")


@routes.post("/admin/cases/{id:[1-9][0-9]{0,17}}/escalate")
@allowed("case.act")
async def escalate(request: web.Request) -> web.StreamResponse:
    why = forms.needed(await request.post(), "reason", _("写一句为什么要升级"), most=200)
    number_ = await _do(request, EscalateCase, reason=why)
    raise web.HTTPSeeOther(f"/admin/cases?case={number_}&said=escalated")


@routes.post("/admin/cases/{id:[1-9][0-9]{0,17}}/close")
@allowed("case.close")
async def close(request: web.Request) -> web.StreamResponse:
    form = await request.post()
    said = forms.needed(form, "resolution", _("写下是怎么解决的"), most=1000)
    offer = forms.text(form, "sorry", most=64) or None
    await _do(request, CloseCase, resolution=said, offer=offer)
    raise web.HTTPSeeOther("/admin/cases?said=closed")
