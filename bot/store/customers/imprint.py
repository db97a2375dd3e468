"""What a merge changes in rows that do not simply move, so that undoing it restores them byte for byte."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Touch
from bot.domain.consent import ConsentState
from bot.domain.customers import Customer, Follow, Secret
from bot.domain.delivery import GuideTask
from bot.domain.mapping import Row
from bot.domain.points import PointsAccount
from bot.domain.tiers import CustomerTier, PurchaseStats, TierMove
from bot.store.engine import table_of

NUMBERS: tuple[type[Row], ...] = (PurchaseStats, CustomerTier, TierMove)
"""Made of orders: restored together, or counted anew when orders came since."""
STATES: tuple[type[Row], ...] = (
    Customer,
    Secret,
    ConsentState,
    PointsAccount,
    Follow,
    GuideTask,
    *NUMBERS,
)
CHUNK = 400
BYTES, MOMENT = "bytes", "at"
KEY = "wrapped_key"
"""Never copied: with a person's key erased, nothing of hers may be readable anywhere."""

Rows = dict[str, dict[str, Any]]
"""A row by the words of its primary key."""
Imprint = dict[str, Rows]
Changes = dict[str, list[list[Any]]]
"""Per table: [before, after] of each row that changed; None where there was none."""


async def imprint(
    session: AsyncSession, customer_ids: Collection[int], tables: Collection[str]
) -> Imprint:
    """These people's rows as they are now, written so that JSON keeps them: as far as a record with rows
    in these tables can change them."""
    await session.flush()
    numbers = set(map(_named, NUMBERS))
    wanted = {"customer", *tables}
    if wanted & {"shop_order", *numbers}:
        wanted |= numbers
    found = {}
    for entity in STATES:
        table = table_of(entity)
        if table.name not in wanted:
            continue
        whose = table.c.id if entity is Customer else table.c.customer_id
        found[table.name] = await _rows(session, table, whose.in_(customer_ids))
    return found


def changes(before: Imprint, after: Imprint) -> Changes:
    told: Changes = {}
    for table, rows in before.items():
        names = rows.keys() | after[table].keys()
        pairs = [[rows.get(name), after[table].get(name)] for name in sorted(names)]
        told[table] = [[was, became] for was, became in pairs if was != became]
    return told


async def untouched(session: AsyncSession, made: Changes) -> Changes:
    """Those of the changes that still stand as the merge left them."""
    found: Changes = {}
    for entity in STATES:
        table = table_of(entity)
        pairs = made.get(table.name, [])
        if not pairs:
            found[table.name] = []
            continue
        rows = await _now(session, table, [was or became for was, became in pairs])
        found[table.name] = [
            pair for pair in pairs if rows.get(_name(table, pair[0] or pair[1])) == pair[1]
        ]
    if any(len(found[t]) != len(made.get(t, [])) for t in map(_named, NUMBERS)):
        found |= {name: [] for name in map(_named, NUMBERS)}
    return found


def has_numbers(made: Changes) -> bool:
    return any(made[name] for name in map(_named, NUMBERS))


async def restore(session: AsyncSession, made: Changes) -> None:
    """Every row of these changes becomes what it was before."""
    await session.flush()
    for entity in STATES:
        table = table_of(entity)
        for was, became in made.get(table.name, []):
            here = _is(table, was or became)
            if was is None:
                await session.execute(delete(table).where(here))
            elif await _there(session, table, here):
                await session.execute(update(table).where(here).values(_read(was)))
            else:
                await session.execute(insert(table).values(_read(was)))
        await _reread(session, entity, made.get(table.name, []))


async def _reread(session: AsyncSession, entity: type[Row], pairs: list[list[Any]]) -> None:
    """Loaded rows learn what was written behind their back."""
    table = table_of(entity)
    gone = {_name(table, became) for was, became in pairs if was is None}
    names = {_name(table, was or became) for was, became in pairs}
    keys = [column.name for column in table.primary_key.columns]
    for row in [row for row in session if isinstance(row, entity)]:
        name = "|".join(str(getattr(row, key)) for key in keys)
        if name in gone:
            session.expunge(row)
        elif name in names:
            await session.refresh(row)


async def planned(session: AsyncSession, customer_ids: Collection[int]) -> list[int]:
    """What is still to be said to these people."""
    waiting = (Touch.customer_id.in_(customer_ids), Touch.state == "planned")
    return list(await session.scalars(select(Touch.id).where(*waiting)))


async def cancelled(session: AsyncSession, touch_ids: Sequence[int]) -> list[int]:
    """Which of them the merge stopped, because the other record had refused."""
    stopped = (Touch.id.in_(touch_ids), Touch.state == "cancelled")
    return list(await session.scalars(select(Touch.id).where(*stopped))) if touch_ids else []


async def plan_again(session: AsyncSession, touch_ids: Sequence[int], *, now: datetime) -> None:
    """What was stopped by the other one's refusal alone is to be said after all, unless its time has passed."""
    stopped = (Touch.id.in_(touch_ids), Touch.state == "cancelled", Touch.reason == "opted_out")
    if touch_ids:
        await session.execute(
            update(Touch)
            .where(*stopped, Touch.due_at > now)
            .values(state="planned", reason=None, settled_at=None)
        )


async def _now(session: AsyncSession, table: Table, rows: Sequence[dict[str, Any]]) -> Rows:
    found: Rows = {}
    for start in range(0, len(rows), CHUNK):
        part = or_(*(_is(table, row) for row in rows[start : start + CHUNK]))
        found |= await _rows(session, table, part)
    return found


async def _rows(session: AsyncSession, table: Table, which: Any) -> Rows:
    told = [column for column in table.columns if column.name != KEY]
    rows = (await session.execute(select(*told).where(which))).mappings()
    return {
        _name(table, row): {name: _written(value) for name, value in row.items()} for row in rows
    }


async def _there(session: AsyncSession, table: Table, here: Any) -> bool:
    return await session.scalar(select(1).select_from(table).where(here)) is not None


def _is(table: Table, row: dict[str, Any]) -> Any:
    return and_(*(column == _spoken(row[column.name]) for column in table.primary_key.columns))


def _named(entity: type[Row]) -> str:
    return table_of(entity).name


def _name(table: Table, row: Mapping[Any, Any]) -> str:
    return "|".join(str(row[column.name]) for column in table.primary_key.columns)


def _read(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _spoken(value) for name, value in row.items()}


def _written(value: Any) -> Any:
    if isinstance(value, bytes):
        return {BYTES: value.hex()}
    return {MOMENT: value.isoformat()} if isinstance(value, datetime) else value


def _spoken(value: Any) -> Any:
    match value:
        case {"bytes": written}:
            return bytes.fromhex(written)
        case {"at": written}:
            return datetime.fromisoformat(written)
    return value
