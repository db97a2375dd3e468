"""`/admin/customers/merges`: records that may be one person, for somebody to decide; and merges to take back."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.domain import masks
from bot.events.commands import Command, KeepApart, MergeCustomers, UnmergeCustomer
from bot.store import merge_queue
from bot.store.customers.questions import agreed
from bot.tongue import _, listed
from bot.web import lists
from bot.web.console import forms
from bot.web.console.frame import actor_words, shown
from bot.web.console.person import KINDS, short
from bot.web.desk import DESK, Desk
from bot.web.guards import actor_of, allowed
from bot.web.lists import Column, Sheet

routes = web.RouteTableDef()
FACTS = {**KINDS, "name": "姓名"}
BATCH = 500
STATES = {
    "proposed": "等人决定",
    "answered": "已经合并",
    "merged": "已经合并",
    "refused": "不是同一位",
    "undone": "撤销了",
}


@routes.get("/admin/customers/merges", allow_head=False)
@allowed("customer.merge")
async def queue(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    if lists.asked(request):
        return await lists.answer(request, SHEET, _records(desk))
    async with desk.work.sessions.reading() as session:
        return await shown(
            request,
            session,
            "console/merges.html",
            "customers",
            pairs=await merge_queue.waiting(session, desk.work.vault),
            done=await merge_queue.done(session, desk.work.vault),
            agreed=_agreed,
            reason=_reason,
            kinds=KINDS,
            mask=masks.name,
            mask_phone=masks.phone,
            short=short,
            who=actor_words,
            downloads=lists.downloads(request, SHEET),
        )


async def _records(desk: Desk) -> lists.Batches:
    below: int | None = None
    while True:
        async with desk.work.sessions.reading() as session:
            found = await merge_queue.records(session, below, limit=BATCH)
        if not found:
            return
        yield found
        below = found[-1][0].id


def _agreed(facts: frozenset[str]) -> str:
    return listed(_(FACTS.get(each, each)) for each in sorted(facts)) or _("有人提出")


def _reason(written: str) -> str:
    """Our own reason spelt out, a person's as she wrote it."""
    facts = agreed(written)
    return _("%(agreed)s相同", agreed=_agreed(facts)) if facts else written


SHEET = Sheet(
    "merges",
    "像是同一位顾客",
    (
        Column("id", "编号", lambda row: row[0].id),
        Column("at", "时间", lambda row: row[0].at),
        Column("state", "状态", lambda row: _(STATES.get(row[0].state, row[0].state))),
        Column("kept", "这一位", lambda row: row[1]),
        Column("merged", "那一位", lambda row: row[2]),
        Column("why", "为什么", lambda row: _reason(row[0].reason)),
        Column("by", "由谁", lambda row: row[0].by),
    ),
)


async def _do(request: web.Request, command: type[Command], said: str, **facts: Any) -> None:
    form = await request.post()
    await request.app[DESK].do(
        command(
            actor=actor_of(request),
            key=forms.needed(form, "key", _("页面放太久了，请刷新后再试一次")),
            at=request.app[DESK].work.now(),
            **facts,
        )
    )
    raise web.HTTPSeeOther(f"/admin/customers/merges?said={said}")


@routes.post("/admin/customers/merges/join")
@allowed("customer.merge")
async def join(request: web.Request) -> web.StreamResponse:
    form = await request.post()
    pair = [forms.number(form, name) or 0 for name in ("keep", "merge")]
    facts = {"keep_id": pair[0], "merge_id": pair[1], "reason": "看过两边的资料，是同一位"}
    await _do(request, MergeCustomers, "merged", **facts)
    raise web.HTTPNotFound


@routes.post("/admin/customers/merges/{id:[1-9][0-9]{0,17}}/apart")
@allowed("customer.merge")
async def apart(request: web.Request) -> web.StreamResponse:
    question = int(request.match_info["id"])
    await _do(
        request, KeepApart, "apart", question_id=question, reason="看过两边的资料，不是同一位"
    )
    raise web.HTTPNotFound


@routes.post("/admin/customers/merges/{id:[1-9][0-9]{0,17}}/undo")
@allowed("customer.merge")
async def undo(request: web.Request) -> web.StreamResponse:
    merged = int(request.match_info["id"])
    await _do(request, UnmergeCustomer, "unmerged", customer_id=merged, reason="撤销合并")
    raise web.HTTPNotFound
