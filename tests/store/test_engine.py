"""Every connection is prepared once, and stays so whatever is rolled back on it."""

from __future__ import annotations

from sqlalchemy import text

KEPT = {"sqlite": ("PRAGMA foreign_keys", "1"), "postgresql": ("SHOW jit", "off")}


async def test_a_connection_stays_as_it_was_prepared(sessions):
    asked, kept = KEPT[sessions.dialect]
    for _ in range(2):
        async with sessions.begin() as session:
            assert str(await session.scalar(text(asked))) == kept
            await session.rollback()
