"""Taking a redemption back: by the clerk, by a manager, or because the order was returned."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CursorResult, case, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Store
from bot.domain.offers import UNDO, Coupon, Offer, Redemption, read_code
from bot.domain.refusals import Refusal
from bot.events import Actor

MAY_VOID_LATER = frozenset({"manager", "admin", "owner"})


async def void(
    session: AsyncSession, *, code: str, actor: Actor, reason: str, now: datetime
) -> Coupon:
    """Undo one redemption; the coupon is held again unless it has run out meanwhile."""
    coupon = (await session.scalars(select(Coupon).where(Coupon.code == read_code(code)))).first()
    if coupon is None:
        raise Refusal("unknown", "没有这个券码", status=404)
    standing = await _standing(session, coupon.id)
    if standing is None:
        raise Refusal("not_redeemed", "这张券没有核销过，或者已经撤销了")
    if refusal := await _why_not(session, standing, actor, now):
        raise refusal
    if not await _take_back(session, standing, reason=reason, now=now):
        raise Refusal("not_redeemed", "这张券已经撤销了")
    await session.refresh(coupon)
    return coupon


async def return_for_order(session: AsyncSession, order_no: str, now: datetime) -> int:
    """The order came back: so do its coupons, each once. Budgets are not restored."""
    rows = await session.scalars(
        select(Redemption)
        .join(Coupon, Coupon.id == Redemption.coupon_id)
        .join(Offer, Offer.id == Coupon.offer_id)
        .where(
            Redemption.order_no == order_no,
            Redemption.live.is_not(None),
            Offer.after_return == "back",
        )
        .order_by(Redemption.coupon_id)
    )
    taken = [await _take_back(session, row, reason="order_returned", now=now) for row in rows]
    return sum(taken)


async def _standing(session: AsyncSession, coupon_id: int) -> Redemption | None:
    query = select(Redemption).where(Redemption.live == coupon_id)
    return (await session.scalars(query.execution_options(populate_existing=True))).first()


async def _why_not(
    session: AsyncSession, standing: Redemption, actor: Actor, now: datetime
) -> Refusal | None:
    own = standing.actor == str(actor) and now - standing.at < UNDO
    if not own and actor.kind not in MAY_VOID_LATER:
        return Refusal("too_late", "超过 10 分钟，或不是你核销的：请店长来撤销", status=403)
    if actor.kind == "manager" and actor.store is not None:
        store = await session.scalar(select(Store.code).where(Store.id == standing.store_id))
        if store is not None and store != actor.store:
            return Refusal("wrong_store", "这张券是在别的店核销的", status=403)
    return None


async def _take_back(
    session: AsyncSession, standing: Redemption, *, reason: str, now: datetime
) -> bool:
    voided = await session.execute(
        update(Redemption)
        .where(Redemption.id == standing.id, Redemption.live.is_not(None))
        .values(live=None, alone=None, voided_at=now, void_reason=reason)
    )
    if not isinstance(voided, CursorResult) or voided.rowcount != 1:
        return False
    await session.execute(
        update(Coupon)
        .where(Coupon.id == standing.coupon_id, Coupon.state == "redeemed")
        .values(state=case((Coupon.expires_at > now, "held"), else_="expired"), redeemed_at=None)
    )
    return True
