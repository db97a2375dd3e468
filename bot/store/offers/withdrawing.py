"""Coupons that come back unused: nobody was told of them, or she gives hers up. Their pieces go on."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Touch
from bot.domain.offers import Coupon, Offer
from bot.domain.refusals import Refusal
from bot.store.family import family
from bot.store.offers.issuing import take_piece, written_as

NEVER_TOLD = ("excluded", "cancelled", "expired", "refused", "not_friend", "over_quota")
"""Ends of a touch after which it is certain that the customer never saw its words."""
LOOK_BACK = timedelta(days=7)


async def withdraw_untold(session: AsyncSession, now: datetime) -> int:
    """Take back what was given for messages that never reached anybody, as when no guide confirmed them."""
    untold = select(Touch.coupon_id).where(
        Touch.coupon_id.is_not(None),
        Touch.state.in_(NEVER_TOLD),
        Touch.settled_at > now - LOOK_BACK,
    )
    return await withdraw(session, Coupon.id.in_(untold), now)


async def withdraw(
    session: AsyncSession,
    which: ColumnElement[bool],
    now: datetime,
    *,
    state: str = "withdrawn",
    was: str = "held",
) -> int:
    """Unused coupons become nobody's, and their pieces and money can be given again."""
    idle = or_(Coupon.reserved_until.is_(None), Coupon.reserved_until <= now)
    taken = await session.execute(
        update(Coupon)
        .where(Coupon.state == was, idle, which)
        .values(state=state)
        .returning(Coupon.offer_id, Coupon.worth_fen)
        .execution_options(synchronize_session=False)
    )
    back: defaultdict[int, list[int]] = defaultdict(list)
    for offer_id, worth_fen in taken:
        back[offer_id].append(worth_fen)
    for offer_id in sorted(back):
        await _give_back(session, offer_id, back[offer_id], now)
    return sum(map(len, back.values()))


async def decline(
    session: AsyncSession, *, coupon_id: int, customer_id: int, now: datetime
) -> None:
    """She gives hers, or her place in line, to whoever waits longest."""
    hers = Coupon.id == coupon_id, Coupon.customer_id.in_(await family(session, customer_id))
    if await withdraw(session, hers[0] & hers[1], now, state="declined"):
        return
    left = await session.execute(
        update(Coupon).where(*hers, Coupon.state == "waiting").values(state="declined")
    )
    if not isinstance(left, CursorResult) or left.rowcount != 1:
        raise Refusal("unknown", "这张券已经用掉了，或者不在你的卡包里", status=404)


async def _give_back(
    session: AsyncSession, offer_id: int, worths: list[int], now: datetime
) -> None:
    await session.execute(
        update(Offer)
        .where(Offer.id == offer_id)
        .values(issued=Offer.issued - len(worths), owed_fen=Offer.owed_fen - sum(worths))
    )
    offer = await session.get_one(Offer, offer_id, populate_existing=True)
    if offer.queue:
        await _move_up(session, offer, len(worths), now)


async def _move_up(session: AsyncSession, offer: Offer, places: int, now: datetime) -> None:
    """Whoever waits longest gets the piece that came free; the offer's row is ours until we are done."""
    line = (
        select(Coupon)
        .where(Coupon.offer_id == offer.id, Coupon.state == "waiting")
        .order_by(Coupon.issued_at, Coupon.id)
        .limit(places)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for coupon in await session.scalars(line):
        if await take_piece(session, offer, now):
            await session.execute(
                update(Coupon).where(Coupon.id == coupon.id).values(written_as(offer, now))
            )
