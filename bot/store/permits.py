"""Permits to call the platforms: a handful at a time, in one transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from bot.domain.pacing import Asked, CallPermit, Handful, Shut, take
from bot.store.engine import Sessions, upsert


class SqlPermits:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def take(
        self, asked: Sequence[Asked], *, owner: str, now: datetime, real: float
    ) -> Mapping[str, Handful | Shut]:
        """A handful of each; or nothing is taken, and those are told that are shut."""
        by_key = {one.key: one for one in asked}
        keys = sorted(by_key)  # everybody in the same order, so that nobody waits for each other
        locked = select(CallPermit).where(CallPermit.key.in_(keys)).order_by(CallPermit.key)
        async with self._sessions.begin() as session:
            new = [{"key": key, "taken": {}} for key in keys]
            await session.execute(upsert(session, CallPermit).on_conflict_do_nothing(), new)
            rows = (await session.scalars(locked.with_for_update())).all()
            told = {
                row.key: take(row.taken, by_key[row.key], owner=owner, now=now, real=real)
                for row in rows
            }
            shut = {key: found for key, (_, found) in told.items() if isinstance(found, Shut)}
            if shut:
                return shut
            for row in rows:
                row.taken = told[row.key][0]
        return {key: found for key, (_, found) in told.items()}
