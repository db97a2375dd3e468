"""Late, repeated and shuffled events over several doors leave what they would have left once and in order.
`make storm` does the same with thousands and over processes."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.storm.events import day
from tests.storm.states import differences
from tests.storm.test_disorder import START, deliver, left

DOORS = 3


@pytest.mark.parametrize("databases", ["postgres"], indirect=True)
async def test_shuffled_and_repeated_events_leave_what_once_in_order_leaves(databases, tmp_path):
    ordered, shuffled = databases.fresh(tmp_path), databases.fresh(tmp_path)
    events, chance = day(7, 30, START), random.Random(11)
    assert await deliver(ordered, list(events), seed=1) == []
    repeated = [event for event in events for _ in range(chance.randrange(1, 6))]
    chance.shuffle(repeated)
    shares = (deliver(shuffled, repeated[door::DOORS], seed=door) for door in range(DOORS))
    assert await asyncio.gather(*shares) == [[]] * DOORS
    assert differences(await left(ordered), await left(shuffled)) == {}
    databases.drop(ordered)
    databases.drop(shuffled)
