"""A guide's own push to a tagged few, and word that a message never arrived."""

from __future__ import annotations

import re

from bot.content import wording
from bot.domain.customers import Guide
from bot.domain.quotas import read_limits
from bot.domain.refusals import Refusal
from bot.events import KfSendFailed
from bot.events.commands import PushToTagged
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import campaigns, pushes, touches

router = Router()
OF_TOUCH = re.compile(r"t([0-9]{1,18})-([0-9]{1,9})(?:-([0-9]))?")
"""A touch, which attempt at it, and of a card that followed its words how many were left."""
"""The name we give a message of 微信客服: its touch, and the how manyth attempt it is."""
SHE_REFUSES = 10
"""The `fail_type` of somebody who takes no messages from the account."""


@router.on(PushToTagged)
async def push_to_tagged(command: PushToTagged, turn: Turn) -> Answer:
    guide = await turn.session.get(Guide, command.guide_id)
    if guide is None or command.actor.id not in {str(guide.id), guide.userid}:
        raise Refusal("forbidden", "只能给自己的顾客发", status=403)
    if not command.tags:
        raise Refusal("no_segment", "先选标签", status=422)
    wording.check_by_hand(turn.content, command.text)
    text = wording.by_hand(
        turn.content, command.text, channel="wecom", public_url=turn.settings.public_url
    )
    campaign = await campaigns.draft(
        turn.session,
        now=turn.now,
        name=f"{guide.name} 的标签推送：{'、'.join(command.tags)}"[:80],
        occasion=f"push:{turn.key}",
        rule=pushes.rule_for(guide.userid, command.tags),
        words=turn.vault.seal(command.text, about=campaigns.ABOUT),
        channels=["wecom"],
        offer_key=command.offer,
        state="running",
        pushed_by=guide.id,
        ready=command.ready if command.ready in turn.content.templates else None,
        edited=command.edited,
        created_by=str(command.actor),
        ends_at=turn.now + pushes.LASTS,
    )
    if campaign is None:
        raise Refusal("already_drafted", "这次推送已经交出去了")
    done = await pushes.push(
        turn.session,
        turn.vault,
        campaign,
        text=text,
        limits=read_limits(turn.content.limits),
        now=turn.now,
    )
    if not done.reachable:
        raise Refusal("empty_audience", "这些标签下现在没有能发的人，换几个标签试试", status=422)
    return Answer({"campaign_id": campaign.id} | done.as_json())


@router.on(KfSendFailed)
async def kf_failed(event: KfSendFailed, turn: Turn) -> None:
    """errcode 0 was not delivery: the message named here never arrived, and may take another way."""
    named = OF_TOUCH.fullmatch(event.fail_msgid)
    if named is None:
        return
    touch_id, attempt, card = int(named[1]), int(named[2]), named[3]
    if card:
        await touches.settle(turn.session, [touch_id], expected=("delivered",), reason="card_lost")
        return
    if event.fail_type != SHE_REFUSES:
        await touches.reroute(
            turn.session,
            [touch_id],
            reason="window_closed",
            now=turn.now,
            expected="delivered",
            attempt=attempt,
        )
        return
    ended = {"state": "refused", "reason": "customer_refuses", "sent_at": None}
    await touches.settle(turn.session, [touch_id], expected=("delivered",), **ended)
