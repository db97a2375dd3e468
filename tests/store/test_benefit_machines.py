"""Coupons and points under any sequence of acts behave as a few dictionaries do."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.levels import STANDARD
from bot.domain.offers import Coupon, Offer, Redemption, Till
from bot.domain.points import PointsEntry
from bot.domain.refusals import Refusal
from bot.events import Actor
from bot.store import offers, points
from bot.store.engine import Sessions
from bot.store.vault import Vault
from tests.builders import LONG_AGO, a_customer, an_offer
from tests.databases import Redirected, SqliteFiles

OWNER = Actor(kind="owner", id="qin")
VAULT = Vault(b"0" * 32)
BUDGET, VALID = 3, timedelta(days=15)
NUMBERS, ORDERS = st.integers(0, 5), st.sampled_from(["A1", "A2"])
FEW = settings(max_examples=5, stateful_step_count=10, deadline=None, derandomize=True)


class World(RuleBasedStateMachine):
    """A database of its own for every example."""

    home = tempfile.TemporaryDirectory()
    files: SqliteFiles | None = None
    engine: Redirected | None = None

    def __init__(self) -> None:
        super().__init__()
        World.files = World.files or SqliteFiles(Path(World.home.name))
        World.engine = World.engine or Redirected(World.files.anywhere())
        self.loop = asyncio.new_event_loop()
        self.url = World.files.fresh(Path(World.home.name))
        self.sessions = Sessions(World.engine.to(self.url))
        self.now = LONG_AGO + timedelta(days=400)
        self.customers = [self.act(a_customer).id for _ in range(3)]

    def act(self, do: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
        async def once() -> Any:
            async with self.sessions.begin() as session:
                return await do(session)

        return self.loop.run_until_complete(once())

    def refused(self, do: Callable[[AsyncSession], Awaitable[Any]]) -> str:
        try:
            self.act(do)
        except Refusal as refusal:
            return refusal.reason
        return ""

    def teardown(self) -> None:
        self.loop.run_until_complete(self.sessions.close())
        self.loop.close()
        Path(self.url.removeprefix("sqlite+aiosqlite:///")).unlink()


class Coupons(World):
    def __init__(self) -> None:
        super().__init__()
        terms = {"budget_pieces": BUDGET, "per_customer": 2, "valid_days": 14}
        self.offer = self.act(lambda session: an_offer(session, **terms)).key
        self.coupons: list[dict[str, Any]] = []

    def pick(self, number: int) -> dict[str, Any]:
        return self.coupons[number % len(self.coupons)]

    @rule(who=st.integers(0, 2), trigger=st.integers(0, 2))
    def issue(self, who: int, trigger: int) -> None:
        hers = [one for one in self.coupons if one["who"] == who]
        known = any(one["trigger"] == trigger for one in hers)
        out = [one for one in self.coupons if one["state"] != "withdrawn"]
        mine = [one for one in hers if one in out]
        expected = ""
        if not known:
            expected = "per_customer" if len(mine) >= 2 else ""
            expected = "out_of_stock" if len(out) >= BUDGET else expected

        async def give(session: AsyncSession) -> None:
            coupon = await offers.issue(
                session,
                offer_key=self.offer,
                customer_id=self.customers[who],
                trigger=f"t{trigger}",
                now=self.now,
            )
            if not known:
                facts = {"who": who, "trigger": trigger, "state": "held", "on": None}
                kept = {"code": coupon.code, "ends": coupon.expires_at, "for": None, "till": None}
                self.coupons.append(facts | kept)

        assert self.refused(give) == expected

    def verdict(self, one: dict[str, Any], order: str) -> str:
        if one["state"] != "held":
            return {"redeemed": "used"}.get(one["state"], one["state"])
        promised = one["till"] is not None and self.now < one["till"]
        if promised and one["for"] != order:
            return "reserved"
        if not promised and self.now >= one["ends"]:
            return "expired"
        others = [other for other in self.coupons if other is not one]
        used = any(other["on"] == order for other in others)
        kept = any(
            other["for"] == order and other["till"] and self.now < other["till"]
            for other in others
        )
        return "not_stackable" if used or kept else "ok"

    def at_till(self, act: Any, one: dict[str, Any], order: str) -> str:
        till = Till(actor=OWNER, order_no=order)
        return str(
            self.act(lambda session: act(session, VAULT, one["code"], till, now=self.now)).state
        )

    @precondition(lambda self: self.coupons)
    @rule(number=NUMBERS, order=ORDERS)
    def redeem(self, number: int, order: str) -> None:
        one = self.pick(number)
        expected = self.verdict(one, order)
        assert self.at_till(offers.redeem, one, order) == expected
        if expected == "ok":
            one.update(state="redeemed", on=order, till=None)

    @precondition(lambda self: self.coupons)
    @rule(number=NUMBERS, order=ORDERS)
    def reserve(self, number: int, order: str) -> None:
        one = self.pick(number)
        expected = self.verdict(one, order)
        assert self.at_till(offers.reserve, one, order) == expected
        if expected == "ok":
            one.update({"for": order, "till": self.now + timedelta(minutes=15)})

    @precondition(lambda self: self.coupons)
    @rule(number=NUMBERS)
    def void(self, number: int) -> None:
        one = self.pick(number)
        expected = "" if one["state"] == "redeemed" else "not_redeemed"

        async def take_back(session: AsyncSession) -> None:
            await offers.void(
                session, code=one["code"], actor=OWNER, reason="扫错了", now=self.now
            )

        assert self.refused(take_back) == expected
        if not expected:
            self.back(one)

    @rule(order=ORDERS)
    def come_back(self, order: str) -> None:
        used = [one for one in self.coupons if one["on"] == order]
        returned = self.act(lambda session: offers.return_for_order(session, order, self.now))
        assert returned == len(used)
        for one in used:
            self.back(one)

    def back(self, one: dict[str, Any]) -> None:
        one.update(on=None, state="held" if self.now < one["ends"] else "expired")

    @precondition(lambda self: self.coupons)
    @rule(number=NUMBERS)
    def withdraw(self, number: int) -> None:
        one = self.pick(number)
        idle = one["till"] is None or self.now >= one["till"]
        gone = one["state"] == "held" and idle
        done = self.act(
            lambda session: offers.withdraw(session, Coupon.code == one["code"], self.now)
        )
        assert done == gone
        if gone:
            one["state"] = "withdrawn"

    @rule(minutes=st.sampled_from([5, 15, 60 * 24 * 8]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @invariant()
    def the_books_agree(self) -> None:
        async def look(session: AsyncSession) -> tuple[Any, ...]:
            issued = await session.scalar(select(Offer.issued))
            states = await session.execute(select(Coupon.code, Coupon.state))
            live = await session.scalar(select(func.count(Redemption.live)))
            return issued, dict(states.all()), live

        issued, states, live = self.act(look)
        assert states == {one["code"]: one["state"] for one in self.coupons}
        assert live == sum(one["state"] == "redeemed" for one in self.coupons)
        assert issued == sum(one["state"] != "withdrawn" for one in self.coupons) <= BUDGET


class Points(World):
    """Real lots, used from the oldest on: what the ledger must come to without keeping any."""

    levels = STANDARD.model_copy(update={"expire_after_months": 2})

    def __init__(self) -> None:
        super().__init__()
        self.lots: list[tuple[datetime, int]] = []
        self.acts = 0

    @property
    def left(self) -> int:
        return sum(points for _, points in self.lots)

    @rule(given=st.integers(1, 50))
    def earn(self, given: int) -> None:
        self.acts += 1
        entry = {"customer_id": self.customers[0], "points": given, "effect": f"e{self.acts}"}
        told = {"at": self.now, "levels": self.levels}
        for _ in range(2):  # told twice, counted once
            self.act(lambda session: points.earn(session, **entry, **told))
        self.lots.append((self.levels.run_out(self.now), given))

    @rule(wanted=st.integers(1, 80))
    def spend(self, wanted: int) -> None:
        self.acts += 1
        entry = {"customer_id": self.customers[0], "points": wanted, "effect": f"s{self.acts}"}
        expected = "" if wanted <= self.left else "not_enough_points"
        assert (
            self.refused(lambda session: points.spend(session, at=self.now, **entry)) == expected
        )
        if not expected:
            self._use(wanted)

    def _use(self, wanted: int) -> None:
        kept = []
        for end, has in self.lots:
            used = min(has, wanted)
            wanted -= used
            kept.append((end, has - used))
        self.lots = kept

    @rule(days=st.integers(1, 40))
    def wait_and_write_off(self, days: int) -> None:
        self.now += timedelta(days=days)
        for _ in range(2):
            self.act(lambda session: points.expire(session, self.now))
        self.lots = [(end, has) for end, has in self.lots if end > self.now]

    @invariant()
    def the_balance_is_the_sum_of_the_ledger_and_of_the_lots(self) -> None:
        async def look(session: AsyncSession) -> tuple[int, int]:
            total = await session.scalar(select(func.coalesce(func.sum(PointsEntry.delta), 0)))
            return await points.balance(session, self.customers[0]), int(total)

        assert self.act(look) == (self.left, self.left)


@pytest.mark.parametrize("machine", [Coupons, Points])
def test_any_sequence_of_acts_keeps_the_books(machine):
    case = machine.TestCase()
    case.settings = FEW
    case.runTest()
