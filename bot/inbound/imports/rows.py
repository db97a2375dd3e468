"""One row of a file into what it says, or into the problem with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from bot.domain.imports import OrderRow, Person, PersonRow, ProductRow
from bot.inbound.imports.columns import IDS, KINDS, Columns
from bot.inbound.imports.moments import Moments
from bot.inbound.imports.report import Problem
from bot.inbound.imports.values import (
    Unusable,
    birthday,
    clean,
    fen,
    gender,
    phone,
    quantity,
    status,
    yes,
)
from bot.tongue import _

T = TypeVar("T")
ANNOUNCED = timedelta(days=730)
LONGEST_ID = 200
LONGEST_TEXT = 1000


class BadCell(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.why)
        self.problem = problem


class Told(dict[str, str]):
    """What a row says in each field; nothing where it says nothing."""

    number: int
    cells: Sequence[str]


NOTHING = dict.fromkeys((field for fields in KINDS.values() for field in fields), "")


@dataclass(frozen=True, slots=True)
class RowReader:
    """Raises BadCell for a row that cannot be used."""

    columns: Columns
    moments: Moments

    @property
    def _ahead(self) -> Moments:
        """What goes on sale may be announced long before."""
        return replace(self.moments, now=self.moments.now + ANNOUNCED)

    def orders(self, number: int, cells: Sequence[str]) -> list[OrderRow]:
        """Usually one; two for an order that was paid and given back; none for one that was never paid."""
        told = self._told(number, cells)
        meaning = status(told["status"])
        if meaning == "unpaid":
            return []
        at = self._read(told, "at", self.moments.read)
        amount = self._amount(told)
        if meaning == "refund":
            amount = -abs(amount)
        row = self._order(told, at, amount)
        back = 0
        if meaning == "given_back" and amount > 0:
            back = amount
        elif amount > 0 and told["refund"]:
            back = min(abs(self._read(told, "refund", fen)), amount)
        if not back:
            return [row]
        ref = told["refund_no"] or at.isoformat()
        return [row, row._replace(kind="refunded", ref=ref, amount=-back, quantity=0)]

    def customer(self, number: int, cells: Sequence[str]) -> PersonRow:
        told = self._told(number, cells)
        person = self._person(told)
        born = told["birthday"]
        return PersonRow(
            number=told.number,
            person=person,
            gender=gender(told["gender"]),
            birthday=self._read(told, "birthday", birthday) if born else None,
            region=told["region"],
            address=told["address"],
            agreed=self._read(told, "agreed", yes) if told["agreed"] else None,
            agreed_at=self._read(told, "agreed_at", self.moments.read)
            if told["agreed_at"]
            else None,
            cells=tuple(told.cells),
        )

    def product(self, number: int, cells: Sequence[str]) -> ProductRow:
        told = self._told(number, cells)
        price = told["price"]
        return ProductRow(
            number=told.number,
            sku=self._required(told, "sku"),
            name=self._required(told, "name"),
            category=told["category"],
            price=self._read(told, "price", fen) if price else 0,
            listed_at=self._read(told, "listed_at", self._ahead.read)
            if told["listed_at"]
            else None,
            same_as=told["same_as"],
            style=told["style"],
            series=told["series"],
            stock=max(self._read(told, "stock", quantity), 0) if told["stock"] else None,
            cells=tuple(told.cells),
        )

    def _order(self, told: Told, at: datetime, amount: int) -> OrderRow:
        person = self._person(told)
        order_no = told["order_no"]
        if not order_no:
            if "order_no" in self.columns.place:
                raise self._bad(told, "order_no", "", _("没有写"))
            # A file without order numbers: what one customer bought at one moment is one order.
            order_no = f"{person.ids[0][1]}@{at.isoformat()}"
        refunded = amount < 0
        ref = (told["refund_no"] or at.isoformat()) if refunded else ""
        many = self._read(told, "quantity", quantity) if "quantity" in self.columns.place else 1
        # By place: to name all fifteen takes more than twice as long.
        return OrderRow(
            told.number,
            order_no,
            person,
            "refunded" if refunded else "paid",
            ref,
            at,
            amount,
            told["sku"],
            told["name"],
            told["category"],
            many,
            told["store"],
            told["guide"],
            told["channel"],
            tuple(told.cells),
        )

    def _amount(self, told: Told) -> int:
        if "amount" in self.columns.place:
            return self._read(told, "amount", fen)
        pieces = self._read(told, "quantity", quantity)
        return pieces * self._read(told, "price", fen)

    def _person(self, told: Told) -> Person:
        ids: list[tuple[str, str]] = []
        for kind in IDS:
            value = told[kind]
            if not value:
                continue
            if len(value) > LONGEST_ID:
                raise self._bad(told, kind, value, _("太长"))
            if kind == "phone":
                value = self._phone(told, others=bool(ids))
            if value:
                ids.append((kind, value))
        if not ids:
            column = next(kind for kind in IDS if kind in self.columns.place)
            raise self._bad(told, column, "", _("没有写是哪位顾客"))
        return Person(tuple(ids), told["person"])

    def _phone(self, told: Told, *, others: bool) -> str:
        """A masked phone is left out where another id names the customer."""
        if others and "*" in told["phone"]:
            return ""
        return self._read(told, "phone", phone)

    def _told(self, number: int, cells: Sequence[str]) -> Told:
        told = Told(NOTHING)
        told.number, told.cells = number, cells
        width = len(cells)
        for field, at in self.columns.place.items():
            if at < width and (cell := cells[at]):
                text = cell.strip() if cell.isprintable() else clean(cell)
                told[field] = text[:LONGEST_TEXT]
        return told

    def _required(self, told: Told, field: str) -> str:
        found = told[field]
        if not found:
            raise self._bad(told, field, "", _("没有写"))
        return found

    def _read(self, told: Told, field: str, read: Callable[[str], T]) -> T:
        text = told[field]
        try:
            return read(text)
        except Unusable as wrong:
            raise self._bad(told, field, text, str(wrong)) from None

    def _bad(self, told: Told, field: str, content: str, why: str) -> BadCell:
        return BadCell(Problem(told.number, self.columns.named(field), content[:50], why))
