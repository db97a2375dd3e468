"""Kept events: stored under the SHA-256 of their plaintext before anybody is answered."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import CursorResult, bindparam, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from bot.domain.delivery import Kept
from bot.domain.mapping import Moment
from bot.store.bulk import moment
from bot.store.engine import is_sqlite, table_of, upsert
from bot.store.tasks import DRAIN
from bot.store.vault import Vault

ABOUT = "inbox.body"
_TURNS = 0x51_59_55_02
"""The lock whose holder handles events; any number that nobody else in this database uses."""


@dataclass(frozen=True)
class Arrival:
    """One body to keep; `source` names the parser that will read it."""

    source: str
    body: bytes

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.source.encode() + b"\0" + self.body).hexdigest()


async def keep(
    session: AsyncSession, vault: Vault, arrivals: Sequence[Arrival], *, now: datetime
) -> set[str]:
    """Store what is new and return the digests of that; what is known already is left alone."""
    rows = [
        {
            "digest": arrival.digest,
            "source": arrival.source,
            "body": vault.seal(arrival.body, about=ABOUT),
            "received_at": now,
            "state": "kept",
            "attempts": 0,
            "crashes": 0,
        }
        for arrival in arrivals
    ]
    # By the table, not the entity: the mapper's own bulk insert costs as much as the rest of a callback.
    table = table_of(Kept)
    insert = upsert(session, table).on_conflict_do_nothing()
    return set(await session.scalars(insert.returning(table.c.digest), rows))


# What the platforms wait for: the same as `keep` and asking for a drain, as one trip to the database. SQLAlchemy's
# own transaction takes four, and each costs as much as believing a callback.
_KEEP = """
INSERT INTO inbox (digest, source, body, received_at, state, attempts, crashes)
VALUES (?, ?, ?, ?, 'kept', 0, 0) ON CONFLICT DO NOTHING
"""
_ASK = f"INSERT INTO task (name, asked) VALUES ('{DRAIN}', 1) ON CONFLICT DO NOTHING"
_KEEP_ALL = text(
    f"""
WITH new AS (
  INSERT INTO inbox (digest, source, body, received_at, state, attempts, crashes)
  SELECT digest, source, body, :now, 'kept', 0, 0
  FROM unnest(CAST(:digests AS text[]), CAST(:sources AS text[]), CAST(:bodies AS bytea[]))
    WITH ORDINALITY AS arrived (digest, source, body, place)
  ORDER BY place
  ON CONFLICT DO NOTHING RETURNING digest
), asked AS (
  INSERT INTO task (name, asked) SELECT '{DRAIN}', 1 WHERE EXISTS (SELECT FROM new)
  ON CONFLICT DO NOTHING
)
SELECT digest FROM new
"""
).bindparams(bindparam("now", type_=Moment))


async def keep_at_once(
    connection: AsyncConnection, vault: Vault, arrivals: Sequence[Arrival], *, now: datetime
) -> set[str]:
    """Keep what is new, durably, and ask for it to be handled; the digests of that. Nothing may be begun before."""
    bodies = [vault.seal(arrival.body, about=ABOUT) for arrival in arrivals]
    digests, sources = [one.digest for one in arrivals], [one.source for one in arrivals]
    if connection.dialect.name != "sqlite":
        told = {"digests": digests, "sources": sources, "bodies": bodies, "now": now}
        return set(await connection.scalars(_KEEP_ALL, told))
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    rows = zip(digests, sources, bodies, [moment(now)] * len(digests), strict=True)
    new: set[str] = await driver.run(_keep_here, driver.plain, list(rows))
    return new


def _keep_here(plain: sqlite3.Connection, rows: Sequence[tuple[str, str, bytes, str]]) -> set[str]:
    plain.execute("BEGIN IMMEDIATE")
    try:
        new = {row[0] for row in rows if plain.execute(_KEEP, row).rowcount}
        if new:
            plain.execute(_ASK)
        plain.execute("COMMIT")
    except BaseException:
        if plain.in_transaction:
            plain.execute("ROLLBACK")
        raise
    return new


async def waiting(
    session: AsyncSession,
    *,
    limit: int,
    until: Arrival | None = None,
    others: Collection[str] = (),
) -> Sequence[Kept]:
    """The oldest events not handled yet, and nobody else's until this transaction ends.

    `until`: only those of its source that came before it (or before any other of these digests), and the event itself.
    """
    await _in_turn(session)
    query = select(Kept).where(Kept.state == "kept").order_by(Kept.id).limit(limit)
    if until is not None:
        these = Kept.digest.in_({until.digest, *others})
        newest = select(func.max(Kept.id)).where(these).scalar_subquery()
        query = query.where(Kept.source == until.source, Kept.id <= newest)
    return (await session.scalars(query)).all()


async def _in_turn(session: AsyncSession) -> None:
    # Two workers would overtake each other within one customer's events. SQLite has one writer anyway.
    if not is_sqlite(session):
        await session.execute(select(func.pg_advisory_xact_lock(_TURNS)))


async def unpark(session: AsyncSession, *, kind: str | None = None) -> int:
    """Put parked events back into the line. Returns how many."""
    anew = {"state": "kept", "reason": None, "owner": None, "crashes": 0}
    query = update(Kept).where(Kept.state == "parked").values(anew)
    if kind is not None:
        query = query.where(Kept.kind == kind)
    result = await session.execute(query)
    return result.rowcount if isinstance(result, CursorResult) else 0


async def counts(session: AsyncSession) -> dict[str, int]:
    rows = await session.execute(select(Kept.state, func.count()).group_by(Kept.state))
    return dict(rows.all())
