"""Games under a crowd: one voice a person, one picture once, one end of a round."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from bot.domain.contests import ContestEntry
from bot.domain.games import Game, GameEntry
from bot.domain.offers import Coupon, Cycle
from bot.domain.pictures import Picture
from bot.store import contests, games, offers
from tests.builders import LONG_AGO, a_customer, an_offer
from tests.races.crowd import crowd

NOW = LONG_AGO + timedelta(days=400)
POLL = Game(key="poll", kind="vote", name="投票", says=("投票",), ask="哪个", choices=("甲", "乙"))
DRAW = Game(key="draw", kind="lottery", name="抽奖", says=("抽奖",), winners=3, offer="gift")
SHOW = Game(
    key="show",
    kind="contest",
    name="征集",
    says=("征集",),
    rights="同意展示",
    winners=1,
    offer="gift",
    enter_until=date(2027, 1, 1),
    vote_until=date(2027, 1, 1),
)


@pytest.fixture
async def people(sessions) -> list[int]:
    async with sessions.begin() as session:
        return [(await a_customer(session)).id for _ in range(20)]


async def test_sixty_taps_of_one_person_are_one_voice(sessions, database_url, vault, people):
    async def vote(session, i):
        choice = POLL.choices[i % 2]
        hers = {"customer_id": people[0], "choice": choice, "now": NOW}
        entry = await games.enter(session, vault, POLL, round_="", **hers)
        return "counted" if entry else "again"

    assert await crowd(database_url, 60, vote) == {"counted": 1, "again": 59}
    async with sessions.reading() as session:
        assert sum((await games.tally(session, POLL, "")).values()) == 1


async def test_a_draw_ends_once_whoever_ends_it(sessions, database_url, vault, people):
    async with sessions.begin() as session:
        for one in people:
            ticket = await games.ticket(session, vault, DRAW, "2026-W01", one)
            entry = {"customer_id": one, "choice": ticket, "now": NOW}
            await games.enter(session, vault, DRAW, round_="2026-W01", **entry)

    async def end(session, _i):
        won = await games.end(session, vault, DRAW, "2026-W01", NOW)
        return "late" if won is None else f"{len(won)} won"

    assert await crowd(database_url, 12, end) == {"3 won": 1, "late": 11}
    async with sessions.reading() as session:
        won = select(func.count()).where(GameEntry.state == "won")
        assert await session.scalar(won) == 3


async def test_one_picture_of_twenty_people_is_the_first_ones(
    sessions, database_url, vault, people
):
    async def enter(session, i):
        await contests.enter(
            session,
            vault,
            SHOW,
            customer_id=people[i],
            caption="樱花",
            picture=Picture("image/png", b"the same"),
            now=NOW,
        )
        return "entered"

    assert await crowd(database_url, 20, enter) == {"entered": 1, "same_picture": 19}


async def test_one_person_votes_once_and_the_best_is_named_once(
    sessions, database_url, vault, people
):
    async with sessions.begin() as session:
        entry = await contests.enter(
            session,
            vault,
            SHOW,
            customer_id=people[0],
            caption="樱花",
            picture=Picture("image/png", b"one"),
            now=NOW,
        )
        await contests.read(session, entry.id, fine=True)

    async def vote(session, i):
        about = {"customer_id": people[1 + i % 2], "entry_id": entry.id, "now": NOW}
        await contests.vote(session, vault, SHOW, **about)
        return "counted"

    assert await crowd(database_url, 30, vote) == {"counted": 2, "voted": 28}

    async def end(session, _i):
        best = await contests.end(session, SHOW, NOW + timedelta(days=800))
        return "late" if best is None else f"{len(best)} won"

    assert await crowd(database_url, 9, end) == {"1 won": 1, "late": 8}
    async with sessions.reading() as session:
        assert (await session.scalars(select(ContestEntry.state))).all() == ["won"]


async def test_a_cycle_gives_one_a_time_whoever_looks(sessions, database_url, people):
    async with sessions.begin() as session:
        offer = await an_offer(session, cycle_days=30, per_customer=9)
        await offers.begin_cycle(session, offer_key=offer.key, customer_id=people[0], now=NOW)
    later = NOW + timedelta(days=30)

    async def look(session, _i):
        due = await offers.cycles_due(session, later, limit=9)
        for cycle in due:
            await offers.give_cycle(session, cycle, later)
        return f"{len(due)} given"

    assert (await crowd(database_url, 12, look))["1 given"] == 1
    async with sessions.reading() as session:
        assert await session.scalar(select(func.count(Coupon.id))) == 2
        assert (await session.scalars(select(Cycle.number))).all() == [2]
