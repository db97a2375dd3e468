"""Pieces of an offer's budget leave as coupons."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.mapping import Moment
from bot.domain.offers import Coupon, Offer, code_for, runs_out, why_not_issued
from bot.domain.orders import Order
from bot.domain.refusals import Refusal
from bot.store import households
from bot.store.engine import table_of, upsert
from bot.store.family import FAMILY, family, surviving
from bot.tongue import _

NOT_COUNTED = ("withdrawn", "declined")
"""Coupons that she has had nothing of."""


async def issue(
    session: AsyncSession,
    *,
    offer_key: str,
    customer_id: int,
    trigger: str,
    now: datetime,
    touch_id: int | None = None,
    or_waits: bool = False,
) -> Coupon:
    """One coupon for this trigger, the same one however often it is asked for.

    Refused as unknown_offer, paused, not_started, ended, out_of_stock, per_customer, per_household or
    not_first_order.
    With `or_waits`, where the offer has a queue, she is put in line instead of being sent away.
    """
    offer = await _lock(session, offer_key)
    if offer is None:
        raise Refusal("unknown_offer", "没有这个优惠", status=404)
    if given := await _given(session, offer, customer_id, trigger):
        return given
    refusal = why_not_issued(offer, now)
    waits = or_waits and offer.queue
    if refusal and not (waits and refusal.reason == "out_of_stock"):
        raise refusal
    await _entitled(session, offer, customer_id)
    taken = await take_piece(session, offer, now)
    if not taken and not waits:
        raise Refusal("out_of_stock", _("「%(name)s」已经发完", name=offer.name))
    hers = {"customer_id": customer_id, "trigger": trigger, "touch_id": touch_id}
    return await _write(session, offer, hers | written_as(offer, now, waits=not taken))


def written_as(offer: Offer, now: datetime, *, waits: bool = False) -> dict[str, Any]:
    """What stands in a coupon that is given, or put in line, now."""
    return {
        "state": "waiting" if waits else "held",
        "issued_at": now,
        "expires_at": runs_out(offer, now),
        "worth_fen": 0 if waits else offer.piece_fen,
    }


async def lock_offers(session: AsyncSession, keys: Collection[str]) -> None:
    """Before several offers are issued of in one transaction: always in one order, so that
    two who do this do not wait for each other for ever."""
    if len(keys) > 1:
        await session.execute(
            select(Offer.id).where(Offer.key.in_(keys)).order_by(Offer.id).with_for_update()
        )


async def claimable(session: AsyncSession, key: str) -> bool:
    return bool(await session.scalar(_CLAIMABLE, {"named": key}))


async def _lock(session: AsyncSession, key: str) -> Offer | None:
    """The offer as it is now; on PostgreSQL nobody else issues of it until we are done."""
    return (await session.scalars(_LOCK, {"named": key})).first()


async def _given(
    session: AsyncSession, offer: Offer, customer_id: int, trigger: str
) -> Coupon | None:
    asked = {"of_offer": offer.id, "whose": customer_id, "for_this": trigger}
    return (await session.scalars(_GIVEN, asked)).first()


async def _entitled(session: AsyncSession, offer: Offer, customer_id: int) -> None:
    if await _count(session, offer, customer_id) >= offer.per_customer:
        raise Refusal(
            "per_customer",
            _(
                "「%(name)s」每人限领 %(most)s 张",
                name=offer.name,
                most=offer.per_customer,
            ),
        )
    if offer.per_household and await _at_home(session, offer, customer_id) >= offer.per_household:
        raise Refusal(
            "per_household",
            _(
                "「%(name)s」每家限领 %(most)s 张，登记过同一个手机号的算一家；这一家已经领满了",
                name=offer.name,
                most=offer.per_household,
            ),
        )
    if offer.first_order and await has_bought(session, customer_id):
        raise Refusal("not_first_order", _("「%(name)s」只给第一次下单的顾客", name=offer.name))


async def has_bought(session: AsyncSession, customer_id: int, *, but: str | None = None) -> bool:
    """Whether she, under any of her records, has kept an order other than this one."""
    hers = await family(session, await surviving(session, customer_id))
    query = select(Order.id).where(
        Order.customer_id.in_(hers),
        Order.paid_at.is_not(None),
        Order.amount_fen > Order.refunded_fen,
        Order.order_no != (but or ""),
    )
    return await session.scalar(query.limit(1)) is not None


async def _count(session: AsyncSession, offer: Offer, customer_id: int) -> int:
    return await session.scalar(_HERS, {"of_offer": offer.id, "whose": customer_id}) or 0


async def _at_home(session: AsyncSession, offer: Offer, customer_id: int) -> int:
    """Counted while the offer's row is ours: of two of one household who ask at once, one is first."""
    lives_with = await households.homes(session, [customer_id])
    return (await households.had(session, offer.id, lives_with)).get(customer_id, 0)


async def take_piece(session: AsyncSession, offer: Offer, now: datetime) -> bool:
    # The lock is courtesy; this statement alone is what keeps the budget.
    taken = await session.execute(_TAKE_PIECE, {"of_offer": offer.id, "at_moment": now})
    return isinstance(taken, CursorResult) and taken.rowcount == 1


# A coupon is asked for with every claim and every tick of a journey: these are built once.
_CLAIMABLE = select(Offer.claimable).where(Offer.key == bindparam("named"))
_LOCK = (
    select(Offer)
    .where(Offer.key == bindparam("named"))
    .with_for_update()
    .execution_options(populate_existing=True)
)
_GIVEN = select(Coupon).where(
    Coupon.offer_id == bindparam("of_offer"),
    Coupon.customer_id == bindparam("whose"),
    Coupon.trigger == bindparam("for_this"),
)
_HERS = select(func.count()).where(
    Coupon.offer_id == bindparam("of_offer"),
    Coupon.customer_id.in_(FAMILY),
    Coupon.state.not_in(NOT_COUNTED),
)
_offer, _moment = table_of(Offer).c, bindparam("at_moment", type_=Moment)
_TAKE_PIECE = (
    update(table_of(Offer))
    .where(
        _offer.id == bindparam("of_offer"),
        _offer.issued < _offer.budget_pieces,
        or_(_offer.budget_fen.is_(None), _offer.owed_fen + _offer.piece_fen <= _offer.budget_fen),
        _offer.state == "active",
        _offer.starts_at <= _moment,
        _moment < _offer.ends_at,
    )
    .values(issued=_offer.issued + 1, owed_fen=_offer.owed_fen + _offer.piece_fen)
)


async def _write(session: AsyncSession, offer: Offer, hers: dict[str, Any]) -> Coupon:
    for attempt in range(5):
        insert = upsert(session, Coupon).values(
            code=code_for(offer.code_seed, hers["customer_id"], hers["trigger"], attempt),
            offer_id=offer.id,
            **hers,
        )
        written = await session.scalars(
            insert.on_conflict_do_nothing(index_elements=["code"]).returning(Coupon)
        )
        coupon: Coupon | None = written.first()
        if coupon is not None:
            return coupon
    raise RuntimeError(f"five codes of offer {offer.key} were taken already")


async def held(
    session: AsyncSession, customer_id: int, now: datetime
) -> Sequence[tuple[Coupon, Offer]]:
    """What she can use now, the one that runs out first in front."""
    query = (
        select(Coupon, Offer)
        .join(Offer, Offer.id == Coupon.offer_id)
        .where(Coupon.customer_id == customer_id, Coupon.state == "held", Coupon.expires_at > now)
        .order_by(Coupon.expires_at, Coupon.id)
    )
    return [(coupon, offer) for coupon, offer in (await session.execute(query))]


async def coupon_for_code(session: AsyncSession, code: str) -> tuple[Coupon, Offer] | None:
    """By the normalised code, fresh from the database."""
    query = (
        select(Coupon, Offer)
        .join(Offer, Offer.id == Coupon.offer_id)
        .where(Coupon.code == code)
        .execution_options(populate_existing=True)
    )
    found = (await session.execute(query)).first()
    return None if found is None else (found[0], found[1])
