"""An audience, drawn chunk by chunk: who is written to, who is kept out on purpose, and why others are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import segments as rules
from bot.domain.attachments import needs
from bot.domain.campaigns import Campaign, Touch
from bot.domain.customers import Customer
from bot.store import bulk, facts, gate, notices, segments, stocks
from bot.store.drawings import Drawing, Lot
from bot.store.gate import Question, Standing, Verdict
from bot.store.vault import Vault

CHUNK = 2_000
"""Customers per step: one short transaction each, so that callbacks never wait for a campaign."""
AHEAD = 25 * CHUNK
"""So many are found at once: a rule may look at everybody before it names the next few."""


async def draw(session: AsyncSession, vault: Vault, drawing: Drawing) -> list[Lot]:
    """Decide for the next chunk; nothing is written."""
    ids = await _next(session, drawing)
    if not ids:
        return []
    standings = await gate.gather(
        session,
        vault,
        ids,
        at=drawing.at,
        limits=drawing.limits,
        planning=drawing.campaign.id or 0,
    )
    await _leave_to_others(session, drawing, standings)
    question = await _question(session, drawing, ids)
    if question.notices:
        await notices.reach(session, standings)
    asked = [(standings[i], gate.ask(question, standings[i])) for i in ids if i in standings]
    told = await _told(session, vault, drawing, asked)
    return [
        _lot(drawing, standing, _spoken(drawing, standing, verdict, told))
        for standing, verdict in asked
    ]


async def _leave_to_others(
    session: AsyncSession, drawing: Drawing, standings: Mapping[int, Standing]
) -> None:
    """Whom another campaign of this day means that goes first is, for this one, written to already."""
    if drawing.firsts is None:
        drawing.firsts = await _firsts(session, drawing)
    if not drawing.firsts or not standings:
        return
    meant = or_(*(segments.clause(rules.parse(one), drawing.now) for one in drawing.firsts))
    hers = select(Customer.id).where(Customer.id.in_(list(standings)), meant)
    for who in await session.scalars(hers):
        used = standings[who].used
        standings[who].used = used._replace(same_day=used.same_day + 1)


async def _firsts(session: AsyncSession, drawing: Drawing) -> Sequence[Any]:
    campaign = drawing.campaign
    if campaign.goes_first or campaign.purpose != "marketing":
        return ()
    begins, ends = drawing.limits.day_of(drawing.at)
    query = select(Campaign.rule).where(
        Campaign.goes_first,
        Campaign.planned_at.is_(None),
        Campaign.state.in_(("approved", "running")),
        Campaign.purpose == "marketing",
        Campaign.starts_at >= begins,
        Campaign.starts_at < ends,
        Campaign.id != (campaign.id or 0),
    )
    return (await session.scalars(query.order_by(Campaign.id))).all()


async def _next(session: AsyncSession, drawing: Drawing) -> list[int]:
    """The customers of the next chunk."""
    if not drawing.found:
        rule = segments.clause(rules.parse(drawing.campaign.rule), drawing.now)
        behind = select(Customer.id).where(rule, Customer.id > drawing.after)
        drawing.found.extend(await session.scalars(behind.order_by(Customer.id).limit(AHEAD)))
        drawing.last = len(drawing.found) < AHEAD
    ids = [drawing.found.popleft() for _ in range(min(CHUNK, len(drawing.found)))]
    drawing.after = ids[-1] if ids else drawing.after
    drawing.done = drawing.last and not drawing.found
    return ids


async def _told(
    session: AsyncSession,
    vault: Vault,
    drawing: Drawing,
    asked: Sequence[tuple[Standing, Verdict]],
) -> facts.Facts:
    """What the words need to know of those who may be written to; most words need nothing."""
    saying = drawing.saying
    if saying is None or not drawing.personal:
        return {}
    going = [standing.customer_id for standing, verdict in asked if verdict.way]
    return await facts.gather(session, vault, saying, going, drawing.at)


def _spoken(drawing: Drawing, standing: Standing, verdict: Verdict, told: facts.Facts) -> Verdict:
    """The verdict once more, now that it is tried to say it to her."""
    saying, way = drawing.saying, verdict.way
    if saying is None or way is None:
        return verdict
    template = drawing.template_for(standing.customer_id)
    kind = (template, way.channel, standing.personalised)
    if drawing.personal or kind not in drawing.general:
        known = told.get(standing.customer_id, {})
        drawing.general[kind] = saying.refuses(
            template, known, channel=way.channel, personalised=standing.personalised, at=drawing.at
        )
    reason = drawing.general[kind]
    return Verdict(None, reason) if reason else verdict


async def _question(session: AsyncSession, drawing: Drawing, ids: Sequence[int]) -> Question:
    campaign = drawing.campaign
    stock = await stocks.stock(
        session, campaign.offer_key, ids, at=drawing.at, limits=drawing.limits
    )
    if drawing.left is None:
        drawing.left = stock.pieces
        affordable = stocks.affordable(stock, campaign.budget_fen)
        if affordable is not None and (drawing.left is None or affordable < drawing.left):
            drawing.left, drawing.spent = affordable, "budget_spent"
    return Question(
        limits=drawing.limits,
        at=drawing.at,
        purpose=campaign.purpose,
        topic=drawing.saying.topic if drawing.saying else None,
        allowed=drawing.saying.allowed if drawing.saying else campaign.channels,
        notices=drawing.saying.notices if drawing.saying else {},
        only_guide=campaign.pushed_by,
        flaw=drawing.saying.flaw if drawing.saying else None,
        offer=stock.reason,
        spent=stock.spent,
        weary=stock.weary,
        needs=needs(campaign.attachments),
    )


def _lot(drawing: Drawing, standing: Standing, verdict: Verdict) -> Lot:
    who, way = standing.customer_id, verdict.way
    if way is None:
        return Lot(who, "excluded", verdict.reason)
    # Her guide, where guides are what is compared.
    counted_for = drawing.guide_of(standing) if drawing.terms.by_guide else None
    if drawing.keeps_out(standing):
        # Drawn after the gate: both arms are customers who could have been written to.
        return Lot(who, "holdout", "holdout", arm="holdout", guide_id=counted_for)
    if drawing.left is not None:
        if drawing.left <= 0:
            return Lot(who, "excluded", drawing.spent)
        drawing.left -= 1
    return Lot(
        who,
        "planned",
        arm="treated",
        channel=way.channel,
        guide_id=way.guide_id or counted_for,
        address=way.address,
        proof=standing.proof(way.channel) if drawing.terms.marketing else None,
        template=drawing.template_for(who),
        due_at=drawing.due_for(who),
    )


async def write(session: AsyncSession, drawing: Drawing, lots: Sequence[Lot]) -> None:
    """Write one chunk; a customer who was planned before keeps what was decided then."""
    if not lots:
        return
    drawn = dict(zip(Lot._fields, map(list, zip(*lots, strict=True)), strict=True))
    campaign, now = drawing.campaign, bulk.moment(drawing.now)
    spelt = {at: bulk.moment(at or drawing.at) for at in {*drawn["due_at"]}}
    alike = {
        "campaign_id": campaign.id,
        "purpose": campaign.purpose,
        "offer_key": campaign.offer_key,
        "planned_at": now,
    }
    columns = {name: [value] * len(lots) for name, value in alike.items()} | {
        name: drawn[name]
        for name in ("customer_id", "state", "reason", "arm", "channel", "guide_id", "address")
    }
    await bulk.append(
        session,
        Touch,
        columns
        | {
            "consent_entry_id": drawn["proof"],
            "template": [template or campaign.template for template in drawn["template"]],
            "due_at": [spelt[at] for at in drawn["due_at"]],
            "settled_at": [None if state == "planned" else now for state in drawn["state"]],
        },
    )
