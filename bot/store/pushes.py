"""A guide's own push: her customers with some tags, by her and nobody else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Campaign, Touch
from bot.domain.customers import Guide
from bot.domain.quotas import Limits
from bot.domain.reasons import of_offer, words
from bot.domain.refusals import Refusal
from bot.store import audiences, campaigns, mass_tasks, offers, touches
from bot.store.drawings import Drawing, Lot
from bot.store.mass_tasks import Batch
from bot.store.vault import Vault

LASTS = timedelta(days=2)


@dataclass(slots=True)
class Push:
    """Whom a push reaches, and whom not and why."""

    reachable: list[int] = field(default_factory=list)
    excluded: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        return {
            "reachable": len(self.reachable),
            "excluded": dict(self.excluded.most_common()),
            "words": {code: words(code) for code in self.excluded},
        }


def rule_for(userid: str, tags: Sequence[str]) -> dict[str, Any]:
    hers = {"field": "follows.guide", "op": "eq", "value": userid}
    return {"all": [hers, {"field": "tag", "op": "has", "value": list(tags)}]}


async def preview_push(
    session: AsyncSession,
    guide_id: int,
    tags: Sequence[str],
    now: datetime,
    *,
    vault: Vault,
    limits: Limits,
) -> Push:
    """What `PushToTagged` would do now; nothing is written."""
    guide = await session.get_one(Guide, guide_id)
    drawing = Drawing(_campaign(guide, tags, now), limits, now)
    push = Push()
    while not drawing.done:
        _count(push, await audiences.draw(session, vault, drawing))
    return push


def _campaign(guide: Guide, tags: Sequence[str], now: datetime) -> Campaign:
    """A campaign as the gate needs to see it; it is not stored."""
    return Campaign(
        purpose="marketing",
        rule=rule_for(guide.userid, tags),
        channels=["wecom"],
        holdout_percent=0,
        seed="",
        pushed_by=guide.id,
        starts_at=now,
    )


def _count(push: Push, lots: Sequence[Lot]) -> None:
    for lot in lots:
        if lot.state == "planned":
            push.reachable.append(lot.customer_id)
        else:
            push.excluded[lot.reason or "unknown"] += 1


async def push(
    session: AsyncSession,
    vault: Vault,
    campaign: Campaign,
    *,
    text: str,
    limits: Limits,
    now: datetime,
) -> Push:
    """Plan all of it and, inside the hours, hand it to her at once; else it waits for the morning."""
    drawing = Drawing(campaign, limits, now)
    done = Push()
    while not drawing.done:
        lots = await audiences.draw(session, vault, drawing)
        await audiences.write(session, drawing, lots)
        _count(done, lots)
    await campaigns.move(session, campaign.id, expected=("running",), planned_at=now)
    if limits.hand_over_from(now) <= now:
        await _hand_over(session, vault, campaign, text=text, limits=limits, now=now)
    return done


async def _hand_over(
    session: AsyncSession,
    vault: Vault,
    campaign: Campaign,
    *,
    text: str,
    limits: Limits,
    now: datetime,
) -> None:
    planned = select(Touch).where(Touch.campaign_id == campaign.id, Touch.state == "planned")
    addresses = {}
    for touch in await session.scalars(planned.order_by(Touch.id)):
        if touch.address and await _given(session, touch, now):
            addresses[touch.id] = touch.address
    guide = await session.get_one(Guide, campaign.pushed_by)
    batch = Batch(
        guide_id=guide.id,
        userid=guide.userid,
        text=text,
        purpose=campaign.purpose,
        campaign_id=campaign.id,
        addresses=addresses,
    )
    await mass_tasks.make(session, vault, batch, now=now, expires_at=limits.confirm_by(now))


async def _given(session: AsyncSession, touch: Touch, now: datetime) -> bool:
    """Her coupon, if the push carries one; without it she is not written to."""
    if touch.offer_key is None:
        return True
    try:
        async with session.begin_nested():
            coupon = await offers.issue(
                session,
                offer_key=touch.offer_key,
                customer_id=touch.customer_id,
                trigger=f"touch:{touch.id}",
                now=now,
                touch_id=touch.id,
            )
    except Refusal as refusal:
        values = {"state": "excluded", "reason": of_offer(refusal.reason), "settled_at": now}
        await touches.settle(session, [touch.id], expected=("planned",), **values)
        return False
    await touches.settle(session, [touch.id], expected=("planned",), coupon_id=coupon.id)
    return True
