"""What is written down is read back as it was."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.events import Buyer, OrderKind, OrderReported, dump, load


def test_an_event_with_a_kind_of_its_own_is_read_back():
    order = OrderReported(
        at=datetime(2026, 3, 12, 2, tzinfo=UTC),
        source="pos",
        event_id="1",
        kind=OrderKind.PAID,
        order_no="A1",
        amount_fen=100,
        buyer=Buyer(phone="13800000000"),
    )
    assert load(dump(order)) == order
