"""Columns in and out are the rows themselves, whatever stands in them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from sqlalchemy import select

from bot.domain.customers import Customer
from bot.domain.tags import TagGroup
from bot.store import bulk
from tests.builders import a_customer

NASTY = ['引"号', "back\\slash", "{1,NULL}", "a,b", "100%", "NULL", "", " 空 格 ", "'; --"]


async def test_every_text_arrives_as_it_was(sessions):
    columns = {
        "name": NASTY,
        "exclusive": [n % 2 == 0 for n in range(len(NASTY))],
        "corp_group_id": [None, *NASTY[1:]],
    }
    async with sessions.begin() as session:
        await bulk.write(session, TagGroup, ["name"], columns)
        await bulk.write(session, TagGroup, ["name"], columns | {"corp_group_id": NASTY})
        rows = (await session.scalars(select(TagGroup).order_by(TagGroup.id))).all()
    assert [row.name for row in rows] == NASTY
    assert [row.corp_group_id for row in rows] == NASTY
    assert rows[0].exclusive
    assert not rows[1].exclusive


async def test_numbers_and_moments_come_back_as_arrays(sessions):
    at = datetime(2026, 3, 12, 2, 24, tzinfo=UTC)
    async with sessions.begin() as session:
        who = [(await a_customer(session, created_at=at)).id for _ in range(3)]
        when = bulk.seconds(session, Customer.created_at)
        query = select(Customer.id, when, Customer.id / 2.0).order_by(Customer.id)
        ids, seconds, halves = await bulk.read(session, query, "iif")
        nobody = await bulk.read(session, query.where(Customer.id < 0), "iif")
    assert ids.tolist() == who
    assert set(seconds.tolist()) == {int(at.timestamp())}
    assert halves.tolist() == [one / 2 for one in who]
    assert [len(column) for column in nobody] == [0, 0, 0]
    assert bulk.moments(np.array([int(at.timestamp())])) == ["2026-03-12 02:24:00.000000"]
