"""Rows of an imported file, and what of them is missing in what is known already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

FILE_LINES = 1 << 32
"""Ordinals from here on are made of content; reported orders count their lines from 0."""


class Person(NamedTuple):
    ids: tuple[tuple[str, str], ...]
    """(kind, value), the most telling first; phones in clear."""
    name: str = ""


class OrderRow(NamedTuple):
    """One row: a line of an order, or all of it."""

    number: int
    order_no: str
    person: Person
    kind: str
    """paid or refunded."""
    ref: str
    at: datetime
    amount: int
    """Signed fen."""
    sku: str
    name: str
    category: str
    quantity: int
    store: str
    guide: str
    channel: str
    cells: tuple[str, ...]


class PersonRow(NamedTuple):
    number: int
    person: Person
    gender: int
    birthday: tuple[int, str] | None
    region: str
    address: str
    agreed: bool | None
    """To be sent offers; None where the file does not say."""
    agreed_at: datetime | None
    cells: tuple[str, ...]


class ProductRow(NamedTuple):
    number: int
    sku: str
    name: str
    category: str
    price: int
    listed_at: datetime | None
    same_as: str
    style: str
    series: str
    stock: int | None
    cells: tuple[str, ...]


@dataclass(slots=True)
class KnownOrder:
    """What the database holds of one order."""

    id: int
    amount_fen: int
    refunded_fen: int
    customer_id: int | None = None
    entries: list[tuple[str, str, int]] = field(default_factory=list)
    """Kind, ref, signed amount."""
    ordinals: set[int] = field(default_factory=set)

    @property
    def has_file_lines(self) -> bool:
        return any(ordinal >= FILE_LINES for ordinal in self.ordinals)


def paid_and_refunded(rows: Sequence[OrderRow]) -> tuple[int, int]:
    paid = refunded = 0
    for row in rows:
        if row.kind == "paid":
            paid += row.amount
        else:
            refunded -= row.amount
    return paid, refunded


def worth_lines(rows: Sequence[OrderRow]) -> bool:
    """An order of one row that names no goods has no lines beside its sum."""
    first = rows[0]
    if len(rows) == 1:
        return bool(first.sku or first.name)
    return any(row.sku or row.name or row.number != first.number for row in rows)


def numbered(rows: Sequence[OrderRow]) -> Iterator[tuple[int, OrderRow]]:
    """Each row with its ordinal: the same line again in the same order is another line, in another file it is not."""
    seen: dict[str, int] = {}
    for row in rows:
        content = repr((row.kind, row.at.timestamp(), row.sku, row.name, row.quantity, row.amount))
        seen[content] = again = seen.get(content, 0) + 1
        digest = blake2b(f"{content}{again}".encode(), digest_size=8).digest()
        yield (int.from_bytes(digest, "big") >> 1) | FILE_LINES, row


def missing(rows: Sequence[OrderRow], known: KnownOrder) -> list[OrderRow] | None:
    """The rows that the known order lacks; None when the two contradict each other."""
    if paid_and_refunded(rows) == (known.amount_fen, known.refunded_fen):
        return []
    if known.has_file_lines and worth_lines(rows):
        return [row for ordinal, row in numbered(rows) if ordinal not in known.ordinals]
    payments = [row for row in rows if row.kind == "paid"]
    known_payments = [amount for kind, _, amount in known.entries if kind == "paid"]
    if not known_payments:
        return _missing_refunds(rows, known, payments)
    if payments and sum(row.amount for row in payments) != sum(known_payments):
        return None
    return _missing_refunds(rows, known, [])


def _missing_refunds(
    rows: Sequence[OrderRow], known: KnownOrder, lacking: list[OrderRow]
) -> list[OrderRow] | None:
    """A refund is known by its ref. One told in the row of its payment has no moment of its own: by its amount."""
    held = {ref: amount for kind, ref, amount in known.entries if kind == "refunded"}
    paid_in = {row.number for row in rows if row.kind == "paid"}
    told: dict[str, list[OrderRow]] = {}
    for row in rows:
        if row.kind == "refunded":
            told.setdefault(row.ref, []).append(row)
    for ref, refunds in told.items():
        amount = sum(row.amount for row in refunds)
        beside = refunds[0].number in paid_in and amount in held.values()
        if ref not in held and not beside:
            lacking = [*lacking, *refunds]
        elif not beside and held[ref] != amount:
            return None
    return lacking
