"""The audit log: whoever changes, adds, moves or takes away a row breaks the chain."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest
from sqlalchemy import delete, insert, select, update

from bot.domain.audit import AuditRow
from bot.store import audit
from tests.harness import START
from tests.races.crowd import crowd


async def writes(session, n: int, **detail) -> None:
    await audit.append(
        session,
        at=START + timedelta(seconds=n),
        actor="owner:lin",
        action="adjust_points",
        subject=f"customer_id:{n}",
        detail={"delta": n, "reason": "补登记🎁", "nested": {"b": [1, 2.5, None], "a": True}}
        | detail,
    )


@pytest.fixture
async def log(sessions):
    async with sessions.begin() as session:
        for n in range(5):
            await writes(session, n)
    return sessions


async def first_wrong(sessions) -> int | None:
    async with sessions.reading() as session:
        return await audit.verify(session)


async def ids(sessions) -> list[int]:
    async with sessions.reading() as session:
        return list(await session.scalars(select(AuditRow.id).order_by(AuditRow.id)))


async def test_an_honest_log_fits(log):
    assert await first_wrong(log) is None


async def test_an_empty_log_fits(sessions):
    assert await first_wrong(sessions) is None


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "owner:other"},
        {"action": "spend_points"},
        {"object": "customer_id:9"},
        {"detail": {"delta": 1}},
        {"at": START},
        {"hash": "0" * 64},
        {"previous_hash": ""},
    ],
)
async def test_a_changed_row_is_found(log, change):
    third = (await ids(log))[2]
    async with log.begin() as session:
        await session.execute(update(AuditRow).where(AuditRow.id == third).values(**change))
    assert await first_wrong(log) == third


async def test_a_row_taken_away_is_found_by_the_next(log):
    found = await ids(log)
    async with log.begin() as session:
        await session.execute(delete(AuditRow).where(AuditRow.id == found[1]))
    assert await first_wrong(log) == found[2]


async def test_a_row_slipped_in_is_found(log):
    async with log.begin() as session:
        facts = {"at": START, "actor": "a", "action": "b", "object": "c", "detail": {}}
        await session.execute(
            insert(AuditRow).values(**facts, previous_hash="x", hash="y", id=10**6)
        )
    assert await first_wrong(log) == 10**6


async def test_a_moment_of_another_zone_fits_as_well(sessions):
    shanghai = START.astimezone(timezone(timedelta(hours=8)))
    async with sessions.begin() as session:
        await audit.append(
            session, at=shanghai, actor="a", action="b", subject="", detail={"at": str(shanghai)}
        )
    assert await first_wrong(sessions) is None


async def test_many_writers_make_one_chain(sessions, database_url):
    async def write(session, i):
        await writes(session, i)
        return "done"

    assert await crowd(database_url, 40, write) == {"done": 40}
    assert await first_wrong(sessions) is None


async def test_what_was_undone_leaves_no_gap(log):
    async with log.begin() as session:
        await writes(session, 9)
        await session.rollback()
    async with log.begin() as session:
        await writes(session, 10)
    assert await first_wrong(log) is None


async def test_a_chain_that_was_cut_at_its_end_is_found(log):
    *_, last = await ids(log)
    async with log.begin() as session:
        await session.execute(delete(AuditRow).where(AuditRow.id == last))
    assert await first_wrong(log) == last
