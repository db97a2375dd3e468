"""Offers enter from content; pieces of their budget leave as coupons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import CursorResult, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.offers import Coupon, Offer, OfferSpec, code_for, runs_out, why_not_issued
from bot.domain.refusals import Refusal
from bot.store.engine import upsert
from bot.store.family import family
from bot.store.vault import Vault


async def publish_offers(session: AsyncSession, vault: Vault, specs: Iterable[OfferSpec]) -> None:
    """Bring the offers up to what content says; what was issued, and a pause, stay as they are."""
    for spec in specs:
        insert = upsert(session, Offer).values(
            **_columns(spec),
            budget_pieces=spec.budget_pieces,
            issued=0,
            state="active",
            code_seed=vault.blind(spec.key, about="offer.code_seed"),
        )
        # A budget cut below what is out already cannot take coupons back: it only stops new ones.
        kept = case((Offer.issued > spec.budget_pieces, Offer.issued), else_=spec.budget_pieces)
        await session.execute(
            insert.on_conflict_do_update(
                index_elements=["key"], set_=_columns(spec) | {"budget_pieces": kept}
            )
        )


def _columns(spec: OfferSpec) -> dict[str, object]:
    starts_at, ends_at = spec.span()
    return {
        "key": spec.key,
        "name": spec.name,
        "kind": spec.kind,
        "value": spec.value,
        "threshold_fen": spec.threshold_fen,
        "per_customer": spec.per_customer,
        "valid_days": spec.valid_days,
        "stores": list(spec.stores),
        "starts_at": starts_at,
        "ends_at": ends_at,
    }


async def issue(
    session: AsyncSession,
    *,
    offer_key: str,
    customer_id: int,
    trigger: str,
    now: datetime,
    touch_id: int | None = None,
) -> Coupon:
    """One coupon for this trigger, the same one however often it is asked for.

    Refused as unknown_offer, paused, not_started, ended, out_of_stock or per_customer.
    """
    offer = await _lock(session, offer_key)
    if offer is None:
        raise Refusal("unknown_offer", "没有这个优惠", status=404)
    if given := await _given(session, offer, customer_id, trigger):
        return given
    if refusal := why_not_issued(offer, now):
        raise refusal
    if await _count(session, offer, customer_id) >= offer.per_customer:
        raise Refusal("per_customer", f"「{offer.name}」每人限领 {offer.per_customer} 张")
    await _take_piece(session, offer, now)
    return await _write(
        session, offer, customer_id=customer_id, trigger=trigger, now=now, touch_id=touch_id
    )


async def _lock(session: AsyncSession, key: str) -> Offer | None:
    """The offer as it is now; on PostgreSQL nobody else issues of it until we are done."""
    query = select(Offer).where(Offer.key == key).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).first()


async def _given(
    session: AsyncSession, offer: Offer, customer_id: int, trigger: str
) -> Coupon | None:
    query = select(Coupon).where(
        Coupon.offer_id == offer.id,
        Coupon.customer_id == customer_id,
        Coupon.trigger == trigger,
    )
    return (await session.scalars(query)).first()


async def _count(session: AsyncSession, offer: Offer, customer_id: int) -> int:
    hers = await family(session, customer_id)
    query = select(func.count()).where(Coupon.offer_id == offer.id, Coupon.customer_id.in_(hers))
    return await session.scalar(query) or 0


async def _take_piece(session: AsyncSession, offer: Offer, now: datetime) -> None:
    # The lock is courtesy; this statement alone is what keeps the budget.
    taken = await session.execute(
        update(Offer)
        .where(
            Offer.id == offer.id,
            Offer.issued < Offer.budget_pieces,
            Offer.state == "active",
            Offer.starts_at <= now,
            now < Offer.ends_at,
        )
        .values(issued=Offer.issued + 1)
    )
    if not isinstance(taken, CursorResult) or taken.rowcount != 1:
        raise Refusal("out_of_stock", f"「{offer.name}」已经发完")


async def _write(
    session: AsyncSession,
    offer: Offer,
    *,
    customer_id: int,
    trigger: str,
    now: datetime,
    touch_id: int | None,
) -> Coupon:
    for attempt in range(5):
        insert = upsert(session, Coupon).values(
            code=code_for(offer.code_seed, customer_id, trigger, attempt),
            offer_id=offer.id,
            customer_id=customer_id,
            trigger=trigger,
            state="held",
            issued_at=now,
            expires_at=runs_out(offer, now),
            touch_id=touch_id,
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
