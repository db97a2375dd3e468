"""Campaigns as they are written: whole, kept half-finished for later, or anew until somebody approves."""

from __future__ import annotations

from typing import Any

from bot.content import attaching, wording
from bot.domain.aims import METRICS, UNITS, StopRule
from bot.domain.campaigns import Campaign
from bot.domain.refusals import Refusal
from bot.domain.repeating import Mailing
from bot.domain.segments import BadRule, asks_nothing, read_back
from bot.domain.segments import parse as parse_rule
from bot.events.aims import Aims
from bot.events.commands import DraftCampaign
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import campaigns, journeys
from bot.tongue import _
from handlers.campaigns import NO_SEGMENT, campaign_of

router = Router()
DRAFTS = ("unfinished", "draft")


@router.on(DraftCampaign)
async def draft(command: DraftCampaign, turn: Turn) -> Answer:
    """A new one, or another draft written anew. What is kept for later may lack whom it is for and its words."""
    facts = await _of_playbook(command, turn) | _of_command(command, turn)
    if command.later:
        facts = {"rule": {"all": []}, "template": "", "words": None} | facts
    else:
        _demand_words_and_a_segment(facts)
    if facts.get("offer_key") and facts["offer_key"] not in turn.content.offers:
        raise Refusal(
            "unknown_offer", _("没有「%(name)s」这个权益", name=facts["offer_key"]), status=422
        )
    try:
        rule = parse_rule(facts["rule"])
        if not command.later and facts["purpose"] == "marketing" and asks_nothing(rule):
            raise Refusal("no_segment", NO_SEGMENT, status=422)
    except BadRule as mistake:
        raise Refusal("bad_rule", str(mistake), status=422) from None
    texts = facts.get("arms") or [facts.get("template", "")]
    hanging = facts.get("attachments") or ()
    attaching.check_ways(turn.content, texts, facts.get("channels", ()), hanging)
    facts["state"] = "unfinished" if command.later else "draft"
    made = await _kept(command, turn, facts)
    return Answer({"campaign_id": made.id, "state": made.state, "segment": read_back(rule)})


async def _kept(command: DraftCampaign, turn: Turn, facts: dict[str, Any]) -> Campaign:
    if command.campaign_id is None:
        made = await campaigns.draft(turn.session, now=turn.now, **facts)
        if made is None:
            raise Refusal("already_drafted", "这次活动已经建过了")
        return made
    before = await campaign_of(turn, command.campaign_id)
    if before.state not in DRAFTS or before.planned_at is not None:
        raise Refusal("wrong_state", "活动已经批准或交出去了，不能再改")
    return await campaigns.rewrite(turn.session, before, now=turn.now, **facts)


def _demand_words_and_a_segment(facts: dict[str, Any]) -> None:
    """A notice may go to everybody, once two people have approved it; marketing never does."""
    if not facts.get("rule") and facts["purpose"] != "marketing":
        facts["rule"] = campaigns.FRIENDS
    if not facts.get("rule"):
        raise Refusal("no_segment", NO_SEGMENT, status=422)
    if not facts.get("template") and not facts.get("words"):
        raise Refusal("missing_template", "先选话术，或写下要说的话", status=422)


def _of_command(command: DraftCampaign, turn: Turn) -> dict[str, Any]:
    """What the person said, over what the playbook says."""
    said: dict[str, Any] = {
        "rule": command.segment,
        "template": command.template,
        "offer_key": command.offer,
        "starts_at": command.starts_at,
        "attachments": attaching.checked(turn.content, command.attachments),
    }
    facts = {name: value for name, value in said.items() if value}
    name = command.template
    if name and name not in turn.content.templates:
        raise Refusal("missing_template", _("没有「%(name)s」这个话术", name=name), status=422)
    if command.text:
        if not command.later:
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
        "attachments": list(mailing.attachments) or None,
    }
