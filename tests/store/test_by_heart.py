"""What was asked before is answered quicker and no differently: the third asking is like the first."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.domain.customers import Customer, Guide, Identity
from bot.domain.journeys import Run
from bot.store import by_heart
from bot.store.by_heart.learning import MARK
from bot.store.engine import table_of
from tests.builders import LONG_AGO, a_customer, a_guide

GUIDE = table_of(Guide)
TIMES = 5


@pytest.fixture
async def session(sessions):
    async with sessions.begin() as session:
        yield session


def learnt(statement) -> bool:
    return not isinstance(statement.__dict__.get(MARK), tuple | None)


async def test_values_come_back_as_their_types_say(session):
    customer = await a_customer(session, last_active_at=LONG_AGO + timedelta(microseconds=7))
    run = {"playbook": "p", "version": 1, "customer_id": customer.id, "entry": "e", "step": 0,
           "state": "active", "due_at": None, "entered_at": LONG_AGO, "facts": {"她": [1, None]}}  # fmt: skip
    await session.execute(insert(table_of(Run)), run)
    asked = select(Run.facts, Run.due_at, Customer.last_active_at, Customer.personalised).where(
        Run.customer_id == Customer.id, Customer.id == bindparam("her")
    )
    answers = [(await session.execute(asked, {"her": customer.id})).one() for _ in range(TIMES)]
    assert set(map(repr, answers)) == {repr(answers[0])}
    assert answers[-1].facts == {"她": [1, None]}
    assert answers[-1].last_active_at == customer.last_active_at
    assert learnt(asked)


async def test_lists_of_any_length_find_who_is_in_them(session):
    ids = [(await a_guide(session)).id for _ in range(12)]
    asked = (
        select(Guide.id).where(Guide.id.in_(bindparam("ids", expanding=True))).order_by(Guide.id)
    )
    for many in (2, 2, 2, 1, 0, 12, 8, 2):
        found = await session.scalars(asked, {"ids": ids[:many]})
        assert found.all() == ids[:many]


async def test_an_entity_is_the_one_that_is_loaded(session):
    guide = await a_guide(session)
    asked = select(Guide, Guide.name).where(Guide.userid == bindparam("userid"))
    for _ in range(TIMES):
        found, _name = (await session.execute(asked, {"userid": guide.userid})).one()
        assert found is guide
    assert (await session.scalars(asked, {"userid": "nobody"})).first() is None


async def test_an_entity_met_by_heart_is_written_like_any_other(sessions):
    async with sessions.begin() as session:
        guide_id = (await a_guide(session)).id
    for day in range(TIMES):
        async with sessions.begin() as session:
            (await session.get(Guide, guide_id)).name = f"第 {day} 天"
        async with sessions.reading() as session:
            assert (await session.get_one(Guide, guide_id)).name == f"第 {day} 天"


async def test_what_waits_to_be_written_is_seen_by_who_looks_there(session):
    guide, customer = await a_guide(session), await a_customer(session)
    there = select(func.count()).select_from(Guide).where(Guide.name == bindparam("name"))
    elsewhere = select(func.count()).select_from(Customer)
    for name in "甲乙丙丁戊":
        guide.name = name
        customer.stage = "knows"
        assert await session.scalar(elsewhere) == 1
        assert await session.scalar(there, {"name": name}) == 1


async def test_an_undone_savepoint_undoes_what_was_done_by_heart(session):
    adding = insert(GUIDE)
    counting = select(func.count()).select_from(Guide)
    for number in range(TIMES):
        with suppress(LookupError):
            async with session.begin_nested():
                row = {"userid": f"u{number}", "name": "导购", "active": True}
                await session.execute(adding, row)
                assert await session.scalar(counting) == number + 1
                raise LookupError
        await session.execute(adding, {"userid": f"u{number}", "name": "导购", "active": True})
        assert await session.scalar(counting) == number + 1


async def test_what_the_database_refuses_is_told_without_the_values(session):
    adding = insert(GUIDE)
    for number in range(TIMES):
        await session.execute(adding, {"userid": f"u{number}", "name": "导购", "active": True})
    with pytest.raises(IntegrityError) as refused:
        async with session.begin_nested():
            await session.execute(adding, {"userid": "u1", "name": "林小满", "active": True})
    assert "林小满" not in str(refused.value)
    assert await session.scalar(select(func.count()).select_from(Guide)) == TIMES


async def test_how_many_rows_were_touched_is_told(session):
    for _ in range(3):
        await a_guide(session)
    resting = update(GUIDE).where(GUIDE.c.id > bindparam("beyond")).values(active=False)
    told = [
        (await session.execute(resting, {"beyond": beyond})).rowcount for beyond in [0] * TIMES
    ]
    assert told == [3] * TIMES


async def test_a_few_rows_at_once_each_give_their_answer(session):
    adding = insert(GUIDE).returning(GUIDE.c.userid)
    for turn in range(TIMES):
        rows = [{"userid": f"{turn}-{n}", "name": "导购", "active": True} for n in range(3)]
        assert (await session.scalars(adding, rows)).all() == [row["userid"] for row in rows]


async def test_what_is_made_of_a_known_statement_is_a_statement_of_its_own(session):
    one, other = await a_guide(session), await a_guide(session)
    everybody = select(Guide.id).order_by(Guide.id)
    for _ in range(TIMES):
        assert (await session.scalars(everybody)).all() == [one.id, other.id]
        named = everybody.where(Guide.userid == other.userid)
        assert [(await session.scalars(named)).all() for _ in range(TIMES)] == [[other.id]] * TIMES


async def test_a_connection_that_died_is_let_go_and_the_next_one_works(sessions):
    if sessions.dialect == "sqlite":
        pytest.skip("no connection there could die")
    asked = select(func.count()).select_from(Guide)
    for _ in range(TIMES):
        with pytest.raises(DBAPIError):
            await dying(sessions, asked)
        async with sessions.reading() as session:
            assert await session.scalar(asked) == 0


async def dying(sessions, asked) -> None:
    async with sessions.begin() as session:
        await session.scalar(asked)
        raw = await (await session.connection()).get_raw_connection()
        await raw.driver_connection.close()
        await session.scalar(asked)


async def test_after_an_undone_savepoint_nobody_is_taken_for_somebody_else(session):
    made = insert(table_of(Customer)).returning(*table_of(Customer).c)
    met = []
    for ref in "林陈周吴郑":
        with suppress(LookupError):
            async with session.begin_nested():
                row = (await session.execute(made, {"ref": ref, "created_at": LONG_AGO})).one()
                met.append(by_heart.known(session, Customer, row._mapping))
                raise LookupError
        by_heart.forget(session, but=Identity)
        row = (await session.execute(made, {"ref": f"{ref}二", "created_at": LONG_AGO})).one()
        assert (await session.get(Customer, row.id)).ref == f"{ref}二"
