"""`/admin/campaigns`: drafted, rehearsed as a receipt, approved, handed over, halted."""

from __future__ import annotations

from collections import Counter
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.content.templates import Template
from bot.domain.aims import METRICS
from bot.domain.campaigns import STATES, Campaign
from bot.domain.permissions import may
from bot.domain.reasons import words
from bot.domain.refusals import Refusal
from bot.domain.segments import parse, read_back
from bot.events.aims import Aims
from bot.events.commands import (
    ApproveCampaign,
    Command,
    DraftCampaign,
    HandOverCampaign,
    PauseCampaign,
    ResumeCampaign,
    StopCampaign,
    SwitchSending,
)
from bot.inbound.commands import matrix
from bot.store import journeys, mailings, segments
from bot.tongue import _
from bot.web import lists
from bot.web.console import forms, rehearsal
from bot.web.console.forms import Form
from bot.web.console.frame import actor_words, shown
from bot.web.console.scopes import narrowed, own_store
from bot.web.desk import ACTOR, DESK, Desk
from bot.web.guards import actor_of, allowed
from bot.web.lists import Column, Sheet

routes = web.RouteTableDef()
CAMPAIGN_STATES = {
    "draft": "草稿",
    "approved": "已批准",
    "running": "进行中",
    "paused": "暂停",
    "finished": "结束",
    "stopped": "停止",
}
TASKS = {
    "owed": "正在建任务",
    "waiting": "等她点发送",
    "confirmed": "她点了发送",
    "settled": "结果都知道了",
    "cancelling": "正在收回",
    "cancelled": "收回了",
    "expired": "过期没发",
    "unknown": "结果不明",
    "refused": "平台拒绝",
}
REHEARSED = {"draft", "approved"}


@routes.get("/admin/campaigns", allow_head=False)
@allowed("campaign.read")
async def overview(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    own_store(request)
    state = request.query.get("state", "")
    page = request.query.get("page", "1")
    number = max(int(page), 1) if page.isdecimal() else 1
    async with desk.work.sessions.reading() as session:
        states: Counter[str] = await mailings.count(session)
        chosen = state if state in CAMPAIGN_STATES else ""
        total = states[chosen] if chosen else sum(states.values())
    if lists.asked(request):
        return await lists.answer(request, SHEET, _rows(desk, chosen), total=total)
    async with desk.work.sessions.reading() as session:
        return await shown(
            request,
            session,
            "console/campaigns.html",
            "campaigns",
            mailings=await mailings.page(session, number=number, state=chosen),
            counted=states,
            state=chosen,
            page=number,
            pages=max(-(-total // mailings.PAGE), 1),
            may=_rights(request),
            downloads=lists.downloads(request, SHEET),
            **_words(),
        )


def _rows(desk: Desk, state: str) -> lists.Batches:
    async def fetch(number: int) -> list[mailings.Mailing]:
        async with desk.work.sessions.reading() as session:
            return await mailings.page(session, number=number, state=state)

    return lists.numbered(fetch, mailings.PAGE)


SHEET = Sheet(
    "campaigns",
    "活动",
    (
        Column("id", "编号", lambda m: m.campaign.id),
        Column("name", "活动", lambda m: m.campaign.name),
        Column("state", "状态", lambda m: _(CAMPAIGN_STATES[m.campaign.state])),
        Column("starts_at", "开始", lambda m: m.campaign.starts_at),
        Column("people", "人数", lambda m: m.people),
        Column("handed_over", "交给导购", lambda m: m.states["handed_over"] + m.states["queued"]),
        Column("delivered", "已送达", lambda m: m.states["delivered"]),
        Column("opened", "点开", lambda m: m.opened),
        Column("holdout", "对照组", lambda m: m.states["holdout"]),
    ),
)


def _words() -> dict[str, Any]:
    return {
        "states": STATES,
        "campaign_states": CAMPAIGN_STATES,
        "tasks": TASKS,
        "words": words,
    }


def _rights(request: web.Request) -> dict[str, bool]:
    kind = request[ACTOR].kind
    rights = {
        "draft": "campaign.draft",
        "approve": "campaign.approve",
        "start": "campaign.start",
        "switch": "kill_switch",
    }
    return {name: may(matrix(), right, kind) for name, right in rights.items()}


@routes.get("/admin/campaigns/new", allow_head=False)
@allowed("campaign.draft")
async def new(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    content = desk.work.content
    async with desk.work.sessions.reading() as session:
        published = await journeys.all_published(session)
        plays = [(row, journeys.read(row)) for row in published]
        return await shown(
            request,
            session,
            "console/campaign_new.html",
            "campaigns",
            segments=[
                (one, read_back(parse(one.rule))) for one in await segments.all_published(session)
            ],
            chosen=request.query.get("segment", ""),
            playbooks=[(row.key, row.name, spec.why) for row, spec in plays if spec.campaign],
            templates=[
                one
                for one in content.templates.values()
                if one.purpose == "marketing" and "wecom" in one.channels and not _invites(one)
            ],
            offers=list(content.offers.values()),
            metrics=METRICS,
        )


def _invites(template: Template) -> bool:
    """It leads into a group chat: only the invites of group rules know which."""
    return "join_link" in template.body


@routes.post("/admin/campaigns")
@allowed("campaign.draft")
async def draft(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    key = forms.text(form, "segment")
    async with desk.work.sessions.reading() as session:
        segment = await segments.published(session, key) if key else None
    playbook = forms.text(form, "playbook") or None
    if segment is None and playbook is None:
        raise Refusal("no_segment", "先选发给哪个分群", status=422)
    answer = await desk.do(
        DraftCampaign(
            **_signed(request, form),
            name=forms.needed(form, "name", "先给活动起个名字", most=60),
            playbook=playbook,
            segment=narrowed(request, segment.rule) if segment else {},
            template=forms.text(form, "template"),
            text=forms.text(form, "text", most=2000),
            offer=forms.text(form, "offer") or None,
            starts_at=forms.moment(form, "starts_at", desk.work.settings.zone),
            holdout_percent=forms.number(form, "holdout", most=50) or 0,
            aims=Aims(
                metric=forms.text(form, "metric") or "revenue",
                hypothesis=forms.text(form, "hypothesis", most=200),
                canary_percent=forms.number(form, "canary", most=50) or 0,
            ),
        )
    )
    raise web.HTTPSeeOther(f"/admin/campaigns/{answer['campaign_id']}?said=draft")


@routes.get(r"/admin/campaigns/{id:\d+}", allow_head=False)
@allowed("campaign.read")
async def one(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    own_store(request)
    async with desk.work.sessions.reading() as session:
        campaign = await _campaign(request, session)
        rehearsed = campaign.state in REHEARSED and campaign.planned_at is None
        receipt = await rehearsal.rehearse(desk, session, campaign) if rehearsed else None
        template = desk.work.content.templates.get(campaign.template)
        return await shown(
            request,
            session,
            "console/campaign.html",
            "campaigns",
            campaign=campaign,
            said=read_back(parse(campaign.rule)),
            goal=campaign.goal or {},
            metrics=METRICS,
            offer=_offer(desk, campaign.offer_key),
            who=actor_words,
            title=template.title if template else "手写的话",
            receipt=receipt,
            mailing=(await mailings.with_counts(session, [campaign]))[0],
            guides=await mailings.by_guide(session, campaign.id),
            second=_second(request, campaign, receipt),
            may=_rights(request),
            **_words(),
        )


def _offer(desk: Desk, key: str | None) -> str:
    known = desk.work.content.offers.get(key or "")
    return known.name if known else key or ""


def _second(
    request: web.Request, campaign: Campaign, receipt: rehearsal.Rehearsal | None
) -> int | None:
    """The size above which somebody else has to approve, when that holds here."""
    above = request.app[DESK].work.content.limits.brand.second_person_above
    own = campaign.created_by == str(actor_of(request))
    return above if receipt is not None and receipt.audience > above and own else None


async def _campaign(request: web.Request, session: AsyncSession) -> Campaign:
    found = await session.get(Campaign, int(request.match_info["id"]))
    if found is None:
        raise Refusal("unknown_campaign", "没有这个活动", status=404)
    return found


ACTS: dict[str, tuple[type[Command], str]] = {
    "approve": (ApproveCampaign, "approved"),
    "hand-over": (HandOverCampaign, "handed"),
    "pause": (PauseCampaign, "paused"),
    "resume": (ResumeCampaign, "resumed"),
    "stop": (StopCampaign, "stopped"),
}


@routes.post(r"/admin/campaigns/{id:\d+}/{act:approve|hand-over|pause|resume|stop}")
@allowed("campaign.read")
async def act(request: web.Request) -> web.StreamResponse:
    """The dispatcher asks for the right of each act. The number on the button is what is handed over, or nothing is."""
    desk, form = request.app[DESK], await request.post()
    command, said = ACTS[request.match_info["act"]]
    number = int(request.match_info["id"])
    facts: dict[str, Any] = {"campaign_id": number}
    if command is HandOverCampaign:
        facts["expected"] = forms.number(form, "expected")
    await desk.do(command(**facts, **_signed(request, form)))
    raise web.HTTPSeeOther(f"/admin/campaigns/{number}?said={said}")


def _signed(request: web.Request, form: Form) -> dict[str, Any]:
    return {
        "actor": actor_of(request),
        "key": forms.needed(form, "key", "页面放太久了，请刷新后再试一次"),
        "at": request.app[DESK].work.now(),
    }


@routes.post("/admin/switch")
@allowed("kill_switch")
async def switch(request: web.Request) -> web.StreamResponse:
    """All sending, off and on."""
    desk, form = request.app[DESK], await request.post()
    on = forms.text(form, "on") == "1"
    reason = forms.needed(form, "reason", "写一句为什么，操作记录里要看得懂", most=120)
    await desk.do(SwitchSending(on=on, reason=reason, **_signed(request, form)))
    raise web.HTTPSeeOther(f"/admin/campaigns?said={'switched_on' if on else 'switched_off'}")
