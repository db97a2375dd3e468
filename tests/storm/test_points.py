"""Points while orders come back and lots run out: the balance is what the ledger says, each lot ends once."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic

import pytest
from sqlalchemy import func, insert, select

from bot.domain.customers import Customer
from bot.domain.points import PointsAccount, PointsEntry
from bot.events import Actor, Buyer, OrderKind, OrderReported, SpendPoints
from bot.store import points
from bot.store.engine import Sessions, open_engine, until_free
from tests.storm.many import Desk, in_processes, killed, share

NOW = datetime(2026, 3, 12, 2, 24, tzinfo=UTC)
OVER = NOW + timedelta(days=365)
PEOPLE = 20
ACCOUNTS = share(1000)
Ledger = dict[int, list[PointsEntry]]


@pytest.fixture
async def storm(database_url):
    sessions = Sessions(open_engine(database_url))
    yield sessions
    await sessions.close()


def order(number: int, kind: OrderKind, *, again: int = 0) -> OrderReported:
    """1,000 yuan of one customer: a hundred points at the lowest level. `again`: the shop tells it twice."""
    return OrderReported(
        at=NOW + timedelta(seconds=again),
        source="shop",
        event_id=f"{kind}{number}.{again}",
        kind=kind,
        order_no=f"A{number}",
        refund_no=f"R{number}" if kind is OrderKind.REFUNDED else None,
        buyer=Buyer(member_no=f"M{number}"),
        amount_fen=100_000,
        lines=(),
    )


async def hears(desk: Desk, event: OrderReported) -> str:
    async def once() -> None:
        async with desk.sessions.begin() as session:
            await desk.dispatcher.tell(session, event, key=event.event_id, now=NOW)

    await until_free(once)
    return str(event.kind)


async def spends_or_refunds(desk: Desk, asked: tuple[int, int, int]) -> str:
    number, customer_id, turn = asked
    if turn % 4 == 3:
        return await hears(desk, order(number, OrderKind.REFUNDED, again=turn // 4))
    command = SpendPoints(
        at=NOW,
        actor=Actor(kind="clerk", id="mei", store="S1"),
        key=f"k{number}.{turn}",
        customer_id=customer_id,
        points=100,
        what="杯",
    )
    await desk.does(command, NOW)
    return "spent"


async def ledger_of(storm) -> tuple[dict[int, int], Ledger]:
    async with storm.reading() as session:
        held = dict(
            (await session.execute(select(PointsAccount.customer_id, PointsAccount.balance))).all()
        )
        ledger: Ledger = {}
        for entry in await session.scalars(select(PointsEntry)):
            ledger.setdefault(entry.customer_id, []).append(entry)
    return held, ledger


async def test_points_are_spent_while_their_order_comes_back(storm, database_url):
    """D17: whoever spent first owes what the order gave; whoever was refunded first has nothing to spend."""
    desk = Desk(database_url)
    for number in range(PEOPLE):
        await hears(desk, order(number, OrderKind.PAID))
    await desk.sessions.close()
    held, _ = await ledger_of(storm)
    assert set(held.values()) == {100}
    mixed = [(number, customer, turn) for turn in range(8) for number, customer in enumerate(held)]
    began = monotonic()
    told = in_processes(database_url, spends_or_refunds, mixed, processes=8)
    print(f"\n{dict(told)} in {monotonic() - began:.0f} s")
    held, ledger = await ledger_of(storm)
    for customer, balance in held.items():
        by_kind = dict.fromkeys(("earn", "spend", "refund"), 0)
        for entry in ledger[customer]:
            by_kind[entry.kind] += entry.delta
        assert balance == sum(by_kind.values())
        assert (by_kind["earn"], by_kind["refund"]) == (100, -100)
        assert balance == by_kind["spend"]
        assert by_kind["spend"] in {0, -100}
    assert told["spent"] == sum(balance == -100 for balance in held.values())


async def accounts(storm) -> None:
    """Two lots that are over and one that is not; every third customer has used a part."""
    people = [{"ref": f"lot{number}", "created_at": NOW} for number in range(ACCOUNTS)]
    async with storm.begin() as session:
        await session.execute(insert(Customer), people)
        ids = list(await session.scalars(select(Customer.id).order_by(Customer.id)))
        rows = [
            {
                "customer_id": customer,
                "delta": delta,
                "kind": "earn" if delta > 0 else "spend",
                "effect": f"lot:{customer}:{place}",
                "at": NOW,
                "note": "",
                "expires_at": ends,
            }
            for number, customer in enumerate(ids)
            for place, (delta, ends) in enumerate(lots(number))
        ]
        await session.execute(insert(PointsEntry), rows)
        told = [
            {"customer_id": customer, "balance": sum(delta for delta, _ in lots(number))}
            for number, customer in enumerate(ids)
        ]
        fresh = {"earned_year": 0, "level": "青铜", "level_since": NOW}
        await session.execute(insert(PointsAccount), [fresh | each for each in told])


def lots(number: int) -> list[tuple[int, datetime | None]]:
    given = [(30, OVER), (20, OVER), (50, OVER + timedelta(days=30))]
    return [*given, (-10, None)] if number % 3 == 0 else given


async def expires(desk: Desk, now: datetime) -> str:
    """As the product does: until nothing is left, also of what somebody else is just writing off."""
    looked = 0
    while some := await until_free(partial(_some, desk, now)):
        looked += some
    return "done" if looked else "nothing left"


async def one_chunk(desk: Desk, now: datetime) -> str:
    return str(await _some(desk, now))


async def _some(desk: Desk, now: datetime) -> int:
    async with desk.sessions.begin() as session:
        return await points.expire(session, now)


async def dies_before_it_is_written(desk: Desk, now: datetime) -> str:
    async with desk.sessions.begin() as session:
        await points.expire(session, now)
        os.kill(os.getpid(), signal.SIGKILL)
    return "never"


async def test_every_lot_runs_out_once_whoever_writes_it_off(storm, database_url):
    """D18: eight processes at once, one killed before and one after its commit, and all of it again that day."""
    await accounts(storm)
    killed(database_url, dies_before_it_is_written, [OVER], after=1)
    killed(database_url, one_chunk, [OVER, OVER], after=1)
    began = monotonic()
    # Each process by a clock of its own: what tells one run from another must not make it count anew.
    clocks = [OVER + timedelta(seconds=number) for number in range(64)]
    told = in_processes(database_url, expires, clocks, processes=8)
    again = in_processes(database_url, expires, clocks, processes=8)
    print(f"\n{dict(told)}, then {dict(again)} in {monotonic() - began:.0f} s")
    assert again == {"nothing left": 64}
    held, ledger = await ledger_of(storm)
    assert len(held) == ACCOUNTS
    for customer, entries in ledger.items():
        used = sum(entry.delta for entry in entries if entry.kind == "spend")
        gone = [entry.delta for entry in entries if entry.kind == "expire"]
        assert gone == [-50 - used]
        assert held[customer] == sum(entry.delta for entry in entries) == 50
    async with storm.reading() as session:
        assert await session.scalar(select(func.count(PointsEntry.id))) == sum(
            len(lots(number)) + 1 for number in range(ACCOUNTS)
        )
