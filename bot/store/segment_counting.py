"""How many customers a rule fits, and nothing else: what somebody waits for while she writes it.

Where one of the conditions lists customers, the others are asked of that list, and nobody's own row is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, Table, and_, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression, ColumnClause

from bot.domain.customers import GONE, Customer
from bot.domain.orders import Order
from bot.domain.segments import Junction, Rule, conditions
from bot.domain.tags import CustomerTag
from bot.store.engine import is_sqlite, table_of
from bot.store.segment_asking import Clause
from bot.store.segment_clauses import Compiler

WHOLE = and_(Customer.merged_into.is_(None), Customer.erased_at.is_(None))
NOBODY = select(Customer.id).where(GONE)
SUMMED = frozenset(
    ("orders.count", "orders.amount", "messages.count", "links.opened", "coupons.used")
)
"""Fields for which all of somebody's rows are gathered."""
ROOM = text("SET LOCAL work_mem = '64MB'")
"""PostgreSQL's own default sorts a hundred thousand marks on disk."""


async def count(session: AsyncSession, rule: Rule, now: datetime) -> int:
    await make_room(session)
    return await session.scalar(_counted(rule, now)) or 0


async def make_room(session: AsyncSession) -> None:
    if not is_sqlite(session):
        await session.execute(ROOM)


def _counted(rule: Rule, now: datetime) -> Select[int]:
    parts = list(_parts(rule))
    summed = [part for part in parts if any(one.field in SUMMED for one in conditions(part))]
    quick = [part for part in parts if part not in summed]
    few = _those([Compiler(now).clause(part) for part in quick or summed])
    if not quick or not summed:
        return select(func.count()).select_from(few.subquery())
    # What is summed per customer is summed of those alone whom the other conditions leave.
    kept = few.cte("few").prefix_with("MATERIALIZED")
    to = Compiler(now, only=kept)
    sums = [_asked_of(kept.c.id, to.clause(part)) for part in summed]
    return select(func.count()).select_from(kept).where(*sums)


def _parts(rule: Rule) -> Iterator[Rule]:
    """What must hold, each by itself."""
    if isinstance(rule, Junction) and rule.word == "all":
        for part in rule.parts:
            yield from _parts(part)
    else:
        yield rule


def _those(clauses: Sequence[Clause]) -> Select[int]:
    """The ids of all whom these fit."""
    lists = [clause for clause in clauses if _listed(clause) is not None]
    if not lists or any(map(_looks_at_her, clauses)):
        return select(Customer.id).where(WHOLE, *clauses)
    first = min(lists, key=_length)
    base = _listed(first).distinct().subquery()
    (who,) = base.c
    rest = [_asked_of(who, clause) for clause in clauses if clause is not first]
    return select(who.label("id")).where(who.not_in(NOBODY), *rest)


def _length(clause: Clause) -> int:
    """Of several lists, which to begin with: tags are shared by few, and orders are several of one customer."""
    tables = [one for one in visitors.iterate(_listed(clause)) if isinstance(one, Table)]
    return max((LONG.get(table.name, 1) for table in tables), default=1)


def _listed(clause: Clause) -> Any:
    """The query of a condition that is a list of customers."""
    if not isinstance(clause, BinaryExpression) or clause.operator is not operators.in_op:
        return None
    rows = clause.right
    return rows.element if _is_her_id(clause.left) and isinstance(rows, ScalarSelect) else None


def _looks_at_her(clause: Clause) -> bool:
    return any(_is_hers(one) and not _is_her_id(one) for one in visitors.iterate(clause))


def _asked_of(who: ColumnElement[Any], clause: Clause) -> Clause:
    """The same condition, of another list of ids than that of all customers."""

    def turned(element: Any, **_: Any) -> Any:
        return who if _is_her_id(element) else None

    adapted: Clause = visitors.replacement_traverse(clause, {}, turned)
    return adapted


def _is_hers(one: Any) -> bool:
    return isinstance(one, ColumnClause) and getattr(one.table, "name", "") == CUSTOMERS


def _is_her_id(one: Any) -> bool:
    return _is_hers(one) and one.name == "id"


CUSTOMERS = table_of(Customer).name
LONG = {table_of(CustomerTag).name: 0, table_of(Order).name: 2}
