"""Coupons and points under thousands of acts of four processes: nothing twice, nothing above its budget."""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic

import pytest
from sqlalchemy import func, insert, select

from bot.domain.audit import AuditRow
from bot.domain.customers import Customer
from bot.domain.offers import Coupon, Offer, Redemption
from bot.domain.points import PointsAccount, PointsEntry
from bot.events import Actor, RedeemCoupon, SpendPoints
from bot.store import offers, points
from bot.store.engine import Sessions, open_engine
from tests.builders import a_customer, an_offer
from tests.storm.many import AT_ONCE, PROCESSES, Desk, in_processes, killed, share

NOW = datetime(2026, 3, 12, 2, 24, tzinfo=UTC)


def till(number: int) -> Actor:
    return Actor(kind="clerk", id=f"mei{number}", store=f"S{number % 2}")


async def redeems(desk: Desk, asked: tuple[int, str]) -> str:
    number, code = asked
    command = RedeemCoupon(
        at=NOW, actor=till(number), key=f"k{number}", code=code, order_no=f"A{number}"
    )
    return str((await desk.does(command, NOW))["state"])


async def claims(desk: Desk, asked: tuple[str, int]) -> str:
    async with desk.sessions.begin() as session:
        await offers.issue(
            session, offer_key=asked[0], customer_id=asked[1], trigger="claim", now=NOW
        )
    return "given"


async def spends(desk: Desk, asked: tuple[int, int]) -> str:
    number, customer_id = asked
    command = SpendPoints(
        at=NOW,
        actor=till(number),
        key=f"k{number}",
        customer_id=customer_id,
        points=100,
        what="杯",
    )
    return f"left {(await desk.does(command, NOW))['balance']}"


@pytest.fixture
async def storm(database_url):
    sessions = Sessions(open_engine(database_url))
    yield sessions
    await sessions.close()


async def coupons(storm, many: int) -> list[str]:
    async with storm.begin() as session:
        offer, codes = await an_offer(session, budget_pieces=many), []
        for _ in range(many):
            hers = await a_customer(session)
            given = await offers.issue(
                session, offer_key=offer.key, customer_id=hers.id, trigger="t", now=NOW
            )
            codes.append(given.code)
    return codes


async def customers(storm, many: int) -> list[int]:
    people = [{"ref": f"storm{number}", "created_at": NOW} for number in range(many)]
    async with storm.begin() as session:
        await session.execute(insert(Customer), people)
        return list(await session.scalars(select(Customer.id)))


async def counted(storm, *queries) -> list[int]:
    async with storm.reading() as session:
        return [await session.scalar(query) for query in queries]


async def test_one_coupon_asked_for_a_thousand_times_is_used_once(storm, database_url):
    (code,) = await coupons(storm, 1)
    began = monotonic()
    told = in_processes(database_url, redeems, [(number, code) for number in range(1000)])
    print(f"\n{dict(told)} in {monotonic() - began:.0f} s")
    assert told == {"ok": 1, "409 used": 999}
    rows = await counted(storm, select(func.count(Redemption.id)), select(func.count(AuditRow.id)))
    assert rows == [1, 1000]


@pytest.mark.parametrize(("asked", "budget"), [(share(20_000), share(5_000)), (500, 20)])
async def test_a_budget_gives_exactly_what_it_has(storm, database_url, asked, budget):
    async with storm.begin() as session:
        offer = await an_offer(session, budget_pieces=budget)
    people = await customers(storm, asked)
    began = monotonic()
    told = in_processes(database_url, claims, [(offer.key, one) for one in people])
    print(f"\n{dict(told)} in {monotonic() - began:.0f} s")
    assert told == {"given": budget, "409 out_of_stock": asked - budget}
    assert (
        await counted(storm, select(func.count(Coupon.id)), select(Offer.issued)) == [budget] * 2
    )


async def test_the_last_hundred_points_are_spent_once_by_a_thousand(storm, database_url):
    async with storm.begin() as session:
        hers = await a_customer(session)
        await points.earn(session, customer_id=hers.id, points=100, effect="gift", at=NOW)
    began = monotonic()
    told = in_processes(database_url, spends, [(number, hers.id) for number in range(1000)])
    print(f"\n{dict(told)} in {monotonic() - began:.0f} s")
    assert told == {"left 0": 1, "409 not_enough_points": 999}
    total = select(func.sum(PointsEntry.delta))
    assert await counted(storm, select(PointsAccount.balance), total) == [0, 0]


async def guesses(desk: Desk, asked: tuple[int, str]) -> str:
    """All from one till, whatever the process."""
    number, code = asked
    command = RedeemCoupon(at=NOW, actor=till(0), key=f"g{number}", code=code, order_no="A")
    return str((await desk.does(command, NOW))["state"])


async def test_ten_thousand_guesses_of_a_till_are_ten(storm, database_url):
    """D10: the same answer to each, then none at all, also to the right code; other tills go on. What is asked of a
    till that is locked leaves no trace in the database, however often."""
    (code,) = await coupons(storm, 1)
    many = share(10_000)
    wrong = [(number, f"GUESS{number:05}") for number in range(many)]
    began = monotonic()
    told = in_processes(database_url, guesses, wrong)
    print(f"\n{dict(told)} in {monotonic() - began:.0f} s")
    assert told == {"404 unknown": 10, "429 locked": many - 10}
    assert (await counted(storm, select(func.count(AuditRow.id))))[0] <= 10 + AT_ONCE * PROCESSES
    assert in_processes(database_url, guesses, [(many, code)]) == {"429 locked": 1}
    assert in_processes(database_url, redeems, [(1, code)]) == {"ok": 1}


@pytest.mark.parametrize("after", [1, 7])
async def test_who_died_after_the_commit_hears_the_stored_answer(storm, database_url, after):
    codes = await coupons(storm, 10)
    asked = list(enumerate(codes))
    killed(database_url, redeems, asked, after=after)
    assert await counted(storm, select(func.count(Redemption.id))) == [after]
    assert in_processes(database_url, redeems, asked * 3) == {"ok": 30}
    assert await counted(storm, select(func.count(Redemption.id))) == [10]
