"""One row of a file into what it says, or into the problem with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from bot.domain.imports import OrderRow, Person, PersonRow, ProductRow
from bot.inbound.imports.columns import IDS, Columns
from bot.inbound.imports.report import Problem
from bot.inbound.imports.values import (
    Moments,
    Unusable,
    birthday,
    clean,
    fen,
    gender,
    phone,
    quantity,
    status,
)

T = TypeVar("T")
LONGEST_ID = 200
LONGEST_TEXT = 1000


class BadCell(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.why)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class RowReader:
    """Raises BadCell for a row that cannot be used."""

    columns: Columns
    moments: Moments

    def orders(self, number: int, cells: Sequence[str]) -> list[OrderRow]:
        """Usually one; two for an order that was paid and given back; none for one that was never paid."""
        meaning = status(self._text(cells, "status"))
        if meaning == "unpaid":
            return []
        at = self._read(number, cells, "at", self.moments.read).astimezone(UTC)
        amount = self._amount(number, cells)
        if meaning == "refund":
            amount = -abs(amount)
        row = self._order(number, cells, at, amount)
        back = 0
        if meaning == "given_back" and amount > 0:
            back = amount
        elif amount > 0 and self._text(cells, "refund"):
            back = min(abs(self._read(number, cells, "refund", fen)), amount)
        if not back:
            return [row]
        ref = self._text(cells, "refund_no") or at.isoformat()
        return [row, row._replace(kind="refunded", ref=ref, amount=-back, quantity=0)]

    def customer(self, number: int, cells: Sequence[str]) -> PersonRow:
        person = self._person(number, cells)
        born = self._text(cells, "birthday")
        return PersonRow(
            number=number,
            person=person,
            gender=gender(self._text(cells, "gender")),
            birthday=self._read(number, cells, "birthday", birthday) if born else None,
            region=self._text(cells, "region"),
            address=self._text(cells, "address"),
            cells=tuple(cells),
        )

    def product(self, number: int, cells: Sequence[str]) -> ProductRow:
        price = self._text(cells, "price")
        return ProductRow(
            number=number,
            sku=self._required(number, cells, "sku"),
            name=self._required(number, cells, "name"),
            category=self._text(cells, "category"),
            price=self._read(number, cells, "price", fen) if price else 0,
            same_as=self._text(cells, "same_as"),
            cells=tuple(cells),
        )

    def _order(self, number: int, cells: Sequence[str], at: datetime, amount: int) -> OrderRow:
        person = self._person(number, cells)
        order_no = self._text(cells, "order_no")
        if not order_no:
            if "order_no" in self.columns.place:
                raise self._bad(number, "order_no", "", "没有写")
            # A file without order numbers: what one customer bought at one moment is one order.
            order_no = f"{person.ids[0][1]}@{at.isoformat()}"
        refunded = amount < 0
        ref = (self._text(cells, "refund_no") or at.isoformat()) if refunded else ""
        return OrderRow(
            number=number,
            order_no=order_no,
            person=person,
            kind="refunded" if refunded else "paid",
            ref=ref,
            at=at,
            amount=amount,
            sku=self._text(cells, "sku"),
            name=self._text(cells, "name"),
            category=self._text(cells, "category"),
            quantity=self._read(number, cells, "quantity", quantity)
            if "quantity" in self.columns.place
            else 1,
            store=self._text(cells, "store"),
            guide=self._text(cells, "guide"),
            channel=self._text(cells, "channel"),
            cells=tuple(cells),
        )

    def _amount(self, number: int, cells: Sequence[str]) -> int:
        if "amount" in self.columns.place:
            return self._read(number, cells, "amount", fen)
        pieces = self._read(number, cells, "quantity", quantity)
        return pieces * self._read(number, cells, "price", fen)

    def _person(self, number: int, cells: Sequence[str]) -> Person:
        ids: list[tuple[str, str]] = []
        for kind in IDS:
            value = self._text(cells, kind)
            if not value:
                continue
            if len(value) > LONGEST_ID:
                raise self._bad(number, kind, value, "太长")
            if kind == "phone":
                value = self._phone(number, cells, others=bool(ids))
            if value:
                ids.append((kind, value))
        if not ids:
            column = next(kind for kind in IDS if kind in self.columns.place)
            raise self._bad(number, column, "", "没有写是哪位顾客")
        return Person(tuple(ids), self._text(cells, "person"))

    def _phone(self, number: int, cells: Sequence[str], *, others: bool) -> str:
        """A masked phone is left out where another id names the customer."""
        if others and "*" in self._text(cells, "phone"):
            return ""
        return self._read(number, cells, "phone", phone)

    def _text(self, cells: Sequence[str], field: str) -> str:
        at = self.columns.place.get(field)
        return clean(cells[at])[:LONGEST_TEXT] if at is not None and at < len(cells) else ""

    def _required(self, number: int, cells: Sequence[str], field: str) -> str:
        found = self._text(cells, field)
        if not found:
            raise self._bad(number, field, "", "没有写")
        return found

    def _read(self, number: int, cells: Sequence[str], field: str, read: Callable[[str], T]) -> T:
        text = self._text(cells, field)
        try:
            return read(text)
        except Unusable as wrong:
            raise self._bad(number, field, text, str(wrong)) from None

    def _bad(self, number: int, field: str, content: str, why: str) -> BadCell:
        return BadCell(Problem(number, self.columns.named(field), content[:50], why))
