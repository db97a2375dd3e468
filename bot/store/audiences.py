"""An audience, drawn chunk by chunk: who is written to, who is kept out on purpose, and why others are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import channels
from bot.domain import segments as rules
from bot.domain.campaigns import Campaign, Touch
from bot.domain.customers import Customer
from bot.domain.experiments import arm_of, in_holdout
from bot.domain.levels import Levels
from bot.domain.mapping import Row
from bot.domain.quotas import Limits
from bot.store import facts, gate, segments
from bot.store.engine import upsert
from bot.store.gate import Question, Standing, Verdict
from bot.store.vault import Vault

CHUNK = 1000
"""Customers per step: one short transaction each, so that callbacks never wait for a campaign."""


class Saying(Protocol):
    """Whoever knows the words of a campaign."""

    @property
    def flaw(self) -> str | None:
        """What is wrong with them for everybody."""

    @property
    def allowed(self) -> Sequence[str]:
        """Channels that the campaign and its words allow; empty means all."""

    @property
    def personal(self) -> bool:
        """Whether it depends on the customer if there are words at all."""

    @property
    def brand(self) -> Any: ...

    @property
    def levels(self) -> Levels: ...

    def refuses(
        self,
        template: str,
        told: Mapping[str, Any],
        *,
        channel: str,
        personalised: bool,
        at: datetime,
    ) -> str | None:
        """Why this customer's text could not be made."""


CANARY_LEAD = timedelta(days=1)
"""How long the others wait for what becomes of those who go ahead."""


@dataclass(frozen=True, slots=True)
class Lot:
    """What was decided for one customer of the audience."""

    customer_id: int
    state: str
    reason: str | None = None
    arm: str | None = None
    channel: str | None = None
    guide_id: int | None = None
    address: str | None = None
    proof: int | None = None
    template: str = ""
    due_at: datetime | None = None
    """None: when all of the campaign go."""


@dataclass(slots=True)
class Drawing:
    """One pass over an audience, in order of customer ids."""

    campaign: Campaign
    limits: Limits
    now: datetime
    saying: Saying | None = None
    """None when somebody else has looked at the words."""
    after: int = 0
    left: int | None = None
    """Pieces of the offer that this pass may still promise."""
    spent: str = "out_of_stock"
    """What it means when none is left."""
    done: bool = False
    general: dict[tuple[str, str, bool], str | None] = field(default_factory=dict)
    """What was found out about words that are the same for everybody."""

    @property
    def at(self) -> datetime:
        """When the touches are meant to go: never inside quiet hours."""
        return self.limits.quiet_hours.next_open(max(self.now, self.campaign.starts_at))

    def template_for(self, customer_id: int) -> str:
        arms = self.campaign.arms
        if not arms:
            return self.campaign.template
        return str(arms[arm_of(self.campaign.seed, customer_id, len(arms))])

    def due_for(self, customer_id: int) -> datetime:
        percent, seed = self.campaign.canary_percent, f"{self.campaign.seed}:canary"
        if not percent or in_holdout(seed, customer_id, percent):
            return self.at
        return self.limits.quiet_hours.next_open(self.at + CANARY_LEAD)

    def keeps_out(self, standing: Standing) -> bool:
        """Whether the lot keeps her, or everybody of her guide, out."""
        campaign = self.campaign
        who: int | str = standing.customer_id
        if campaign.holdout_by == "guide" and (guide := self.guide_of(standing)) is not None:
            who = f"guide:{guide}"
        return in_holdout(campaign.seed, who, campaign.holdout_percent)

    def guide_of(self, standing: Standing) -> int | None:
        tie = channels.right_guide(standing.ties, now=self.at)
        return tie.guide_id if tie else None


async def draw(session: AsyncSession, vault: Vault, drawing: Drawing) -> list[Lot]:
    """Decide for the next chunk; nothing is written."""
    campaign, at = drawing.campaign, drawing.at
    audience = (
        select(Customer.id)
        .where(segments.clause(rules.parse(campaign.rule), drawing.now))
        .where(Customer.id > drawing.after)
        .order_by(Customer.id)
        .limit(CHUNK)
    )
    ids = (await session.scalars(audience)).all()
    drawing.done = len(ids) < CHUNK
    if not ids:
        return []
    drawing.after = ids[-1]
    standings = await gate.gather(
        session,
        vault,
        ids,
        at=at,
        limits=drawing.limits,
        planning=campaign.id or 0,
    )
    question = await _question(session, drawing, ids)
    asked = [(standings[i], gate.ask(question, standings[i])) for i in ids if i in standings]
    told = await _told(session, vault, drawing, asked)
    return [
        _lot(drawing, standing, _spoken(drawing, standing, verdict, told))
        for standing, verdict in asked
    ]


async def _told(
    session: AsyncSession,
    vault: Vault,
    drawing: Drawing,
    asked: Sequence[tuple[Standing, Verdict]],
) -> facts.Facts:
    """What the words need to know of those who may be written to; most words need nothing."""
    saying = drawing.saying
    if saying is None or not saying.personal:
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
    if saying.personal or kind not in drawing.general:
        known = told.get(standing.customer_id, {})
        drawing.general[kind] = saying.refuses(
            template, known, channel=way.channel, personalised=standing.personalised, at=drawing.at
        )
    reason = drawing.general[kind]
    return Verdict(None, reason) if reason else verdict


async def _question(session: AsyncSession, drawing: Drawing, ids: Sequence[int]) -> Question:
    campaign = drawing.campaign
    stock = await gate.stock(
        session, campaign.offer_key, ids, at=drawing.at, limits=drawing.limits
    )
    if drawing.left is None:
        drawing.left = stock.pieces
        affordable = gate.affordable(stock, campaign.budget_fen)
        if affordable is not None and (drawing.left is None or affordable < drawing.left):
            drawing.left, drawing.spent = affordable, "budget_spent"
    return Question(
        limits=drawing.limits,
        at=drawing.at,
        purpose=campaign.purpose,
        allowed=drawing.saying.allowed if drawing.saying else campaign.channels,
        only_guide=campaign.pushed_by,
        flaw=drawing.saying.flaw if drawing.saying else None,
        offer=stock.reason,
        spent=stock.spent,
        weary=stock.weary,
    )


def _lot(drawing: Drawing, standing: Standing, verdict: Verdict) -> Lot:
    campaign, who = drawing.campaign, standing.customer_id
    if verdict.way is None:
        return Lot(who, "excluded", verdict.reason)
    if drawing.keeps_out(standing):
        # Drawn after the gate: both arms are customers who could have been written to.
        return Lot(
            who, "holdout", "holdout", arm="holdout", guide_id=_counted_for(drawing, standing)
        )
    if drawing.left is not None:
        if drawing.left <= 0:
            return Lot(who, "excluded", drawing.spent)
        drawing.left -= 1
    way = verdict.way
    return Lot(
        who,
        "planned",
        arm="treated",
        channel=way.channel,
        guide_id=way.guide_id or _counted_for(drawing, standing),
        address=way.address,
        proof=standing.proof(way.channel) if campaign.purpose == "marketing" else None,
        template=drawing.template_for(who),
        due_at=drawing.due_for(who),
    )


def _counted_for(drawing: Drawing, standing: Standing) -> int | None:
    """Her guide, where guides are what is compared."""
    return drawing.guide_of(standing) if drawing.campaign.holdout_by == "guide" else None


async def write(session: AsyncSession, drawing: Drawing, lots: Sequence[Lot]) -> None:
    """Write one chunk; a customer who was planned before keeps what was decided then."""
    campaign, now = drawing.campaign, drawing.now
    rows = [
        {
            "campaign_id": campaign.id,
            "customer_id": lot.customer_id,
            "purpose": campaign.purpose,
            "template": lot.template or campaign.template,
            "offer_key": campaign.offer_key,
            "state": lot.state,
            "reason": lot.reason,
            "arm": lot.arm,
            "channel": lot.channel,
            "guide_id": lot.guide_id,
            "address": lot.address,
            "consent_entry_id": lot.proof,
            "planned_at": now,
            "due_at": lot.due_at or drawing.at,
            "settled_at": None if lot.state == "planned" else now,
        }
        for lot in lots
    ]
    if rows:
        # Into the table itself: the mapper would look at each of thousands of rows.
        insert = upsert(session, Row.metadata.tables[Touch.__tablename__])
        await session.execute(insert.on_conflict_do_nothing(), rows)
