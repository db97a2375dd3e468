"""Many complaints of one kind in a short time are one event of the shop's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Campaign
from bot.domain.cases.clocks import MASS_FROM, MASS_WITHIN
from bot.domain.cases.entities import Case
from bot.domain.offers import Coupon, Offer
from bot.domain.orders import Product

REASON = "mass_complaint"


async def similar(session: AsyncSession, case: Case, now: datetime) -> Sequence[Case]:
    """The open cases of one mass complaint, this one among them; empty while it is none."""
    alike = [and_(Case.sku.is_not(None), Case.sku == case.sku)]
    if case.category != "other":
        alike.append(Case.category == case.category)
    found = select(Case).where(
        or_(*alike), Case.opened_at > now - MASS_WITHIN, Case.opened_at <= now
    )
    cases = (await session.scalars(found.order_by(Case.id))).all()
    enough = len({alike.customer_id for alike in cases}) >= MASS_FROM
    return [alike for alike in cases if alike.state != "closed"] if enough else []


async def pause_campaigns(session: AsyncSession, cases: Sequence[Case]) -> list[int]:
    """Stop advertising what so many complain about: the product, or the offer they all hold."""
    subjects = await _names(session, {case.sku for case in cases if case.sku})
    offers = await _offers(session, cases) if cases and cases[0].category == "price" else set()
    running = await session.scalars(
        select(Campaign).where(Campaign.state == "running", Campaign.purpose == "marketing")
    )
    paused = [found for found in running if _about(found, subjects, offers)]
    for campaign in paused:
        campaign.state, campaign.reason = "paused", REASON
    return [campaign.id for campaign in paused]


async def _names(session: AsyncSession, skus: set[str]) -> set[str]:
    named = await session.scalars(select(Product.name).where(Product.sku.in_(skus)))
    return skus | {name for name in named if name}


async def _offers(session: AsyncSession, cases: Sequence[Case]) -> set[str]:
    held = await session.execute(
        select(Offer.key, Coupon.customer_id)
        .join(Coupon, Coupon.offer_id == Offer.id)
        .where(Coupon.customer_id.in_([case.customer_id for case in cases]))
        .distinct()
    )
    holders: dict[str, int] = {}
    for key, _ in held:
        holders[key] = holders.get(key, 0) + 1
    return {key for key, count in holders.items() if count >= MASS_FROM}


def _about(campaign: Campaign, subjects: set[str], offers: set[str]) -> bool:
    if campaign.offer_key in offers:
        return True
    words = [campaign.name, campaign.template, json.dumps(campaign.rule, ensure_ascii=False)]
    return any(subject in text for subject in subjects for text in words)
