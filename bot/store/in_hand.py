"""Who has which events in hand, noted before they are handled: one whose handling kills its process is found by that.

Only one drain is at work, on the oldest events. Whoever finds somebody else's note on an event that still waits
knows that he did not live to handle it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from bot.domain.delivery import Kept

MOST_DEATHS = 3
"""After so many deaths of those who had it in hand, an event is what kills them: it is parked."""
REASON = "dies_with_it"

_OLDEST = "SELECT id, owner, crashes FROM inbox WHERE state = 'kept' ORDER BY id LIMIT ?"
_NOTE_HERE = "UPDATE inbox SET owner = ?, crashes = ? WHERE state = 'kept' AND id BETWEEN ? AND ?"
_LET_GO = text("UPDATE inbox SET owner = NULL WHERE state = 'kept' AND owner = :owner")
_NOTE = text("UPDATE inbox SET owner = :owner, crashes = :deaths WHERE id = ANY(:ids)")


Event = TypeVar("Event")


def deaths(noted: Kept, owner: str) -> int:
    """How many died with it in hand."""
    return _died((noted.id, noted.owner, noted.crashes), owner)


def steady(waiting: Sequence[Event], count: Callable[[Event], int]) -> Sequence[Event]:
    """Those before the first that somebody died with."""
    return list(takewhile(lambda one: not count(one), waiting))


def next_of(waiting: Sequence[Event], count: Callable[[Event], int]) -> Sequence[Event]:
    """What to take in hand at once: whatever somebody died with goes alone, and all who come before it together."""
    return steady(waiting, count) or waiting[:1]


async def note(
    connection: AsyncConnection, ids: Sequence[int], *, owner: str, deaths: int
) -> None:
    """For good, while the transaction that handles them is open on another connection. Not for SQLite."""
    await connection.execute(_NOTE, {"owner": owner, "deaths": deaths, "ids": list(ids)})


async def let_go(session: AsyncSession, *, owner: str) -> None:
    """Of whatever waits still: he that had it in hand is alive."""
    await session.execute(_LET_GO, {"owner": owner})


async def note_next(connection: AsyncConnection, *, owner: str, limit: int) -> int:
    """Take up what is next, on SQLite, where nobody could note anything while another transaction is open. How many."""
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    many: int = await driver.run(_note_here, driver.plain, owner, limit)
    return many


def _note_here(plain: sqlite3.Connection, owner: str, limit: int) -> int:
    plain.execute("BEGIN IMMEDIATE")
    try:
        taken = next_of(plain.execute(_OLDEST, (limit,)).fetchall(), lambda row: _died(row, owner))
        if taken:
            died = _died(taken[0], owner)
            plain.execute(_NOTE_HERE, (owner, died, taken[0][0], taken[-1][0]))
        plain.execute("COMMIT")
    except BaseException:
        if plain.in_transaction:
            plain.execute("ROLLBACK")
        raise
    return len(taken)


def _died(row: tuple[int, str | None, int], owner: str) -> int:
    return row[2] + (row[1] not in (None, owner))
