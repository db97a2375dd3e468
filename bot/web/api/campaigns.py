"""`/api/v1/campaigns`: drafted, rehearsed, approved, handed over, halted; and the switch of all sending."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from bot.domain.aims import METRICS, StopRule
from bot.domain.campaigns import Campaign
from bot.domain.refusals import Refusal
from bot.domain.segments import parse, read_back
from bot.events.aims import Aims
from bot.events.commands import (
    ApproveCampaign,
    DraftCampaign,
    HandOverCampaign,
    PauseCampaign,
    PutFirst,
    RehearseCampaign,
    ResumeCampaign,
    StopCampaign,
    SwitchSending,
)
from bot.store import listing, mailings, segments, switches
from bot.web.api.attachments import AttachmentIn
from bot.web.api.bodies import Fen, Listing, Nothing, Query, Strict, Text, Word
from bot.web.api.endpoints import NUMBER, Ask, Done, Page, Routes, Told
from bot.web.api.orders import zoned
from bot.web.console import rehearsal
from bot.web.console.scopes import is_of_another_store, narrowed

routes = Routes()
USUAL = StopRule()
ONE = f"/campaigns/{NUMBER % 'id'}"
State = Literal["draft", "approved", "running", "paused", "finished", "stopped"]


class CampaignsAsked(Listing):
    state: State | None = None


class CampaignTold(Told):
    id: int
    name: str
    state: str
    purpose: str
    playbook: str | None
    template: str
    offer: str | None
    starts_at: datetime
    ends_at: datetime
    holdout_percent: int
    created_by: str
    approved_by: str | None
    goes_first: bool
    """Of two campaigns for one person on one day she gets this one."""
    reason: str | None


class CampaignWhole(CampaignTold):
    rule: dict[str, Any]
    words: str
    """The rule as a sentence."""
    states: dict[str, int]
    """Customers by what became of their message."""
    reasons: dict[str, int]
    opened: int


def _facts(one: Campaign) -> dict[str, Any]:
    names = CampaignTold.model_fields.keys() - {"offer"}
    return {name: getattr(one, name) for name in names} | {"offer": one.offer_key}


@routes.asks(
    "GET", "/campaigns", "campaign.read", "活动", says=CampaignsAsked, gives=Page[CampaignTold]
)
async def listed(ask: Ask[CampaignsAsked]) -> Page[CampaignTold]:
    async with ask.reading() as session:
        rows = await listing.campaigns(session, ask.said.state, ask.mark(), ask.said.limit + 1)
    page = ask.page(rows, lambda one: int(one.id), lambda one: one)
    mine = [one for one in page.items if not is_of_another_store(ask.request, one.rule)]
    return Page(items=[CampaignTold(**_facts(one)) for one in mine], next=page.next)


async def _asked(ask: Ask[Any], session: Any) -> Campaign:
    found = await session.get(Campaign, ask.number())
    if found is None or is_of_another_store(ask.request, found.rule):
        raise Refusal("unknown_campaign", "没有这个活动", status=404)
    return found  # type: ignore[no-any-return]


@routes.asks("GET", ONE, "campaign.read", "一个活动和它的结果", gives=CampaignWhole)
async def one(ask: Ask[Query]) -> CampaignWhole:
    async with ask.reading() as session:
        campaign = await _asked(ask, session)
        (mailing,) = await mailings.with_counts(session, [campaign])
    return CampaignWhole(
        **_facts(campaign),
        rule=campaign.rule,
        words=read_back(parse(campaign.rule)),
        states=dict(mailing.states),
        reasons=dict(mailing.reasons),
        opened=mailing.opened,
    )


class SampleText(Told):
    ref: str
    name: str
    words: str
    flaw: str


class Receipt(Told):
    audience: int
    planned: int
    holdout: int
    by_channel: dict[str, int]
    by_guide: dict[str, int]
    excluded: dict[str, int]
    """By reason."""
    samples: list[SampleText]


@routes.asks(
    "GET", f"{ONE}/rehearsal", "campaign.read", "预演：会发给谁，谁不发，为什么", gives=Receipt
)
async def rehearse(ask: Ask[Query]) -> Receipt:
    async with ask.reading() as session:
        campaign = await _asked(ask, session)
        if campaign.state not in {"draft", "approved"}:
            raise Refusal("wrong_state", "交出去以后就不能预演了，看结果", status=409)
        return receipt_told(await rehearsal.rehearse(ask.desk, session, campaign))


def receipt_told(played: rehearsal.Played) -> Receipt:
    receipt = played.receipt
    return Receipt(
        audience=receipt.audience,
        planned=receipt.planned,
        holdout=receipt.holdout,
        by_channel=dict(receipt.by_channel),
        by_guide=dict(receipt.by_guide),
        excluded=dict(receipt.excluded),
        samples=[SampleText.model_validate(one) for one in played.samples],
    )


class StopIn(Strict):
    least: Annotated[int, Field(ge=1, le=10**6)] = USUAL.least
    """Reached before anything is judged."""
    opted_out_percent: Annotated[int, Field(ge=1, le=100)] = int(USUAL.opted_out_percent)
    complained_percent: Annotated[int, Field(ge=1, le=100)] = int(USUAL.complained_percent)


class CampaignIn(Strict):
    name: Annotated[Word, Field(max_length=60)]
    segment: Word | None = None
    """The key of a published segment; or `rule`, or the playbook's own."""
    rule: dict[str, Any] | None = None
    playbook: Word | None = None
    template: Word | None = None
    text: Text | None = None
    offer: Word | None = None
    starts_at: Annotated[
        datetime | None, Field(strict=False), AfterValidator(lambda at: at and zoned(at))
    ] = None
    holdout_percent: Annotated[int, Field(ge=0, le=50)] = 10
    canary_percent: Annotated[int, Field(ge=0, le=50)] = 0
    budget_fen: Fen | None = None
    metric: Annotated[str, Field(pattern=f"^({'|'.join(METRICS)})$")] = "revenue"
    hypothesis: Annotated[str, Field(max_length=200)] = ""
    rivals: Annotated[list[Word], Field(max_length=5, default_factory=list)]
    """Templates that are tried against `template`; each customer gets one of them."""
    holdout_by: Literal["customer", "guide"] = "customer"
    stop_when: StopIn | None = None
    """When it halts by itself; left out, as usual."""
    attachments: Annotated[list[AttachmentIn], Field(max_length=9, default_factory=list)]


@routes.asks("POST", "/campaigns", "campaign.draft", "建一个活动草稿", says=CampaignIn)
async def draft(ask: Ask[CampaignIn]) -> Done:
    return await ask.does(DraftCampaign, **_written(ask.said), segment=await _audience(ask))


@routes.asks("PUT", ONE, "campaign.draft", "重写草稿；预演和批准都不算了，重新来", says=CampaignIn)
async def rewrite(ask: Ask[CampaignIn]) -> Done:
    said, segment = _written(ask.said), await _audience(ask)
    return await _act(ask, DraftCampaign, **said, segment=segment)


def _written(said: CampaignIn) -> dict[str, Any]:
    return {
        "name": said.name,
        "playbook": said.playbook,
        "template": said.template or "",
        "text": said.text or "",
        "offer": said.offer,
        "starts_at": said.starts_at,
        "holdout_percent": said.holdout_percent,
        "attachments": tuple(one.model_dump() for one in said.attachments),
        "aims": Aims(
            metric=said.metric,
            hypothesis=said.hypothesis,
            canary_percent=said.canary_percent,
            budget_fen=said.budget_fen,
            rivals=tuple(said.rivals),
            holdout_by=said.holdout_by,
            stop_when=said.stop_when.model_dump() if said.stop_when else {},
        ),
    }


async def _audience(ask: Ask[CampaignIn]) -> dict[str, Any]:
    said = ask.said
    if said.segment is not None:
        async with ask.reading() as session:
            segment = await segments.published(session, said.segment)
        if segment is None or said.rule is not None:
            raise Refusal("no_segment", "segment 要是已发布的分群，和 rule 只写一个", status=422)
        return narrowed(ask.request, segment.rule)
    if said.rule is not None:
        return narrowed(ask.request, said.rule)
    if ask.store is not None or said.playbook is None:
        raise Refusal("no_segment", "先选发给哪个分群", status=422)
    return {}


class HandOverIn(Strict):
    expected: Annotated[int | None, Field(ge=0, le=10**9)] = None
    """What the rehearsal said; refused when it no longer holds."""


async def _act(ask: Ask[Any], command: Any, **facts: Any) -> Done:
    async with ask.reading() as session:
        campaign_id = (await _asked(ask, session)).id
    return await ask.does(command, campaign_id=campaign_id, **facts)


@routes.asks("POST", f"{ONE}/rehearse", "campaign.draft", "预演并留下回执：交出去之前要做一次")
async def keep_rehearsal(ask: Ask[Nothing]) -> Done:
    return await _act(ask, RehearseCampaign)


@routes.asks("POST", f"{ONE}/approve", "campaign.approve", "批准")
async def approve(ask: Ask[Nothing]) -> Done:
    return await _act(ask, ApproveCampaign)


@routes.asks("POST", f"{ONE}/hand-over", "campaign.start", "交给导购", says=HandOverIn)
async def hand_over(ask: Ask[HandOverIn]) -> Done:
    return await _act(ask, HandOverCampaign, expected=ask.said.expected)


@routes.asks("POST", f"{ONE}/pause", "campaign.start", "暂停")
async def pause(ask: Ask[Nothing]) -> Done:
    return await _act(ask, PauseCampaign)


@routes.asks("POST", f"{ONE}/resume", "campaign.start", "继续")
async def resume(ask: Ask[Nothing]) -> Done:
    return await _act(ask, ResumeCampaign)


class FirstIn(Strict):
    first: bool


@routes.asks("POST", f"{ONE}/first", "campaign.start", "同一天撞上同一个人时先发它", says=FirstIn)
async def put_first(ask: Ask[FirstIn]) -> Done:
    return await _act(ask, PutFirst, first=ask.said.first)


@routes.asks("POST", f"{ONE}/stop", "campaign.start", "停止，不能再恢复")
async def stop(ask: Ask[Nothing]) -> Done:
    return await _act(ask, StopCampaign)


class Sending(Told):
    sending: bool


@routes.asks("GET", "/sending", "campaign.read", "现在发不发", gives=Sending)
async def sending(ask: Ask[Query]) -> Sending:
    async with ask.reading() as session:
        return Sending(sending=await switches.sending(session))


class SwitchIn(Strict):
    on: bool
    reason: Word


@routes.asks("POST", "/sending", "kill_switch", "停掉或恢复全部发送", says=SwitchIn)
async def switch(ask: Ask[SwitchIn]) -> Done:
    return await ask.does(SwitchSending, on=ask.said.on, reason=ask.said.reason)
