"""What many people bought before a story begins, written down all at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import count

from sqlalchemy import insert

from bot.domain.customers import Customer
from bot.domain.orders import Order, OrderEntry
from tests.builders import LONG_AGO
from tests.harness import Bot

Purchase = tuple[float, int]
"""Days ago, and fen; what was given back is less than nothing."""
_numbers = count(1)


async def people(bot: Bot, past: Sequence[Sequence[Purchase]]) -> list[int]:
    """One customer for each of these histories, in their order."""
    refs = [{"ref": f"past{next(_numbers)}", "created_at": LONG_AGO} for _ in past]
    made = insert(Customer).returning(Customer.id, sort_by_parameter_order=True)
    async with bot.session() as session:
        ids = list(await session.scalars(made, refs))
    await happened(
        bot,
        ((one, *each) for one, bought in zip(ids, past, strict=True) for each in bought),
    )
    return ids


async def happened(bot: Bot, entries: Iterable[tuple[int, float, int]]) -> None:
    """(customer, days ago, fen): each an order of its own, paid or given back."""
    told = [(who, bot.now - timedelta(days=ago), fen) for who, ago, fen in entries]
    orders = [
        {
            "source": "past",
            "order_no": f"P{next(_numbers)}",
            "customer_id": who,
            "state": "paid",
            "paid_at": at if fen > 0 else None,
            "amount_fen": max(fen, 0),
        }
        for who, at, fen in told
    ]
    made = insert(Order).returning(Order.id, sort_by_parameter_order=True)
    async with bot.session() as session:
        ids = await session.scalars(made, orders)
        rows = [
            {
                "order_id": order,
                "customer_id": who,
                "kind": "paid" if fen > 0 else "refunded",
                "ref": "",
                "at": at,
                "amount_fen": fen,
            }
            for order, (who, at, fen) in zip(ids, told, strict=True)
        ]
        await session.execute(insert(OrderEntry), rows)
