"""Campaigns as people run them: drafted, approved, handed over, paused, stopped."""

from __future__ import annotations

from typing import Any

from bot.calls import SendAppText
from bot.content import wording
from bot.domain.aims import METRICS, UNITS, StopRule
from bot.domain.campaigns import Campaign
from bot.domain.playbooks import Mailing
from bot.domain.quotas import Limits, read_limits
from bot.domain.refusals import Refusal
from bot.domain.segments import BadRule, asks_nothing, read_back
from bot.domain.segments import parse as parse_rule
from bot.events.aims import Aims
from bot.events.commands import (
    DraftCampaign,
    HandOverCampaign,
    PauseCampaign,
    RehearseCampaign,
    ResumeCampaign,
    StopCampaign,
    SwitchSending,
    TryCampaign,
)
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import access, calling_back, campaigns, journeys, switches
from bot.store.campaigns import Receipt
from bot.tongue import _

router = Router()
NO_SEGMENT = "「无分层，不营销」：群发要先选人群，不能发给所有人。急事请发服务通知，由两个人批准"


@router.on(DraftCampaign)
async def draft(command: DraftCampaign, turn: Turn) -> Answer:
    facts = await _of_playbook(command, turn) | _of_command(command, turn)
    _demand_a_segment(facts)
    if not facts.get("template") and not facts.get("words"):
        raise Refusal("missing_template", "先选话术，或写下要说的话", status=422)
    if facts.get("offer_key") and facts["offer_key"] not in turn.content.offers:
        raise Refusal(
            "unknown_offer", _("没有「%(name)s」这个权益", name=facts["offer_key"]), status=422
        )
    try:
        rule = parse_rule(facts["rule"])
        if facts["purpose"] == "marketing" and asks_nothing(rule):
            raise Refusal("no_segment", NO_SEGMENT, status=422)
        made = await campaigns.draft(turn.session, now=turn.now, **facts)
    except BadRule as mistake:
        raise Refusal("bad_rule", str(mistake), status=422) from None
    if made is None:
        raise Refusal("already_drafted", "这次活动已经建过了")
    return Answer({"campaign_id": made.id, "state": made.state, "segment": read_back(rule)})


def _demand_a_segment(facts: dict[str, Any]) -> None:
    """A notice may go to everybody, once two people have approved it; marketing never does."""
    if not facts.get("rule") and facts["purpose"] != "marketing":
        facts["rule"] = campaigns.FRIENDS
    if not facts.get("rule"):
        raise Refusal("no_segment", NO_SEGMENT, status=422)


def _of_command(command: DraftCampaign, turn: Turn) -> dict[str, Any]:
    """What the person said, over what the playbook says."""
    said: dict[str, Any] = {
        "rule": command.segment,
        "template": command.template,
        "offer_key": command.offer,
        "starts_at": command.starts_at,
    }
    facts = {name: value for name, value in said.items() if value}
    name = command.template
    if name and name not in turn.content.templates:
        raise Refusal("missing_template", _("没有「%(name)s」这个话术", name=name), status=422)
    if command.text:
        wording.check_by_hand(turn.content, command.text)
        facts["words"] = turn.vault.seal(command.text, about=campaigns.ABOUT)
        facts["template"] = ""
    return (
        facts
        | _aims(command.aims)
        | {
            "name": command.name,
            "playbook": command.playbook,
            "purpose": _purpose(command, turn),
            "holdout_percent": command.holdout_percent,
            "created_by": str(command.actor),
            "seed": turn.key,
            "arms": _arms(command, turn),
        }
    )


def _aims(aims: Aims) -> dict[str, Any]:
    """What it is for, and when it stops by itself."""
    if aims.metric and aims.metric not in METRICS:
        raise Refusal(
            "bad_metric", _("不会比较「%(metric)s」这个指标", metric=aims.metric), status=422
        )
    if aims.holdout_by not in UNITS:
        what = _("对照组不能按「%(unit)s」来抽", unit=aims.holdout_by)
        raise Refusal("bad_unit", what, status=422)
    try:
        StopRule.read(aims.stop_when)
    except (TypeError, ValueError):
        raise Refusal("bad_stop_rule", "停下的条件看不懂：写人数和百分比", status=422) from None
    return {
        "goal": {"metric": aims.metric, "hypothesis": aims.hypothesis},
        "stop_when": aims.stop_when or None,
        "budget_fen": aims.budget_fen,
        "canary_percent": aims.canary_percent,
        "holdout_by": aims.holdout_by,
    }


def _arms(command: DraftCampaign, turn: Turn) -> list[str] | None:
    """The template and those that are tried against it, everybody drawn to one of them."""
    if not command.aims.rivals:
        return None
    arms = [command.template, *command.aims.rivals]
    same = len(set(arms)) < len(arms) or command.aims.holdout_by != "customer"
    if same or command.text or not command.template:
        raise Refusal("bad_arms", "要比的是几个不同的话术模板，对照组按顾客抽", status=422)
    for name in arms:
        if name not in turn.content.templates:
            raise Refusal("missing_template", _("没有「%(name)s」这个话术", name=name), status=422)
    return arms


def _purpose(command: DraftCampaign, turn: Turn) -> str:
    """A marketing template makes the campaign marketing, whatever it is called."""
    known = turn.content.templates.get(command.template)
    return "marketing" if known and known.purpose == "marketing" else command.purpose


async def _of_playbook(command: DraftCampaign, turn: Turn) -> dict[str, Any]:
    if command.playbook is None:
        return {}
    spec = await journeys.published(turn.session, command.playbook)
    mailing = spec.campaign if spec else None
    if not isinstance(mailing, Mailing):
        raise Refusal(
            "unknown_playbook",
            _("没有「%(name)s」这个活动打法", name=command.playbook),
            status=422,
        )
    return {
        "rule": mailing.segment,
        "template": mailing.template,
        "offer_key": mailing.offer,
        "channels": list(mailing.channels),
    }


REHEARSED = ("draft", "approved")


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
    await move(turn, campaign, ("approved", "running"), state="paused")
    return await _halted(turn, campaign, "paused")


@router.on(ResumeCampaign)
async def resume(command: ResumeCampaign, turn: Turn) -> Answer:
    campaign = await campaign_of(turn, command.campaign_id)
    await move(turn, campaign, ("paused",), state="running")
    await campaigns.wake(turn.session, campaign.id, now=turn.now)
    return Answer({"campaign_id": campaign.id, "state": "running"})


@router.on(StopCampaign)
async def stop(command: StopCampaign, turn: Turn) -> Answer:
    campaign = await campaign_of(turn, command.campaign_id)
    await move(turn, campaign, ("draft", "approved", "running", "paused"), state="stopped")
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
