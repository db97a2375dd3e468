"""Shop orders as they are reported: each business event counts once, in whatever order it arrives."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, Store
from bot.domain.orders import (
    Order,
    OrderEntry,
    OrderLine,
    Product,
    entry_ref,
    share_out,
    state_after,
    taken_back,
)
from bot.events.shop import Buyer, OrderKind, OrderReported
from bot.store import customers
from bot.store.engine import upsert
from bot.store.vault import Vault

BEFORE_BUYING = ("knows", "understands", "accepts")
MEMO = "siyu.recorded"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one reported event did to its order."""

    order: Order
    new: bool
    """False when this business event was counted before."""
    customer_id: int | None
    first: bool
    """Her first paid order."""
    delta_fen: int
    """What it added to, or took from, what the customer has spent."""


async def record(session: AsyncSession, vault: Vault, event: OrderReported) -> Recorded:
    """Count this event, unless it was counted before."""
    order, unheard = await _open(session, event)
    await _attach(session, vault, order, event)
    if not unheard and order.customer_id is not None:
        await _own_entries(session, order)
    recorded = await _count(session, order, event)
    session.info[MEMO] = (event, recorded)
    return recorded


async def recorded_now(session: AsyncSession, event: OrderReported) -> Recorded:
    """What `record` did with this very event a moment ago, for the other rooms that hear it too."""
    heard, recorded = session.info.get(MEMO, (None, None))
    if heard is event and recorded is not None:
        return recorded  # type: ignore[no-any-return]
    order = await find(session, event.source, event.order_no)
    if order is None:
        raise LookupError(f"not recorded: {event.source} {event.order_no}")
    return Recorded(order, new=False, customer_id=order.customer_id, first=False, delta_fen=0)


async def find(session: AsyncSession, source: str, order_no: str) -> Order | None:
    query = select(Order).where(Order.source == source, Order.order_no == order_no)
    return (await session.scalars(query)).first()


async def lines_of(session: AsyncSession, order_id: int) -> list[OrderLine]:
    query = select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.id)
    return list(await session.scalars(query))


async def last_of(session: AsyncSession, customer_id: int, limit: int = 10) -> list[Order]:
    """Her newest paid orders, newest first."""
    paid = (Order.customer_id == customer_id, Order.paid_at.is_not(None))
    query = select(Order).where(*paid).order_by(Order.paid_at.desc(), Order.id.desc())
    return list(await session.scalars(query.limit(limit)))


async def kept_lines(session: AsyncSession, customer_id: int) -> list[OrderLine]:
    """What the newest order held that she did not give back."""
    kept = [
        order
        for order in await last_of(session, customer_id)
        if order.paid_at is not None and order.amount_fen > order.refunded_fen
    ]
    return await lines_of(session, kept[0].id) if kept else []


async def prices(session: AsyncSession, skus: Collection[str]) -> dict[str, int]:
    """What these cost today, in fen, as far as the product file says."""
    query = select(Product.sku, Product.price_fen).where(
        Product.sku.in_(skus), Product.price_fen > 0
    )
    return dict((await session.execute(query)).all())


async def store_id(session: AsyncSession, code: str) -> int:
    """The shop with this code; one never heard of is written down."""
    known = select(Store.id).where(Store.code == code)
    if (found := await session.scalar(known)) is not None:
        return found
    await session.execute(
        upsert(session, Store).values(code=code, name=code, city="").on_conflict_do_nothing()
    )
    return (await session.scalars(known)).one()


async def _open(session: AsyncSession, event: OrderReported) -> tuple[Order, bool]:
    """The order, and whether nothing was heard of it before."""
    new = {"source": event.source, "order_no": event.order_no, "state": "awaited"}
    insert = upsert(session, Order).values(**new, amount_fen=0, refunded_fen=0)
    made = await session.scalar(insert.on_conflict_do_nothing().returning(Order.id))
    query = select(Order).where(Order.source == event.source, Order.order_no == event.order_no)
    locked = query.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(locked)).one(), made is not None


async def _attach(session: AsyncSession, vault: Vault, order: Order, event: OrderReported) -> None:
    """Everything is asked before anything is set: each question would write what was set so far."""
    buyer, store, guide = order.customer_id, order.store_id, order.guide_id
    if buyer is None:
        buyer = await _buyer(session, vault, event)
    if store is None and event.store:
        store = await store_id(session, event.store)
    if guide is None and event.guide:
        guide = (await customers.guide_by_userid(session, event.guide)).id
    order.customer_id, order.store_id, order.guide_id = buyer, store, guide
    order.channel = order.channel or event.channel


async def _own_entries(session: AsyncSession, order: Order) -> None:
    """What was heard while nobody knew whose order it is."""
    await session.execute(
        update(OrderEntry)
        .where(OrderEntry.order_id == order.id, OrderEntry.customer_id.is_(None))
        .values(customer_id=order.customer_id)
    )


async def _buyer(session: AsyncSession, vault: Vault, event: OrderReported) -> int | None:
    """Nobody, as long as it is open whose phone this is: points given to the wrong person are hard to take back."""
    if await _only_a_contested_phone(session, vault, event.buyer):
        return None
    buyer = await customers.meet_buyer(
        session, vault, event.buyer, at=event.at, source=event.source
    )
    return buyer.id if buyer else None


async def _only_a_contested_phone(session: AsyncSession, vault: Vault, buyer: Buyer) -> bool:
    told = {name for name, value in asdict(buyer).items() if value}
    if buyer.phone is None or told != {"phone"}:
        return False
    holder = await customers.find(session, vault, "phone", buyer.phone)
    if holder is None:
        return False
    return await customers.contested(session, holder.id)


async def _count(session: AsyncSession, order: Order, event: OrderReported) -> Recorded:
    before = order.amount_fen - order.refunded_fen
    told = Recorded(order, new=False, customer_id=order.customer_id, first=False, delta_fen=0)
    worth = _worth(order, event)
    if not await _enter(session, order, event, worth):
        return told
    if event.kind is OrderKind.PAID:
        await _pay(session, order, event)
    else:
        order.refunded_fen -= worth
    order.state = state_after(order, event.kind)
    await session.flush()
    first = event.kind is OrderKind.PAID and await _is_first(session, order)
    after = order.amount_fen - order.refunded_fen
    return replace(told, new=True, first=first, delta_fen=after - before)


def _worth(order: Order, event: OrderReported) -> int:
    if event.kind is OrderKind.PAID:
        return event.amount_fen
    if event.kind is OrderKind.COMPLETED:
        return 0
    return -taken_back(order, event.kind, event.amount_fen)


async def _enter(
    session: AsyncSession, order: Order, event: OrderReported, worth_fen: int
) -> bool:
    """Write the event down; False when it stood there before."""
    insert = upsert(session, OrderEntry).values(
        order_id=order.id,
        customer_id=order.customer_id,
        kind=event.kind.value,
        ref=entry_ref(event.kind, event.refund_no, event.at),
        at=event.at,
        amount_fen=worth_fen,
    )
    new = await session.scalars(insert.on_conflict_do_nothing().returning(OrderEntry.id))
    return new.first() is not None


async def _pay(session: AsyncSession, order: Order, event: OrderReported) -> None:
    """Money came in; what was taken back before it was known is fitted into it."""
    earlier = select(OrderEntry).where(
        OrderEntry.order_id == order.id, OrderEntry.kind.in_(("refunded", "cancelled"))
    )
    taken = share_out((await session.scalars(earlier)).all(), event.amount_fen)
    await _keep_lines(session, order, event)
    if event.amount_fen > 0:
        await _has_bought(session, order.customer_id, event.at)
    order.paid_at, order.amount_fen = event.at, event.amount_fen
    order.refunded_fen = taken


async def _keep_lines(session: AsyncSession, order: Order, event: OrderReported) -> None:
    rows: list[dict[str, Any]] = [
        {
            "order_id": order.id,
            "ordinal": ordinal,
            "sku": line.sku,
            "name": line.name,
            "category": line.category,
            "quantity": line.quantity,
            "amount_fen": line.amount_fen,
        }
        for ordinal, line in enumerate(event.lines)
    ]
    if rows:
        await session.execute(upsert(session, OrderLine).on_conflict_do_nothing(), rows)


async def _is_first(session: AsyncSession, order: Order) -> bool:
    if order.customer_id is None or order.amount_fen == 0:
        return False
    other = exists().where(
        Order.customer_id == order.customer_id,
        Order.id != order.id,
        Order.paid_at.is_not(None),
        Order.amount_fen > 0,
    )
    return not await session.scalar(select(other))


async def _has_bought(session: AsyncSession, customer_id: int | None, at: datetime) -> None:
    hers = Customer.id == customer_id
    await session.execute(
        update(Customer)
        .where(hers, Customer.stage.in_(BEFORE_BUYING))
        .values(stage="buys", stage_inferred=Customer.stage != BEFORE_BUYING[-1])
    )
    await session.execute(
        update(Customer)
        .where(hers, func.coalesce(Customer.last_active_at < at, True))
        .values(last_active_at=at)
    )
