"""The points ledger: every entry has one effect, every balance is the sum of its entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, CursorResult, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer
from bot.domain.levels import STANDARD, YEAR, Levels, OrderPoints, earned_for
from bot.domain.orders import Order
from bot.domain.points import PointsAccount, PointsEntry
from bot.domain.refusals import Refusal
from bot.store.engine import upsert
from bot.tongue import _


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a customer stands with us."""

    balance: int
    level: str
    earned_year: int
    risen: bool = False
    """This very entry lifted her to `level`."""


async def earn(
    session: AsyncSession,
    *,
    customer_id: int,
    points: int,
    effect: str,
    at: datetime,
    levels: Levels = STANDARD,
    **columns: object,
) -> Standing:
    """Write one entry, unless this effect was written before. Negative points take back what was given.

    `columns` may be `order_id`, `kind` (earn unless said), `note` and `expires_at` (as the levels say unless said).
    """
    columns = {"kind": "earn", "note": "", "at": at, "expires_at": levels.run_out(at)} | columns
    if await enter(session, customer_id, points, effect=effect, **columns) is None:
        return await standing(session, customer_id)
    await _open(session, customer_id)
    await session.execute(
        update(PointsAccount)
        .where(PointsAccount.customer_id == customer_id)
        .values(balance=PointsAccount.balance + points)
    )
    return await _lift(session, customer_id, at, levels)


async def spend(
    session: AsyncSession,
    *,
    customer_id: int,
    points: int,
    effect: str,
    at: datetime,
    note: str = "",
    kind: str = "spend",
) -> int:
    """Take points for something; never more than she has. Returns what is left."""
    if points <= 0:
        raise Refusal("bad_points", "要花的积分必须大于 0", status=422)
    entry = await enter(session, customer_id, -points, effect=effect, kind=kind, at=at, note=note)
    if entry is None:
        return await balance(session, customer_id)
    taken = await session.execute(
        update(PointsAccount)
        .where(PointsAccount.customer_id == customer_id, PointsAccount.balance >= points)
        .values(balance=PointsAccount.balance - points)
    )
    if not isinstance(taken, CursorResult) or taken.rowcount != 1:
        await session.execute(delete(PointsEntry).where(PointsEntry.id == entry))
        has = await balance(session, customer_id)
        raise Refusal(
            "not_enough_points",
            _("积分不够：有 %(has)s 分，要花 %(points)s 分", has=has, points=points),
        )
    return await balance(session, customer_id)


async def settle_order(
    session: AsyncSession, order: Order, *, key: str, at: datetime, levels: Levels = STANDARD
) -> Standing | None:
    """Bring her points to what this order, as it stands now, deserves."""
    if order.customer_id is None or order.paid_at is None:
        return None
    hers = {"customer_id": order.customer_id, "order_id": order.id}
    earned = await _sum(session, PointsEntry.order_id == order.id, PointsEntry.kind == "earn")
    told = None
    if earned == 0:
        earned = await _deserved(session, order, levels)
        if earned == 0:
            return None
        effect = f"order:{order.id}:earn"
        told = await earn(
            session, points=earned, effect=effect, at=order.paid_at, levels=levels, **hers
        )
    due = OrderPoints(
        paid_fen=order.amount_fen,
        net_fen=order.amount_fen - order.refunded_fen,
        earned=earned,
        standing=await _sum(session, PointsEntry.order_id == order.id),
    ).still_due
    if due:
        effect = f"order:{order.id}:{key}"
        # It goes back into the lot it came from: those points can no longer run out.
        told = await earn(
            session,
            points=due,
            effect=effect,
            at=at,
            levels=levels,
            kind="refund",
            expires_at=levels.run_out(order.paid_at),
            **hers,
        )
    return told


async def balance(session: AsyncSession, customer_id: int) -> int:
    return (await standing(session, customer_id)).balance


async def level_of(session: AsyncSession, customer_id: int) -> str:
    return (await standing(session, customer_id)).level


async def standing(session: AsyncSession, customer_id: int) -> Standing:
    query = select(PointsAccount.balance, PointsAccount.level, PointsAccount.earned_year).where(
        PointsAccount.customer_id == customer_id
    )
    found = (await session.execute(query)).first()
    return Standing(0, STANDARD.levels[0].name, 0) if found is None else Standing(*found)


async def entries(
    session: AsyncSession, customer_id: int, *, limit: int = 50
) -> Sequence[PointsEntry]:
    """Her latest entries, newest first."""
    query = (
        select(PointsEntry)
        .where(PointsEntry.customer_id == customer_id)
        .order_by(PointsEntry.at.desc(), PointsEntry.id.desc())
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def enter(
    session: AsyncSession, customer_id: int, delta: int, **columns: object
) -> int | None:
    """The number of the new entry; None when its effect was written before."""
    row = upsert(session, PointsEntry).values(customer_id=customer_id, delta=delta, **columns)
    written = row.on_conflict_do_nothing(index_elements=["effect"]).returning(PointsEntry.id)
    found: int | None = await session.scalar(written)
    return found


async def lift_to(session: AsyncSession, customer_id: int, level: str, at: datetime) -> None:
    """Give her this level, whatever she has earned."""
    await _open(session, customer_id)
    await session.execute(
        update(PointsAccount)
        .where(PointsAccount.customer_id == customer_id)
        .values(level=level, level_since=at)
    )


async def _open(session: AsyncSession, customer_id: int) -> None:
    row = upsert(session, PointsAccount).values(
        customer_id=customer_id, balance=0, earned_year=0, level=STANDARD.levels[0].name
    )
    await session.execute(row.on_conflict_do_nothing())


async def _lift(session: AsyncSession, customer_id: int, at: datetime, levels: Levels) -> Standing:
    earned = await _sum(
        session,
        PointsEntry.customer_id == customer_id,
        PointsEntry.kind.in_(("earn", "refund")),
        PointsEntry.at > at - YEAR,
    )
    before = await level_of(session, customer_id)
    after = levels.higher(before, earned)
    moved = {"level": after, "level_since": at} if after != before else {}
    await session.execute(
        update(PointsAccount)
        .where(PointsAccount.customer_id == customer_id)
        .values(earned_year=earned, **moved)
    )
    return replace(await standing(session, customer_id), risen=bool(moved))


async def _sum(session: AsyncSession, *where: ColumnElement[bool]) -> int:
    query = select(func.coalesce(func.sum(PointsEntry.delta), 0)).where(*where)
    return int(await session.scalar(query) or 0)


async def _deserved(session: AsyncSession, order: Order, levels: Levels) -> int:
    query = select(Customer.birthday_month).where(Customer.id == order.customer_id)
    month = await session.scalar(query)
    paid_at = order.paid_at
    if paid_at is None:
        return 0
    return earned_for(levels, order.amount_fen, birthday_month=month, at=paid_at)
