"""Who approves a campaign: one person, another one above a size, two for a notice to everybody."""

from __future__ import annotations

from bot.domain.campaigns import Campaign
from bot.domain.refusals import Refusal
from bot.domain.segments import asks_nothing, parse
from bot.events.commands import ApproveCampaign
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import campaigns
from bot.store.campaigns import Receipt
from bot.tongue import _
from handlers.campaigns import NO_SEGMENT, campaign_of, limits_of, move, rehearse_now

router = Router()


@router.on(ApproveCampaign)
async def approve(command: ApproveCampaign, turn: Turn) -> Answer:
    campaign, actor = await campaign_of(turn, command.campaign_id), str(command.actor)
    if not (campaign.goal or {}).get("metric"):
        raise Refusal("no_metric", "先写明这次活动看哪个指标，再来批准", status=422)
    receipt = await rehearse_now(turn, campaign)
    if await _spares_nobody(turn, campaign, receipt):
        return await _approve_for_all(turn, campaign, receipt, actor)
    above = limits_of(turn).brand.second_person_above
    if receipt.audience > above and campaign.created_by == actor:
        raise Refusal(
            "second_person",
            _(
                "人群有 %(audience)s 人，超过 %(above)s 人的活动要由另一个人批准",
                audience=receipt.audience,
                above=above,
            ),
        )
    return await _approved(turn, campaign, receipt, actor)


async def _spares_nobody(turn: Turn, campaign: Campaign, receipt: Receipt) -> bool:
    """A notice to all friends says so itself; marketing is judged by whom its rule really means."""
    notice = campaign.purpose != "marketing"
    if notice and (campaign.rule == campaigns.FRIENDS or asks_nothing(parse(campaign.rule))):
        return True
    if receipt.audience <= limits_of(turn).brand.segment_above:
        return False
    return await campaigns.spares_nobody(turn.session, campaign, turn.now)


async def _approve_for_all(turn: Turn, campaign: Campaign, receipt: Receipt, actor: str) -> Answer:
    if campaign.purpose == "marketing":
        raise Refusal("no_segment", NO_SEGMENT, status=422)
    first = campaign.approved_by
    if first is None:
        await move(turn, campaign, ("draft",), approved_by=actor)
        waits = {"campaign_id": campaign.id, "state": "draft", "approvals_lacking": 1}
        return Answer(waits | receipt.as_json())
    if first == actor:
        words = _("发给所有人的通知要两个人批准，请另一个人再看一遍")
        raise Refusal("second_approval", words)
    return await _approved(turn, campaign, receipt, f"{first}、{actor}")


async def _approved(turn: Turn, campaign: Campaign, receipt: Receipt, by: str) -> Answer:
    await move(turn, campaign, ("draft",), state="approved", approved_by=by)
    return Answer({"campaign_id": campaign.id, "state": "approved"} | receipt.as_json())
