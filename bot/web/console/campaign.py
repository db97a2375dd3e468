"""`/admin/campaigns/…`: one campaign: rehearsed as a receipt, approved, handed over, halted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.aims import METRICS
from bot.domain.campaigns import STATES, Campaign
from bot.domain.fairness import deal, deals_of, unfair
from bot.domain.reasons import words
from bot.domain.refusals import Refusal
from bot.domain.segments import asks_nothing, parse, read_back
from bot.events.commands import (
    ApproveCampaign,
    Command,
    HandOverCampaign,
    PauseCampaign,
    PutFirst,
    RehearseCampaign,
    ResumeCampaign,
    StopCampaign,
    TryCampaign,
)
from bot.store import access, mailings
from bot.store.campaigns import Receipt
from bot.tongue import _
from bot.web import progress
from bot.web.console import campaign_proof, forms, rehearsal, spans
from bot.web.console.campaigns import CAMPAIGN_STATES, TONES, rights
from bot.web.console.frame import actor_words, is_part, shown
from bot.web.console.scopes import is_of_another_store, own_store
from bot.web.desk import ACTOR, DESK, Desk
from bot.web.guards import actor_of, allowed
from bot.web.progress import Far

routes = web.RouteTableDef()
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


@routes.get("/admin/campaigns/{id:[1-9][0-9]{0,17}}", allow_head=False)
@allowed("campaign.read")
async def one(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    own_store(request)
    async with desk.work.sessions.reading() as session:
        campaign = await campaign_of(request, session)
        waiting = campaign.state in REHEARSED and campaign.planned_at is None
        told = await rehearsal.rehearsed(desk, session, campaign) if waiting else None
        return await shown(
            request,
            session,
            "console/campaign.html",
            "campaigns",
            campaign=campaign,
            waiting=waiting,
            said=read_back(parse(campaign.rule)),
            lacks=_lacks(campaign),
            planning=is_being_planned(campaign, desk.work.now()),
            goal=campaign.goal or {},
            metrics=METRICS,
            offer=offer_words(desk, campaign.offer_key),
            unfair=unfair_words(desk, campaign),
            who=actor_words,
            title=_title(desk, campaign),
            receipt=told,
            s=told.sample if told else None,
            mailing=(await mailings.with_counts(session, [campaign]))[0],
            guides=await mailings.by_guide(session, campaign.id),
            proof=await campaign_proof.told(session, desk, campaign),
            steps=await mailings.steps(session, campaign.id),
            second=_second(request, campaign, told),
            me=await access.userid_of(session, request[ACTOR].id),
            people=spans.people,
            rights=rights(request),
            campaign_states=CAMPAIGN_STATES,
            tones=TONES,
            states=STATES,
            tasks=TASKS,
            words=words,
        )


def _lacks(campaign: Campaign) -> list[str]:
    """What an unfinished draft still needs before it can be rehearsed."""
    if campaign.state != "unfinished":
        return []
    nobody = asks_nothing(parse(campaign.rule))
    speechless = not campaign.template and campaign.words is None
    return ["segment"] * nobody + ["words"] * speechless


def offer_words(desk: Desk, key: str | None) -> str:
    known = desk.work.content.offers.get(key or "")
    return known.name if known else key or ""


def unfair_words(desk: Desk, campaign: Campaign) -> list[str]:
    """Where what this campaign gives would make a better customer pay more for the same."""
    content = desk.work.content
    spec = content.offers.get(campaign.offer_key or "")
    if spec is None:
        return []
    deals = deals_of(content.playbooks.values(), content.offers)
    mine = deal(campaign.name, campaign.rule, spec)
    return [one.in_words() for one in unfair(content.levels, [*deals, mine])]


def _title(desk: Desk, campaign: Campaign) -> str:
    template = desk.work.content.templates.get(campaign.template)
    return template.title if template else _("手写的话")


def _second(
    request: web.Request, campaign: Campaign, told: rehearsal.Rehearsal | None
) -> int | None:
    """The size above which somebody else has to approve, when that holds here."""
    above = request.app[DESK].work.content.limits.brand.second_person_above
    own = campaign.created_by == str(actor_of(request))
    return above if told is not None and told.audience > above and own else None


def is_being_planned(campaign: Campaign, now: datetime) -> bool:
    return (
        campaign.state == "running" and campaign.planned_at is None and campaign.starts_at <= now
    )


@routes.get("/admin/campaigns/{id:[1-9][0-9]{0,17}}/events", allow_head=False)
@allowed("campaign.read")
async def events(request: web.Request) -> web.StreamResponse:
    """How many of its people are decided about."""
    desk = request.app[DESK]

    async def look() -> Far:
        async with desk.work.sessions.reading() as session:
            campaign = await campaign_of(request, session)
            (mailing,) = await mailings.with_counts(session, [campaign])
        busy = is_being_planned(campaign, desk.work.now())
        audience = (campaign.receipt or {}).get("audience", 0)
        return Far(campaign.state, mailing.people, max(audience, mailing.people), not busy)

    return await progress.tell(request, look)


async def campaign_of(request: web.Request, session: AsyncSession) -> Campaign:
    one = await session.get(Campaign, int(request.match_info["id"]))
    if one is None or is_of_another_store(request, one.rule):
        raise Refusal("unknown_campaign", _("没有这个活动"), status=404)
    return one


@routes.get("/admin/campaigns/{id:[1-9][0-9]{0,17}}/preview", allow_head=False)
@allowed("campaign.read")
async def preview(request: web.Request) -> web.StreamResponse:
    """The next face: only this part of the page changes. Whoever comes here by herself is led to the whole page."""
    desk = request.app[DESK]
    own_store(request)
    asked = request.query.get("n", "1")
    if not is_part(request):
        raise web.HTTPSeeOther(f"/admin/campaigns/{request.match_info['id']}")
    async with desk.work.sessions.reading() as session:
        campaign = await campaign_of(request, session)
        told = await rehearsal.rehearsed(desk, session, campaign)
        number = int(asked) if asked.isdecimal() else 1
        found = None
        if told is not None:
            found = await rehearsal.sample(desk, session, campaign, told.receipt, number)
        return await shown(
            request,
            session,
            "console/campaign_preview.html",
            "campaigns",
            campaign=campaign,
            receipt=told,
            s=found,
            me=await access.userid_of(session, request[ACTOR].id),
        )


ACTS: dict[str, tuple[type[Command], str]] = {
    "rehearse": (RehearseCampaign, "rehearsed"),
    "approve": (ApproveCampaign, "approved"),
    "hand-over": (HandOverCampaign, "handed"),
    "pause": (PauseCampaign, "paused"),
    "resume": (ResumeCampaign, "resumed"),
    "stop": (StopCampaign, "stopped"),
    "first": (PutFirst, "put_first"),
    "in-turn": (PutFirst, "put_in_turn"),
}


@routes.post(
    "/admin/campaigns/{id:[1-9][0-9]{0,17}}/{act:rehearse|approve|hand-over|pause|resume|stop|first|in-turn}"
)
@allowed("campaign.read")
async def act(request: web.Request) -> web.StreamResponse:
    """The dispatcher asks for the right of each act. The number on the button is what is handed over, or nothing is."""
    desk, form = request.app[DESK], await request.post()
    command, said = ACTS[request.match_info["act"]]
    async with desk.work.sessions.reading() as session:
        number = (await campaign_of(request, session)).id
    facts: dict[str, Any] = {"campaign_id": number}
    if command is HandOverCampaign:
        facts["expected"] = forms.number(form, "expected")
    if command is PutFirst:
        facts["first"] = said == "put_first"
    await desk.do(command(**facts, **forms.signed(request, form)))
    raise web.HTTPSeeOther(f"/admin/campaigns/{number}?said={said}")


@routes.post("/admin/campaigns/{id:[1-9][0-9]{0,17}}/try")
@allowed("campaign.draft")
async def try_out(request: web.Request) -> web.StreamResponse:
    """What this customer would read, to the author's own phone."""
    desk, form = request.app[DESK], await request.post()
    async with desk.work.sessions.reading() as session:
        campaign = await campaign_of(request, session)
        receipt = Receipt.read(campaign.receipt) if campaign.receipt else None
        if receipt is None:
            raise Refusal("no_receipt", _("先预演一次"), status=409)
        asked = forms.number(form, "n", least=1) or 1
        found = await rehearsal.sample(desk, session, campaign, receipt, asked)
    if found is None or not found.words:
        raise Refusal("missing_fact", _("这位的话拼不出来，换一位再试"), status=409)
    signed = forms.signed(request, form)
    await desk.do(TryCampaign(**signed, campaign_id=campaign.id, text=found.words))
    raise web.HTTPSeeOther(f"/admin/campaigns/{campaign.id}?said=tried")
