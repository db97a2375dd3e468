"""Buying together: coupons that count once enough people hold them, and go back when the time is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.offers import Coupon, Offer, runs_out
from bot.domain.refusals import Refusal
from bot.store.family import family, surviving
from bot.store.offers.issuing import issue
from bot.store.offers.withdrawing import withdraw
from bot.tongue import _

GATHERING = "gathering"


async def join(
    session: AsyncSession,
    *,
    offer_key: str,
    customer_id: int,
    team: int | None,
    key: str,
    now: datetime,
) -> tuple[Coupon, int]:
    """Begin a team, or come into one; her coupon, and how many are still missing.

    Refused as no_team, team_over, team_full, in_team, and as offers refuse."""
    if team is not None:
        await _open(session, team, customer_id, now)
    else:
        await _may_begin(session, offer_key, customer_id, now)
    trigger = f"team:{key if team is None else team}"
    coupon = await issue(
        session, offer_key=offer_key, customer_id=customer_id, trigger=trigger, now=now
    )
    # From here on the offer's row is ours: nobody else comes in until we are done.
    offer = await session.get_one(Offer, coupon.offer_id)
    if not offer.team_size:
        raise Refusal("no_team", "这个优惠不是拼团的", status=404)
    if coupon.team is None:
        coupon.team, coupon.state = team or coupon.id, GATHERING
        await session.flush()
    return coupon, await _complete(session, offer, coupon, now)


async def _may_begin(
    session: AsyncSession, offer_key: str, customer_id: int, now: datetime
) -> None:
    needed = await session.scalar(select(Offer.needs).where(Offer.key == offer_key))
    if needed is None:
        return
    hers = await family(session, await surviving(session, customer_id))
    holds = (
        select(Coupon.id)
        .join(Offer, Offer.id == Coupon.offer_id)
        .where(
            Offer.key == needed,
            Coupon.customer_id.in_(hers),
            Coupon.state == "held",
            Coupon.expires_at > now,
        )
    )
    if await session.scalar(holds.limit(1)) is None:
        name = await session.scalar(select(Offer.name).where(Offer.key == needed))
        raise Refusal(
            "locked_right", _("开团要先有「%(name)s」；加入别人的团不用", name=name or needed)
        )


async def _open(session: AsyncSession, team: int, customer_id: int, now: datetime) -> None:
    found = await session.execute(
        select(Coupon, Offer)
        .join(Offer, Offer.id == Coupon.offer_id)
        .where(Coupon.id == team, Coupon.team == team)
    )
    first, offer = found.first() or (None, None)
    if first is None or offer is None:
        raise Refusal("no_team", "没有这个团", status=404)
    if first.state in {"held", "redeemed"}:
        raise Refusal("team_full", "这个团已经满了，可以自己开一个")
    if first.state != GATHERING or now >= first.issued_at + timedelta(hours=offer.team_hours):
        raise Refusal("team_over", "这个团的时间已经过了")
    hers = await family(session, await surviving(session, customer_id))
    inside = select(Coupon.id).where(Coupon.team == team, Coupon.customer_id.in_(hers))
    if await session.scalar(inside.limit(1)) is not None:
        raise Refusal("in_team", "你已经在这个团里了")


async def _complete(session: AsyncSession, offer: Offer, coupon: Coupon, now: datetime) -> int:
    """How many are missing; with the last of them everybody's coupon counts."""
    mine = (Coupon.team == coupon.team, Coupon.state.in_((GATHERING, "held")))
    count = await session.scalar(select(func.count()).where(*mine)) or 0
    if count > offer.team_size:
        raise Refusal("team_full", "这个团已经满了，可以自己开一个")
    if count == offer.team_size:
        await session.execute(
            update(Coupon).where(*mine).values(state="held", expires_at=runs_out(offer, now))
        )
        await session.refresh(coupon)
    return offer.team_size - count


class Team(NamedTuple):
    number: int
    offer: Offer
    missing: int
    until: datetime
    state: str
    """gathering, whole or over."""


async def team_of(session: AsyncSession, number: int, now: datetime) -> Team | None:
    """How far this team is, for whoever was given its number."""
    begun = await session.execute(
        select(Coupon, Offer)
        .join(Offer, Offer.id == Coupon.offer_id)
        .where(Coupon.id == number, Coupon.team == number)
    )
    first, offer = begun.first() or (None, None)
    if first is None or offer is None:
        return None
    inside = select(func.count()).where(
        Coupon.team == number, Coupon.state.in_((GATHERING, "held", "redeemed", "expired"))
    )
    missing = max(offer.team_size - (await session.scalar(inside) or 0), 0)
    until = first.issued_at + timedelta(hours=offer.team_hours)
    gathers = first.state == GATHERING and now < until
    whole = first.state in {"held", "redeemed", "expired"}
    return Team(
        number, offer, missing, until, "gathering" if gathers else "whole" if whole else "over"
    )


async def team_offers(session: AsyncSession, now: datetime) -> Sequence[Offer]:
    """What can be bought together now."""
    query = select(Offer).where(
        Offer.team_size > 0, Offer.state == "active", Offer.starts_at <= now, Offer.ends_at > now
    )
    return (await session.scalars(query.order_by(Offer.ends_at, Offer.id))).all()


async def teams_of(session: AsyncSession, customer_id: int, now: datetime) -> list[Team]:
    """Those in which she waits for others."""
    hers = await family(session, await surviving(session, customer_id))
    numbers = await session.scalars(
        select(Coupon.team)
        .where(Coupon.customer_id.in_(hers), Coupon.state == GATHERING)
        .order_by(Coupon.id)
    )
    found = [await team_of(session, number, now) for number in numbers if number is not None]
    return [team for team in found if team is not None and team.state == GATHERING]


async def dissolve(session: AsyncSession, now: datetime) -> list[int]:
    """Teams whose time is over give everything back; the customers that must be told."""
    begun = await session.execute(
        select(Coupon.team, Coupon.issued_at, Offer.team_hours)
        .join(Offer, Offer.id == Coupon.offer_id)
        .where(Coupon.state == GATHERING, Coupon.team == Coupon.id)
        .order_by(Coupon.offer_id, Coupon.id)
    )
    over = [team for team, at, hours in begun if at + timedelta(hours=hours) <= now]
    which = Coupon.team.in_(over)
    people = select(Coupon.customer_id).where(which, Coupon.state == GATHERING)
    told = list(await session.scalars(people.order_by(Coupon.id))) if over else []
    if over:
        await withdraw(session, which, now, was=GATHERING)
    return told
