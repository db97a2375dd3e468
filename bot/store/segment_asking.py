"""What every condition of a rule may ask with: the moment, whose rows, and how yes and no are turned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CTE, ColumnElement, Select, and_, not_, select
from sqlalchemy.orm import InstrumentedAttribute

from bot.domain.customers import Customer
from bot.domain.orders import Order
from bot.domain.segments import Condition
from bot.store.bulk import scanned
from bot.store.segment_comparing import compare, days_before

HOME = ZoneInfo("Asia/Shanghai")

Clause = ColumnElement[bool]
Who = InstrumentedAttribute[int] | InstrumentedAttribute[int | None]


@dataclass(frozen=True, slots=True)
class Asking:
    now: datetime
    only: frozenset[int] | CTE | None = None
    """Asked about these customers alone, or about those of a list: every inner query is narrowed to them."""

    def those(self, who: Who, *where: Clause, of: Select[Any] | None = None) -> Select[Any]:
        """The customers of some rows."""
        query = (select(who) if of is None else of).where(who.is_not(None), *where)
        if self.only is None:
            return query
        if isinstance(self.only, frozenset):
            return query.where(who.in_(sorted(self.only)))
        return query.where(who.in_(select(self.only.c.id)))

    def whose(self, who: Who) -> Any:
        """The column by which rows are gathered per customer."""
        return who if isinstance(self.only, frozenset) else scanned(who)

    def bought(self, asked: Condition) -> Clause:
        """Paid and not wholly given back, inside the window."""
        paid = self.inside(asked, Order.paid_at)
        return and_(paid, Order.amount_fen > Order.refunded_fen)

    def inside(self, asked: Condition, at: InstrumentedAttribute[Any]) -> Clause:
        """It happened, and not longer ago than the window."""
        until = at <= self.now
        if asked.within_days is None:
            return until
        return and_(until, at > days_before(self.now, asked.within_days))

    def birthday(self, value: Any) -> int:
        return self.now.astimezone(HOME).month if value == "this" else int(value)


def in_(query: Select[Any]) -> Clause:
    return Customer.id.in_(query)


def several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def turned(asked: Condition, found: Clause) -> Clause:
    """Turned round for the operators that deny."""
    return not_(found) if asked.op in ("not_in", "ne", "has_not") else found


def flag(asked: Condition, found: Clause) -> Clause:
    return found if asked.value == (asked.op == "eq") else not_(found)


def sum_of(asked: Condition, who: Any, rows: Select[Any], measure: Any) -> Clause:
    """Per customer, over these rows of hers; nothing counts as 0."""
    if not compare(asked.op, 0, asked.value):
        return in_(rows.group_by(who).having(compare(asked.op, measure, asked.value)))
    # Those without any row fit too: so we look for whom it does not fit.
    return not_(in_(rows.group_by(who).having(not_(compare(asked.op, measure, asked.value)))))
