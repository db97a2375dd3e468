"""Campaigns as people run them: rehearsed, handed over, paused, stopped."""

from __future__ import annotations

from typing import Any

from bot.calls import SendAppText
from bot.content import wording
from bot.domain.campaigns import Campaign
from bot.domain.quotas import Limits, read_limits
from bot.domain.refusals import Refusal
from bot.events.commands import (
    HandOverCampaign,
    PauseCampaign,
    PutFirst,
    RehearseCampaign,
    ResumeCampaign,
    StopCampaign,
    SwitchSending,
    TryCampaign,
)
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import access, calling_back, campaigns, moments, switches
from bot.store.campaigns import Receipt
from bot.tongue import _

router = Router()
NO_SEGMENT = "「无分层，不营销」：群发要先选人群，不能发给所有人。急事请发服务通知，由两个人批准"


REHEARSED = ("draft", "approved")
UNPLANNED = ("unfinished", "draft", "approved", "running", "paused")
PAUSABLE = ("approved", "running")
STOPPABLE = ("unfinished", "draft", "approved", "running", "paused")


@router.on(RehearseCampaign)
async def rehearse(command: RehearseCampaign, turn: Turn) -> Answer:
    campaign = await campaign_of(turn, command.campaign_id)
    if campaign.state not in REHEARSED or campaign.planned_at is not None:
        raise Refusal("wrong_state", "活动已经交出去了，不用再预演")
    receipt = await rehearse_now(turn, campaign)
    return Answer({"campaign_id": campaign.id} | receipt.as_json())


@router.on(TryCampaign)
async def try_campaign(command: TryCampaign, turn: Turn) -> Answer:
    """To the author's own WeCom, as a message of the app: no customer's quota is touched."""
    campaign = await campaign_of(turn, command.campaign_id)
    userid = await access.userid_of(turn.session, command.actor.id)
    if userid is None:
        raise Refusal(
            "no_userid",
            "你的账号没有绑定企业微信，发不到你手机上。请店主在「设置」里填上你的企业微信账号",
            status=422,
        )
    call = SendAppText(userids=(userid,), text=_("【只发给你的样子】%(text)s", text=command.text))
    await turn.owe(call, effect=f"try:{campaign.id}:{turn.key}", lane="express")
    return Answer({"campaign_id": campaign.id, "sent_to": userid})


@router.on(HandOverCampaign)
async def hand_over(command: HandOverCampaign, turn: Turn) -> Answer:
    campaign = await campaign_of(turn, command.campaign_id)
    if campaign.state == "approved" and not campaigns.is_fresh(campaign, turn.now):
        raise Refusal("stale_receipt", "预演是 24 小时以前的，请重新预演，看过再交给导购")
    receipt = await rehearse_now(turn, campaign)
    if command.expected is not None and command.expected != receipt.planned:
        raise Refusal(
            "audience_changed",
            _(
                "预演时是 %(expected)s 人，现在是 %(planned)s 人，请重新看一遍再交给导购",
                expected=command.expected,
                planned=receipt.planned,
            ),
        )
    starts_at = max(campaign.starts_at, turn.now)
    ends_at = starts_at + (campaign.ends_at - campaign.starts_at)
    await move(
        turn, campaign, ("approved",), state="running", starts_at=starts_at, ends_at=ends_at
    )
    return Answer({"campaign_id": campaign.id, "state": "running"} | receipt.as_json())


@router.on(PauseCampaign)
async def pause(command: PauseCampaign, turn: Turn) -> Answer:
    campaign = await campaign_of(turn, command.campaign_id)
    before = campaign.state
    await move(turn, campaign, (before,) if before in PAUSABLE else PAUSABLE, state="paused")
    halted = await _halted(turn, campaign, "paused")
    return Answer(halted.facts | {"before": before, "after": "paused"})


@router.on(ResumeCampaign)
async def resume(command: ResumeCampaign, turn: Turn) -> Answer:
    campaign = await campaign_of(turn, command.campaign_id)
    await move(turn, campaign, ("paused",), state="running")
    await campaigns.wake(turn.session, campaign.id, now=turn.now)
    return Answer({"campaign_id": campaign.id, "state": "running"})


@router.on(PutFirst)
async def put_first(command: PutFirst, turn: Turn) -> Answer:
    """Counts for whatever is planned from now on."""
    campaign = await campaign_of(turn, command.campaign_id)
    if campaign.planned_at is not None or campaign.state not in UNPLANNED:
        raise Refusal("wrong_state", "已经排好的活动改不了先后")
    before, campaign.goes_first = campaign.goes_first, command.first
    await turn.session.flush()
    told = {"campaign_id": campaign.id, "goes_first": command.first}
    return Answer(told | {"before": before, "after": command.first})


@router.on(StopCampaign)
async def stop(command: StopCampaign, turn: Turn) -> Answer:
    campaign = await campaign_of(turn, command.campaign_id)
    await move(turn, campaign, STOPPABLE, state="stopped")
    await campaigns.stop(turn.session, campaign.id, turn.now)
    return await _halted(turn, campaign, "stopped")


@router.on(SwitchSending)
async def switch_sending(command: SwitchSending, turn: Turn) -> Answer:
    """`on` false stops all sending in every process; true releases it."""
    await switches.turn(
        turn.session,
        switches.SENDING,
        on=command.on,
        reason=command.reason,
        by=str(command.actor),
        now=turn.now,
    )
    called_back = 0
    if command.on:
        await campaigns.wake(turn.session, None, now=turn.now)
    else:
        called_back = await calling_back.withdraw(turn.session, turn.vault, turn.now)
        called_back += await moments.call_all_back(turn.session, turn.vault, turn.now)
    return Answer({"sending": command.on, "called_back": called_back})


def limits_of(turn: Turn) -> Limits:
    return read_limits(turn.content.limits)


async def campaign_of(turn: Turn, campaign_id: int) -> Campaign:
    campaign = await turn.session.get(Campaign, campaign_id, populate_existing=True)
    if campaign is None:
        raise Refusal("unknown_campaign", "没有这个活动", status=404)
    return campaign


async def move(turn: Turn, campaign: Campaign, expected: tuple[str, ...], **values: Any) -> None:
    if not await campaigns.move(turn.session, campaign.id, expected=expected, **values):
        raise Refusal("wrong_state", "活动已不在这个状态，请刷新后再看")


async def rehearse_now(turn: Turn, campaign: Campaign) -> Receipt:
    receipt = await campaigns.dry_run(
        turn.session,
        turn.vault,
        campaign,
        limits=limits_of(turn),
        now=turn.now,
        saying=wording.saying(
            turn.content,
            campaign,
            written=campaigns.written(turn.vault, campaign),
            public_url=turn.settings.public_url,
        ),
    )
    campaign.receipt, campaign.rehearsed_at = receipt.as_kept(), turn.now
    return receipt


async def _halted(turn: Turn, campaign: Campaign, state: str) -> Answer:
    called_back = await calling_back.withdraw(turn.session, turn.vault, turn.now)
    return Answer({"campaign_id": campaign.id, "state": state, "called_back": called_back})
