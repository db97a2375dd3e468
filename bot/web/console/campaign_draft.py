"""`/admin/campaigns/new`: a campaign as it is written: at once, later, and once more."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from multidict import MultiDictProxy
from sqlalchemy.ext.asyncio import AsyncSession

from bot.content.templates import Template
from bot.domain.aims import METRICS, UNITS
from bot.domain.campaigns import Campaign
from bot.domain.refusals import Refusal
from bot.domain.segments import Segment, asks_nothing, parse, read_back
from bot.events.commands import DraftCampaign, RehearseCampaign
from bot.store import campaigns, journeys, segments
from bot.tongue import _
from bot.web.console import campaign_aims, forms, hanging
from bot.web.console.campaign import campaign_of
from bot.web.console.forms import Form
from bot.web.console.frame import shown
from bot.web.console.scopes import narrowed
from bot.web.desk import DESK, Desk
from bot.web.guards import allowed

routes = web.RouteTableDef()
ID = "{id:[1-9][0-9]{0,17}}"
DRAFTS = ("unfinished", "draft")
SAME = "="
"""Chosen in place of a segment: whom the draft was for stays as it is."""
BLANK: dict[str, Any] = {
    "name": "",
    "playbook": "",
    "segment": "",
    "template": "",
    "text": "",
    "offer": "",
    "starts_at": "",
    "holdout": 10,
    **hanging.typed(()),
} | campaign_aims.BLANK


@routes.get("/admin/campaigns/new", allow_head=False)
@allowed("campaign.draft")
async def new(request: web.Request) -> web.StreamResponse:
    day = request.query.get("day", "")[:10]
    typed = {
        "segment": request.query.get("segment", ""),
        "starts_at": f"{day}T10:00" if day else "",
    }
    async with request.app[DESK].work.sessions.reading() as session:
        return await _page(request, session, BLANK | typed)


@routes.get(f"/admin/campaigns/{ID}/edit", allow_head=False)
@allowed("campaign.draft")
async def edit(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    async with desk.work.sessions.reading() as session:
        campaign = await campaign_of(request, session)
        if campaign.state not in DRAFTS or campaign.planned_at is not None:
            raise Refusal("wrong_state", "活动已经批准或交出去了，不能再改")
        live = await segments.all_published(session)
        typed = _typed(desk, campaign) | {"segment": _segment_of(request, campaign, live)}
        return await _page(request, session, typed, draft=campaign)


def _typed(desk: Desk, campaign: Campaign) -> dict[str, Any]:
    """The form as it would have been filled in."""
    zone = desk.work.settings.zone
    ahead = campaign.starts_at > desk.work.now()
    return {
        "name": campaign.name,
        "playbook": campaign.playbook or "",
        "template": campaign.template,
        "text": campaigns.written(desk.work.vault, campaign) or "",
        "offer": campaign.offer_key or "",
        "starts_at": f"{campaign.starts_at.astimezone(zone):%Y-%m-%dT%H:%M}" if ahead else "",
        "holdout": campaign.holdout_percent,
        **hanging.typed(campaign.attachments or ()),
    } | campaign_aims.typed(campaign)


def _segment_of(request: web.Request, campaign: Campaign, live: list[Segment]) -> str:
    """The segment that says the same now; a rule that has changed since is kept as it was."""
    if asks_nothing(parse(campaign.rule)):
        return ""
    same = (one.key for one in live if narrowed(request, one.rule) == campaign.rule)
    return next(same, SAME)


async def _page(
    request: web.Request,
    session: AsyncSession,
    typed: dict[str, Any],
    draft: Campaign | None = None,
) -> web.Response:
    content = request.app[DESK].work.content
    plays = [(row, journeys.read(row)) for row in await journeys.all_published(session)]
    live = await segments.all_published(session)
    return await shown(
        request,
        session,
        "console/campaign_new.html",
        "campaigns",
        typed=typed,
        draft=draft,
        same=SAME,
        said=read_back(parse(draft.rule)) if draft else "",
        segments=[(one, read_back(parse(one.rule))) for one in live],
        playbooks=[(row.key, row.name, spec.why) for row, spec in plays if spec.campaign],
        templates=[
            one
            for one in content.templates.values()
            if one.purpose == "marketing" and "wecom" in one.channels and not _invites(one)
        ],
        offers=list(content.offers.values()),
        metrics=METRICS,
        units=UNITS,
        **hanging.shelf(content),
        quiet=content.limits.quiet_hours,
    )


def _invites(template: Template) -> bool:
    """It leads into a group chat: only the invites of group rules know which."""
    return "join_link" in template.body


@routes.post("/admin/campaigns")
@allowed("campaign.draft")
async def draft(request: web.Request) -> web.StreamResponse:
    return await _keep(request, None)


@routes.post(f"/admin/campaigns/{ID}/edit")
@allowed("campaign.draft")
async def rewrite(request: web.Request) -> web.StreamResponse:
    async with request.app[DESK].work.sessions.reading() as session:
        return await _keep(request, await campaign_of(request, session))


async def _keep(request: web.Request, before: Campaign | None) -> web.StreamResponse:
    """Drafted and rehearsed at once: the next page is the receipt. Or kept for later, whatever is missing."""
    desk, form = request.app[DESK], await request.post()
    later, signed = forms.text(form, "then") == "later", forms.signed(request, form)
    rule = await _rule(request, form, before)
    playbook = forms.text(form, "playbook") or None
    if not rule and playbook is None and not later:
        raise Refusal("no_segment", _("先选发给哪个分群"), status=422)
    answer = await desk.do(
        DraftCampaign(
            **signed,
            **_written(desk, form, later=later),
            playbook=playbook,
            segment=rule,
            campaign_id=before.id if before else None,
        )
    )
    number = answer["campaign_id"]
    if later:
        raise web.HTTPSeeOther(f"/admin/campaigns/{number}?said=draft_kept")
    again = signed | {"key": f"{signed['key']}:rehearse"}
    await desk.do(RehearseCampaign(**again, campaign_id=number))
    raise web.HTTPSeeOther(f"/admin/campaigns/{number}?said=draft")


async def _rule(request: web.Request, form: Form, before: Campaign | None) -> dict[str, Any]:
    key = forms.text(form, "segment")
    if key == SAME and before is not None:
        return before.rule
    async with request.app[DESK].work.sessions.reading() as session:
        segment = await segments.published(session, key) if key else None
    return narrowed(request, segment.rule) if segment else {}


def _written(desk: Desk, form: MultiDictProxy[Any], *, later: bool) -> dict[str, Any]:
    unnamed = _("没起名字的活动") if later else ""
    name = forms.text(form, "name", most=60) or unnamed
    return {
        "name": name or forms.needed(form, "name", _("先给活动起个名字")),
        "template": forms.text(form, "template"),
        "text": forms.text(form, "text", most=2000),
        "offer": forms.text(form, "offer") or None,
        "starts_at": forms.moment(form, "starts_at", desk.work.settings.zone),
        "holdout_percent": forms.number(form, "holdout", most=50) or 0,
        "attachments": hanging.read(form),
        "aims": campaign_aims.read(form),
        "later": later,
    }
