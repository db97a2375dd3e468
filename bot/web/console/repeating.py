"""`/admin/campaigns/repeating`: campaigns that come again by a calendar, the days to come, and those that were."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.content import edits
from bot.domain.journeys import Playbook, coming
from bot.domain.permissions import may
from bot.domain.playbooks import PlaybookSpec
from bot.domain.reasons import words
from bot.domain.refusals import Refusal
from bot.domain.repeating import Mailing
from bot.inbound.commands import matrix
from bot.store import content_edits, journey_entries, journeys, mailings, playbooks
from bot.tongue import _
from bot.web import lists
from bot.web.console import rehearsal
from bot.web.console.campaign import offer_words, unfair_words
from bot.web.console.campaigns import CAMPAIGN_STATES, TONES
from bot.web.console.frame import shown
from bot.web.console.journey_words import rule_words
from bot.web.console.repeating_words import calendar_words, offer_of, title_of
from bot.web.console.scopes import own_store
from bot.web.desk import ACTOR, DESK, Desk
from bot.web.guards import allowed
from bot.web.lists import Column, Sheet

routes = web.RouteTableDef()
ALL = "/admin/campaigns/repeating"
ONE = ALL + "/{key:[a-z0-9-]+}"
NEXT, PAST = 6, 8


@routes.get(ALL, allow_head=False)
@allowed("campaign.read")
async def overview(request: web.Request) -> web.StreamResponse:
    desk, kind = request.app[DESK], request[ACTOR].kind
    own_store(request)
    async with desk.work.sessions.reading() as session:
        plays = [(row, journeys.read(row)) for row in await playbooks.live(session)]
        drafts = await content_edits.drafts(session, edits.PLAYBOOKS)
        again = [(row, spec, spec.campaign) for row, spec in plays if spec.campaign]
        if lists.asked(request):
            told = [(row, mailing, _words(desk), desk) for row, _spec, mailing in again]
            return await lists.answer(request, SHEET, lists.at_once(told), total=len(told))
        known = {row.key for row, _spec in plays}
        return await shown(
            request,
            session,
            "console/repeating.html",
            "campaigns",
            view="repeating",
            repeating=again,
            downloads=lists.downloads(request, SHEET),
            drafts=drafts,
            unpublished=[
                (key, one)
                for key, one in drafts.items()
                if key not in known and "campaign" in one.body
            ],
            following=lambda mailing: days_to_come(desk, mailing, most=1),
            last=await mailings.last_occasions(session),
            may_draft=may(matrix(), "journey.draft", kind),
            **_words(desk),
        )


def _next(desk: Desk, mailing: Mailing) -> Any:
    days = days_to_come(desk, mailing, most=1)
    return days[0].starts if days else None


SHEET = Sheet(
    "repeating",
    "定期活动",
    (
        Column("key", "代号", lambda one: one[0].key),
        Column("name", "活动", lambda one: one[0].name),
        Column("paused", "停着", lambda one: one[0].state == "paused"),
        Column("when", "什么时候", lambda one: one[2]["calendar_words"](one[1].calendar)),
        Column("whom", "发给谁", lambda one: one[2]["whom"](one[1].segment)),
        Column("text", "话术", lambda one: one[2]["title_of"](one[1].template)),
        Column("next", "下一次", lambda one: _next(one[3], one[1])),
    ),
)


def _words(desk: Desk) -> dict[str, Any]:
    content = desk.work.content
    return {
        "calendar_words": calendar_words,
        "whom": lambda rule: rule_words(rule, content),
        "title_of": lambda name: title_of(name, content),
        "offer_of": lambda key: offer_of(key, content),
        "campaign_states": CAMPAIGN_STATES,
        "tones": TONES,
    }


def days_to_come(desk: Desk, mailing: Mailing, *, most: int = NEXT) -> list[Any]:
    work = desk.work
    return coming(mailing, work.now(), work.settings.zone, most=most)


@routes.get(ONE, allow_head=False)
@allowed("campaign.read")
async def one(request: web.Request) -> web.StreamResponse:
    desk, kind = request.app[DESK], request[ACTOR].kind
    own_store(request)
    async with desk.work.sessions.reading() as session:
        row, spec = await published(request, session)
        return await shown(
            request,
            session,
            "console/repeating_one.html",
            "campaigns",
            row=row,
            spec=spec,
            mailing=spec.campaign,
            following=days_to_come(desk, spec.campaign) if spec.campaign else [],
            past=await mailings.occasions(session, row.key, most=PAST),
            draft=(await content_edits.drafts(session, edits.PLAYBOOKS)).get(row.key),
            of_files=row.key in (desk.work.content.filed or desk.work.content).playbooks,
            may_draft=may(matrix(), "journey.draft", kind),
            may_switch=may(matrix(), "journey.define", kind),
            **_words(desk),
        )


async def published(request: web.Request, session: AsyncSession) -> tuple[Playbook, PlaybookSpec]:
    """Raises Refusal unknown_playbook for what is none, or a journey."""
    row = await playbooks.newest(session, request.match_info["key"])
    if row is None or row.state == "retired" or not row.body.get("campaign"):
        raise Refusal("unknown_playbook", _("没有这个定期活动"), status=404)
    return row, journeys.read(row)


@routes.get(f"{ONE}/rehearsal", allow_head=False)
@allowed("campaign.read")
async def rehearse(request: web.Request) -> web.StreamResponse:
    """The next occasion as it would be today; nothing is kept."""
    own_store(request)
    async with request.app[DESK].work.sessions.reading() as session:
        row, spec = await published(request, session)
        told = await dry_run(request.app[DESK], session, spec)
        return await shown(
            request, session, "console/repeating_rehearsal.html", "campaigns", row=row, **told
        )


async def dry_run(desk: Desk, session: AsyncSession, spec: PlaybookSpec) -> dict[str, Any]:
    """What a page needs to show it; `receipt` is None where no day is to come."""
    days = days_to_come(desk, spec.campaign, most=1) if spec.campaign else []
    if not days:
        return {"receipt": None, "day": None}
    campaign = journey_entries.campaign_of(spec, days[0], desk.work.now())
    receipt = await rehearsal.of_now(desk, session, campaign)
    return {
        "day": days[0],
        "words": words,
        "receipt": receipt,
        "s": receipt.sample,
        "offer": offer_words(desk, campaign.offer_key),
        "attachments": campaign.attachments or (),
        "unfair": unfair_words(desk, campaign),
        "samples": [
            found
            for number in (1, 2, 3)
            if (found := await rehearsal.sample(desk, session, campaign, receipt.receipt, number))
        ],
    }
