"""`/api/v1/repeating-campaigns`: campaigns that come again by a calendar; playbooks, as `/journeys` are."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from bot.content.checking import REACHES
from bot.domain.journeys import Playbook
from bot.domain.playbooks import Key
from bot.domain.refusals import Refusal
from bot.domain.repeating import Calendar, Mailing
from bot.events.commands import PublishPlaybook
from bot.store import journey_entries, journeys, playbooks, segments
from bot.web.api import journeys as journeys_api
from bot.web.api.attachments import AttachmentIn
from bot.web.api.bodies import Fen, Query, Strict, Word
from bot.web.api.campaigns import Receipt, StopIn, receipt_told
from bot.web.api.endpoints import Ask, Done, Routes, Told
from bot.web.console import rehearsal
from bot.web.console.repeating import NEXT, days_to_come
from bot.web.console.repeating_words import calendar_words
from bot.work.renewing import renew

routes = Routes()
ONE = "/repeating-campaigns/{key}"


class Repeating(Told):
    key: str
    name: str
    why: str
    version: int
    state: str
    at: datetime
    by: str
    when: str
    """The calendar in words."""
    next: list[datetime]
    """When the next ones begin; none while it is paused."""
    holdout_percent: int
    campaign: Mailing


class RepeatingAll(Told):
    items: list[Repeating]


def _told(ask: Ask[Any], row: Playbook) -> Repeating:
    spec = journeys.read(row)
    mailing = spec.campaign
    if mailing is None:
        raise Refusal("unknown_playbook", "没有这个定期活动", status=404)
    days = days_to_come(ask.desk, mailing, most=NEXT) if row.state == "published" else []
    return Repeating(
        **{name: getattr(row, name) for name in ("key", "name", "version", "state", "at", "by")},
        why=spec.why,
        when=calendar_words(mailing.calendar),
        next=[one.starts for one in days],
        holdout_percent=spec.holdout_percent,
        campaign=mailing,
    )


@routes.asks(
    "GET", "/repeating-campaigns", "journey.read", "定期活动，停着的也在", gives=RepeatingAll
)
async def listed(ask: Ask[Query]) -> RepeatingAll:
    async with ask.reading() as session:
        rows = await playbooks.live(session)
    return RepeatingAll(items=[_told(ask, row) for row in rows if row.body.get("campaign")])


@routes.asks("GET", ONE, "journey.read", "一个定期活动和接下来的日子", gives=Repeating)
async def one(ask: Ask[Query]) -> Repeating:
    async with ask.reading() as session:
        return _told(ask, await _asked(ask, session))


async def _asked(ask: Ask[Any], session: Any) -> Playbook:
    row = await playbooks.newest(session, ask.named("key"))
    if row is None or row.state == "retired" or not row.body.get("campaign"):
        raise Refusal("unknown_playbook", "没有这个定期活动", status=404)
    return row


@routes.asks(
    "GET",
    f"{ONE}/rehearsal",
    "journey.read",
    "预演下一次：今天办会发给谁，谁不发，为什么",
    says=journeys_api.RehearsalAsked,
    gives=Receipt,
)
async def rehearse(ask: Ask[journeys_api.RehearsalAsked]) -> Receipt:
    _ = ask.store
    async with ask.reading() as session:
        spec = await journeys_api.spec_of(ask, session)
        days = days_to_come(ask.desk, spec.campaign, most=1) if spec.campaign else []
        if not days:
            raise Refusal("no_occasion", "一年里没有下一次，改一改日子", status=409)
        campaign = journey_entries.campaign_of(spec, days[0], ask.now)
        return receipt_told(await rehearsal.rehearse(ask.desk, session, campaign))


class RepeatingIn(Strict):
    """Whom it is for is a published segment as it is now, or a rule."""

    key: Key
    name: Annotated[Word, Field(min_length=2, max_length=40)]
    why: Annotated[str, Field(max_length=300)] = ""
    segment: Word | None = None
    rule: dict[str, Any] | None = None
    calendar: Annotated[Calendar, Field(strict=False)]
    template: Word
    offer: Word | None = None
    channels: Annotated[tuple[str, ...], Field(min_length=1, max_length=4, strict=False)] = REACHES
    lasts_days: Annotated[int, Field(ge=1, le=14)] = 2
    holdout_percent: Annotated[int, Field(ge=0, le=50)] = 0
    rivals: Annotated[list[Word], Field(max_length=5, default_factory=list)]
    """Templates that are tried against `template`; each customer gets one of them."""
    metric: Literal["revenue", "orders"] = "revenue"
    budget_fen: Fen | None = None
    """What the coupons of one occasion may cost at worst."""
    canary_percent: Annotated[int, Field(ge=0, le=50)] = 0
    holdout_by: Literal["customer", "guide"] = "customer"
    stop_when: StopIn | None = None
    attachments: Annotated[list[AttachmentIn], Field(max_length=9, default_factory=list)]
    goes_first: bool = False
    """Of two campaigns for one person on one day she gets this one."""


AIMS = {
    "attachments",
    "goes_first",
    "rivals",
    "metric",
    "budget_fen",
    "canary_percent",
    "holdout_by",
    "stop_when",
}


@routes.asks(
    "POST",
    "/repeating-campaigns",
    "journey.define",
    "发布一个定期活动的新版本：以后每一次都算批准了",
    says=RepeatingIn,
)
async def publish(ask: Ask[RepeatingIn]) -> Done:
    said = ask.said
    mailing = said.model_dump(
        mode="json", exclude_unset=True, include={"calendar", "template", "offer"} | AIMS
    )
    mailing |= {"channels": list(said.channels), "lasts_days": said.lasts_days}
    spec = {
        "tactic": [],
        "name": said.name,
        "why": said.why,
        "campaign": mailing | {"segment": await _rule(ask)},
        "holdout_percent": said.holdout_percent,
    }
    told = await ask.does(PublishPlaybook, playbook=said.key, spec=spec)
    await renew(ask.desk.work)
    return told


async def _rule(ask: Ask[RepeatingIn]) -> dict[str, Any]:
    said = ask.said
    if (said.segment is None) is (said.rule is None):
        raise Refusal("no_segment", "segment 和 rule 写一个，只写一个", status=422)
    if said.rule is not None:
        return said.rule
    async with ask.reading() as session:
        segment = await segments.published(session, said.segment or "")
    if segment is None:
        raise Refusal("no_segment", "没有这个已发布的分群", status=422)
    return segment.rule


for method, path, right, words, act in (
    ("POST", f"{ONE}/pause", "journey.define", "停住：不再开始新的一次", journeys_api.pause),
    ("POST", f"{ONE}/resume", "journey.define", "接着办；错过的不补", journeys_api.resume),
    (
        "DELETE",
        ONE,
        "journey.define",
        "回到文件里写的；文件里没有，就此结束",
        journeys_api.withdraw,
    ),
):
    routes.asks(method, path, right, words)(act)
