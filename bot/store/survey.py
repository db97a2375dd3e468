"""Everything that a rule being written shows, in one statement: how many it fits, each of its conditions by itself,
why some of them could not be reached, who would come and go, three faces and a page of the list.

Every condition is asked once. Who meets it is marked with a bit, and the marks answer all the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer
from bot.domain.quotas import Limits
from bot.domain.segments import Condition, Negation, Rule
from bot.store.roster import ORDERS, PAGE, USUAL, why_not
from bot.store.segment_clauses import Compiler
from bot.store.segment_counting import make_room
from bot.store.segments import WHOLE

MOST_BITS = 60
FACES = 3
MARKED, REASON, LISTED, FACE, FOUND = range(5)
"""What a row of the answer tells."""
Bits = dict[Any, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked of whom."""

    rule: Rule
    rows: Sequence[Rule]
    """Conditions to be counted by themselves."""
    within: ColumnElement[bool]
    """Whom the actor may see at all."""
    live: Rule | None = None
    shown: Rule | None = None
    """Whom the list shows, where that is not the rule itself."""
    also: ColumnElement[bool] | None = None
    """What else narrows the list and is no rule."""
    why: str | None = None
    order: str = USUAL
    skip: int = 0
    size: int = PAGE


@dataclass(slots=True)
class Survey:
    everybody: int = 0
    hits: list[int] = field(default_factory=list)
    total: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """Of those whom the rule fits; "" counts whom one could reach."""
    joins: int = 0
    leaves: int = 0
    found: int = 0
    listed: list[int] = field(default_factory=list)
    faces: list[int] = field(default_factory=list)


async def survey(session: AsyncSession, wish: Wish, limits: Limits, now: datetime) -> Survey:
    await make_room(session)
    bits = _bits(wish)
    whole = select(func.count()).select_from(Customer).where(WHOLE, wish.within)
    told = Survey(everybody=await session.scalar(whole) or 0)
    rows: dict[int, list[tuple[int, str, int]]] = {kind: [] for kind in range(5)}
    for kind, *row in await session.execute(_statement(wish, bits, limits, now)):
        rows[kind].append((row[0], row[1], row[2]))
    told.reasons = Counter({word: count for _, word, count in rows[REASON]})
    told.found = sum(count for _, _, count in rows[FOUND])
    for kind, place in ((LISTED, told.listed), (FACE, told.faces)):
        place += [number for number, _, _ in sorted(rows[kind], key=lambda row: row[2])]
    marked = Counter({mask: count for mask, _, count in rows[MARKED] if mask})
    marked[0] = told.everybody - sum(marked.values())
    _sum_up(told, wish, bits, marked)
    return told


def _sum_up(told: Survey, wish: Wish, bits: Bits, marked: Mapping[int, int]) -> None:
    def those(fits: Any) -> int:
        return sum(count for mask, count in marked.items() if fits(mask))

    told.hits = [those(lambda mask, row=row: _holds(row, bits, mask)) for row in wish.rows]
    told.total = those(lambda mask: _holds(wish.rule, bits, mask))
    if (live := wish.live) is not None:
        told.joins = those(lambda m: _holds(wish.rule, bits, m) and not _holds(live, bits, m))
        told.leaves = those(lambda m: _holds(live, bits, m) and not _holds(wish.rule, bits, m))


def _bits(wish: Wish) -> Bits:
    """A bit for each condition; too many of them are asked as whole rules."""
    rules = [rule for rule in (wish.rule, wish.live, wish.shown, *wish.rows) if rule is not None]
    found: Bits = {}
    for rule in rules:
        for one in _atoms(rule):
            found.setdefault(_name(one), len(found))
    if len(found) <= MOST_BITS:
        return found
    return {_name(rule): place for place, rule in enumerate(rules)}


def _atoms(rule: Rule) -> Iterator[Condition]:
    if isinstance(rule, Condition):
        yield rule
        return
    for part in (rule.part,) if isinstance(rule, Negation) else rule.parts:
        yield from _atoms(part)


def _name(rule: Rule) -> str:
    """The same question wherever it stands has the same name."""
    if isinstance(rule, Condition):
        return repr((rule.field, rule.op, rule.value, rule.within_days))
    return repr(rule)


def _holds(rule: Rule, bits: Bits, mask: int) -> bool:
    if (place := bits.get(_name(rule))) is not None:
        return bool(mask >> place & 1)
    if isinstance(rule, Condition):
        raise KeyError(rule.field)
    if isinstance(rule, Negation):
        return not _holds(rule.part, bits, mask)
    each = (_holds(part, bits, mask) for part in rule.parts)
    return all(each) if rule.word == "all" else any(each)


def _says(rule: Rule, bits: Bits, mask: ColumnElement[int]) -> ColumnElement[bool]:
    """The same over a column of marks."""
    if (place := bits.get(_name(rule))) is not None:
        return mask.op("&", return_type=BigInteger())(1 << place) != 0
    if isinstance(rule, Condition):
        raise KeyError(rule.field)
    if isinstance(rule, Negation):
        return not_(_says(rule.part, bits, mask))
    parts = [_says(part, bits, mask) for part in rule.parts]
    return and_(true(), *parts) if rule.word == "all" else or_(false(), *parts)


def _statement(wish: Wish, bits: Bits, limits: Limits, now: datetime) -> Any:
    marks = _marks(wish, bits, now)
    mask = marks.c.mask
    fits = _says(wish.rule, bits, mask)
    shown = _says(wish.shown, bits, mask) if wish.shown is not None else fits
    found = (
        select(
            marks.c.id,
            _flag(fits).label("fits"),
            _flag(and_(shown, wish.also) if wish.also is not None else shown).label("shown"),
            why_not(limits, now).label("reason"),
        )
        .join(Customer, Customer.id == marks.c.id)
        .where(or_(fits, shown))
        .cte("found")
        .prefix_with("MATERIALIZED")
    )
    listed = found.c.shown == 1
    if wish.why is not None:
        listed = and_(listed, found.c.reason == wish.why)
    none = literal("", String)
    number = func.count()
    return union_all(
        _row(MARKED, mask, none, number).select_from(marks).group_by(mask),
        _row(REASON, literal(0), found.c.reason, number)
        .where(found.c.fits == 1)
        .group_by(found.c.reason),
        _row(FOUND, literal(0), none, number).select_from(found).where(listed),
        _several(LISTED, _page(found, listed, wish)),
        _several(FACE, _faces(found)),
    )


def _marks(wish: Wish, bits: Bits, now: datetime) -> CTE:
    """Who meets what. Whoever meets nothing is left out, unless that is what is asked for."""
    asked: dict[str, Rule] = {}
    for rule in (wish.rule, wish.live, wish.shown, *wish.rows):
        if rule is not None:
            for one in (rule, *_atoms(rule)):
                asked.setdefault(_name(one), one)
    compiler = Compiler(now)
    base = (WHOLE, wish.within)
    branches = [
        _marked(1 << place).where(*base, compiler.clause(asked[name]))
        for name, place in bits.items()
    ]
    wanted = [rule for rule in (wish.rule, wish.shown) if rule is not None]
    if not branches or any(_holds(rule, bits, 0) for rule in wanted):
        branches.append(_marked(0).where(*base))
    each = union_all(*branches).subquery()
    total = cast(func.sum(each.c.bit), BigInteger).label("mask")
    return select(each.c.id, total).group_by(each.c.id).cte("marks").prefix_with("MATERIALIZED")


def _marked(bit: int) -> Select[int, int]:
    return select(Customer.id.label("id"), cast(literal(bit), BigInteger).label("bit"))


def _flag(clause: ColumnElement[bool]) -> ColumnElement[int]:
    return case((clause, 1), else_=0)


def _row(kind: int, number: Any, word: Any, count: Any) -> Select[Any]:
    return select(literal(kind), cast(number, BigInteger), word, cast(count, BigInteger))


def _several(kind: int, chosen: Select[Any]) -> Select[Any]:
    """A few ids in their order."""
    these = chosen.subquery()
    return _row(kind, these.c.id, literal("", String), these.c.place)


def _page(found: CTE, listed: ColumnElement[bool], wish: Wish) -> Select[Any]:
    of, column = ORDERS.get(wish.order.lstrip("-"), ORDERS[USUAL.lstrip("-")])
    sorted_by = (column.desc() if wish.order.startswith("-") else column.asc()).nulls_last()
    key = of.id if of is Customer else of.customer_id
    place = func.row_number().over(order_by=(sorted_by, found.c.id)).label("place")
    query = select(found.c.id, place).select_from(found).outerjoin(of, key == found.c.id)
    return query.where(listed).order_by(sorted_by, found.c.id).offset(wish.skip).limit(wish.size)


def _faces(found: CTE) -> Select[Any]:
    """Spread over the years in which they came, the same ones each time."""
    spread = (found.c.id * 7919) % 10_007
    place = func.row_number().over(order_by=(spread, found.c.id)).label("place")
    query = select(found.c.id, place).where(found.c.fits == 1)
    return query.order_by(spread, found.c.id).limit(FACES)
