"""`/admin/proposals`: acts that wait for a second person, decided with one tap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from bot.content import edits
from bot.domain.access import Proposal
from bot.domain.content_edits import ContentEdit
from bot.domain.permissions import may
from bot.events import load
from bot.events.commands import Command, DecidePoints, DecideProposal
from bot.inbound.commands import matrix
from bot.store import content_edits, points, proposals
from bot.tongue import _
from bot.web import lists
from bot.web.console import forms
from bot.web.console.audit import ACTIONS
from bot.web.console.frame import actor_words, shown
from bot.web.desk import DESK
from bot.web.guards import actor_of, allowed
from bot.web.lists import Column, Sheet

routes = web.RouteTableDef()
ENVELOPE = {"event", "actor", "key", "at"}
NAMES = {
    "sheet": "名单",
    "reason": "原因",
    "code": "券码",
    "keep_id": "留下哪一位",
    "merge_id": "并进去的一位",
    "customer_id": "顾客",
    "playbook": "旅程",
    "at_once": "不等一天",
    "give_up": "券一起作废",
    "offer": "哪张券",
}


@routes.get("/admin/proposals", allow_head=False)
@allowed("proposal.decide")
async def queue(request: web.Request) -> web.StreamResponse:
    desk, actor = request.app[DESK], actor_of(request)
    async with desk.work.sessions.reading() as session:
        rows = await proposals.waiting(session, desk.work.now())
        drafts = await content_edits.drafts(session, edits.PLAYBOOKS)
        if lists.asked(request):
            return await lists.answer(request, SHEET, lists.at_once(rows), total=len(rows))
        seen = {row.id: _shown_at(row, drafts) for row in rows}
        return await shown(
            request,
            session,
            "console/proposals.html",
            "proposals",
            rows=rows,
            corrections=await points.open_requests(session),
            asks_self=lambda by: by == str(actor),
            downloads=lists.downloads(request, SHEET),
            actions=ACTIONS,
            who=actor_words,
            detail=lambda row: _detail(row, spelt_out=not seen[row.id]),
            seen=seen,
            why_not=lambda row: _why_not(row, str(actor), actor.kind),
        )


def _detail(row: Proposal, *, spelt_out: bool) -> list[tuple[str, str]]:
    """What was asked for, by name; a filter as its own parts."""
    hidden = ENVELOPE if spelt_out else ENVELOPE | {"spec"}
    told = {name: v for name, v in row.body.items() if name not in hidden and v}
    asked = parse_qsl(str(told.pop("filter", "")))
    lines = [(NAMES.get(name, name), str(value)[:120]) for name, value in told.items()]
    return lines + [(name, value[:120]) for name, value in asked[:6]]


SHEET = Sheet(
    "proposals",
    "等第二个人",
    (
        Column("id", "编号", lambda row: row.id),
        Column("at", "时间", lambda row: row.asked_at),
        Column("by", "谁", lambda row: row.asked_by),
        Column("action", "做了什么", lambda row: _(ACTIONS.get(row.kind, row.kind))),
        Column(
            "detail",
            "细节",
            lambda row: "；".join(
                f"{_(name)} {value}" for name, value in _detail(row, spelt_out=False)
            ),
        ),
    ),
)


def _shown_at(row: Proposal, drafts: Mapping[str, ContentEdit]) -> str:
    """Where what was asked for can be looked at line by line, as long as the draft is still the same."""
    draft = drafts.get(str(row.body.get("playbook", "")))
    same = row.kind == "publish_playbook" and draft and draft.body == row.body.get("spec")
    part = "repeating" if draft and draft.body.get("campaign") else "journeys"
    return f"/admin/campaigns/{part}/{row.body['playbook']}/draft" if same else ""


def _why_not(row: Proposal, actor: str, role: str) -> str:
    """Why this person cannot decide; empty when she can."""
    if row.asked_by == actor:
        return "要由另一个人批准"
    asked: Any = load(row.body)
    known = isinstance(asked, Command) and may(matrix(), asked.permission, role)
    return "" if known else "你的角色不能同意这件事"


@routes.post("/admin/proposals/{id:[1-9][0-9]{0,17}}")
@allowed("proposal.decide")
async def decide(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    agreed = forms.text(form, "agreed") == "1"
    await desk.do(
        DecideProposal(
            actor=actor_of(request),
            key=forms.needed(form, "key", "页面放太久了，请刷新后再试一次"),
            at=desk.work.now(),
            proposal_id=int(request.match_info["id"]),
            agreed=agreed,
        )
    )
    raise web.HTTPSeeOther(f"/admin/proposals?said={'agreed' if agreed else 'not_agreed'}")


@routes.post("/admin/proposals/points/{id:[1-9][0-9]{0,17}}")
@allowed("points.adjust")
async def decide_points(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    said_yes = forms.text(form, "agreed") == "1"
    number = int(request.match_info["id"])
    signed = forms.signed(request, form)
    await desk.do(DecidePoints(request_id=number, agreed=said_yes, **signed))
    raise web.HTTPSeeOther(f"/admin/proposals?said={'agreed' if said_yes else 'not_agreed'}")
