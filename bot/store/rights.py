"""Rights are worked out from what stands in orders, so that a refund closes what an order opened."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.levels import Levels
from bot.domain.offers import Coupon
from bot.domain.orders import Order, OrderLine
from bot.domain.refusals import Refusal
from bot.domain.rights import Deeds, Progress, Right, covered, missing, month_of
from bot.store import offers, points
from bot.store.family import family, surviving
from bot.store.offers.issuing import NOT_COUNTED

KEPT = (Order.paid_at.is_not(None), Order.amount_fen > Order.refunded_fen)


async def progress(
    session: AsyncSession, levels: Levels, customer_id: int, now: datetime
) -> list[Progress]:
    """Every right: open or what is missing, and how often it is left."""
    return [await _progress(session, levels, right, customer_id, now) for right in levels.rights]


async def claim(
    session: AsyncSession, levels: Levels, *, customer_id: int, key: str, now: datetime
) -> Coupon:
    """The next coupon of this right. Refused as unknown_right, locked_right or used_up, and as offers refuse."""
    right = next((one for one in levels.rights if one.key == key), None)
    if right is None:
        raise Refusal("unknown_right", "没有这项权益", status=404)
    hers = await surviving(session, customer_id)
    stands = await _progress(session, levels, right, hers, now)
    if stands.missing:
        raise Refusal("locked_right", stands.missing, status=403)
    if not stands.left:
        raise Refusal("used_up", f"「{right.name}」这一期已经领完了")
    coupon = await _give(session, right, hers, now)
    if right.points:
        paid: dict[str, Any] = {
            "points": right.points,
            "effect": f"right:{coupon.id}",
            "note": f"换{right.name}",
        }
        await points.spend(session, customer_id=hers, at=now, **paid)
    return coupon


async def _give(session: AsyncSession, right: Right, customer_id: int, now: datetime) -> Coupon:
    # Two who ask at once count the same and ask for the same number: they get the same coupon.
    number = await _given(session, right, customer_id, now, all_of_them=True) + 1
    coupon = await offers.issue(
        session,
        offer_key=right.offer,
        customer_id=customer_id,
        trigger=f"{right.trigger(now)}{number}",
        now=now,
    )
    if right.period == "month":
        coupon.expires_at = min(coupon.expires_at, month_of(now)[1])
        await session.flush()
    return coupon


async def close(session: AsyncSession, levels: Levels, customer_id: int, now: datetime) -> int:
    """After something came back: unused coupons of rights that are not hers any more are withdrawn."""
    hers = Coupon.customer_id.in_(await family(session, customer_id))
    unused = select(Coupon.trigger).where(
        hers, Coupon.state == "held", Coupon.trigger.startswith("right:")
    )
    keys = {trigger.split(":")[1] for trigger in await session.scalars(unused)}
    closed = 0
    for right in [one for one in levels.rights if one.key in keys]:
        stands = await _progress(session, levels, right, customer_id, now)
        if stands.missing:
            of_it = Coupon.trigger.startswith(right.trigger(now), autoescape=True)
            closed += await offers.withdraw(session, hers & of_it, now)
    return closed


async def give_opened(
    session: AsyncSession,
    levels: Levels,
    customer_id: int,
    now: datetime,
    *,
    first: bool,
) -> list[Coupon]:
    """What a new order opens and is given without asking; each right once a period, whatever comes back."""
    opened = [one for one in levels.rights if one.given and (first or one.orders != 1)]
    given = []
    for right in opened:
        stands = await _progress(session, levels, right, customer_id, now)
        had = await _given(session, right, customer_id, now, all_of_them=True)
        if stands.missing or had:
            continue
        try:
            async with session.begin_nested():
                given.append(await _give(session, right, customer_id, now))
        except Refusal:
            continue  # sold out, paused or over
    return given


async def give_deferred(session: AsyncSession, levels: Levels, now: datetime) -> int:
    """What last month has earned, to whoever has not had it yet. Returns how many got something."""
    given = 0
    for right in (one for one in levels.rights if one.next_month):
        for customer_id in await _earners(session, right, now):
            stands = await _progress(session, levels, right, customer_id, now)
            # One that was given and withdrawn is not given again by itself.
            had = await _given(session, right, customer_id, now, all_of_them=True)
            if stands.missing or had:
                continue
            try:
                async with session.begin_nested():
                    await _give(session, right, customer_id, now)
                given += 1
            except Refusal:
                continue  # sold out, paused or over: the offer itself says so to people
    return given


async def _earners(session: AsyncSession, right: Right, now: datetime) -> list[int]:
    month = right.earned_in(now)
    spent = func.sum(Order.amount_fen - Order.refunded_fen)
    query = select(Order.customer_id).where(
        *KEPT, Order.customer_id.is_not(None), Order.paid_at >= month[0], Order.paid_at < month[1]
    )
    # Asked every day: whoever has had hers is not looked at again.
    had = select(Coupon.customer_id).where(Coupon.trigger.startswith(right.trigger(now)))
    query = query.where(Order.customer_id.not_in(had))
    query = query.group_by(Order.customer_id).having(spent >= right.month_fen)
    return [one for one in await session.scalars(query.order_by(Order.customer_id)) if one]


async def _progress(
    session: AsyncSession, levels: Levels, right: Right, customer_id: int, now: datetime
) -> Progress:
    plan = next((one for one in levels.plans if one.key == right.plan), None)
    lacks = missing(
        right,
        await _deeds(session, levels, right, customer_id, now),
        rank=levels.rank(right.level) if right.level else 0,
        plan=plan.name if plan else "",
    )
    had = await _given(session, right, customer_id, now)
    return Progress(right=right, missing=lacks, left=max(right.times - had, 0))


async def _deeds(
    session: AsyncSession, levels: Levels, right: Right, customer_id: int, now: datetime
) -> Deeds:
    hers = Order.customer_id.in_(await family(session, customer_id))
    month = right.earned_in(now)
    spent = select(func.coalesce(func.sum(Order.amount_fen - Order.refunded_fen), 0)).where(
        hers, *KEPT, Order.paid_at >= month[0], Order.paid_at < month[1]
    )
    kept = select(func.count(Order.id)).where(hers, *KEPT, Order.amount_fen > 0)
    return Deeds(
        level_rank=levels.rank(await points.level_of(session, customer_id)),
        orders=await session.scalar(kept) or 0 if right.orders else 0,
        month_fen=int(await session.scalar(spent) or 0) if right.month_fen else 0,
        plans=frozenset(await _plans(session, levels, right, customer_id, now)),
    )


async def _plans(
    session: AsyncSession, levels: Levels, right: Right, customer_id: int, now: datetime
) -> Iterable[str]:
    if right.plan is None:
        return ()
    hers = Order.customer_id.in_(await family(session, customer_id))
    found = []
    for plan in levels.plans:
        query = select(Order.paid_at, OrderLine.quantity).join(
            OrderLine, OrderLine.order_id == Order.id
        )
        query = query.where(hers, *KEPT, OrderLine.sku == plan.sku)
        bought = [at for at, times in await session.execute(query) for _ in range(times) if at]
        if covered(plan, bought, now):
            found.append(plan.key)
    return found


async def _given(
    session: AsyncSession,
    right: Right,
    customer_id: int,
    now: datetime,
    *,
    all_of_them: bool = False,
) -> int:
    """How many of this period she has had; with `all_of_them`, those that were withdrawn too."""
    query = select(func.count(Coupon.id)).where(
        Coupon.customer_id.in_(await family(session, customer_id)),
        Coupon.trigger.startswith(right.trigger(now), autoescape=True),
    )
    if not all_of_them:
        query = query.where(Coupon.state.not_in(NOT_COUNTED))
    return await session.scalar(query) or 0
