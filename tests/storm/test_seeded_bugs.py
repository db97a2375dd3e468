"""Paying in simulation: virtual time, a platform that loses answers, a process that dies anywhere; and the same with
bugs planted into it, each of which an invariant must notice. A storm that cannot see these proves nothing.

Bugs that do not lie in paying are planted where their promise is tested: `tests/demo/planted.py` (about fifty), coupons
and points in `tests/races`, callbacks in `tests/inbound/test_intake.py` and `tests/platforms`, tokens in
`tests/store/test_platform_tokens.py`, timetables in `tests/store/test_ticks.py`, laws in `tests/test_architecture.py`.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.calls import Outcome, SendOfficial, Sent, TryLater, Unclear
from bot.clock import ManualClock
from bot.domain.campaigns import Touch
from bot.domain.customers import Identity
from bot.domain.delivery import Owed, Window
from bot.domain.quotas import QuietHours
from bot.outbound.campaigns import plan_due
from bot.outbound.deliver import deliver_due
from bot.outbound.sender import LEASE_SECONDS, Sender
from bot.outbound.settled import Settling, Told, settled
from bot.store import consent
from bot.store.outbox import Claimed
from tests.builders import a_customer
from tests.harness import Bot
from tests.outbound.conftest import a_campaign

PEOPLE = 60
BATCH = 6
EVENING = datetime.fromisoformat("2026-03-12T20:40:00+08:00")


class Killed(BaseException):
    """As by SIGKILL: nothing after it happens."""


class Clock(ManualClock):
    seconds = 0.0

    def real(self) -> float:
        return self.seconds


@dataclass
class World:
    bot: Bot
    clock: Clock
    chance: random.Random
    applied: list[tuple[str, datetime]] = field(default_factory=list)
    excused: int = 0
    """Calls of which nobody can know what became of them: lost answers, and those a death interrupted."""
    out_at: dict[str, datetime] = field(default_factory=dict)

    def platform(self, call: SendOfficial) -> Outcome:
        dice = self.chance.random()
        if dice < 0.1:
            return TryLater(-1, "busy", timedelta(seconds=5))
        self.applied.append((call.openid, self.clock.now()))
        if dice < 0.2:
            self.excused += 1
            return Unclear("lost")
        return Sent()


class Mortal(Sender):
    """The real one, but that it dies now and then before or after a call."""

    world: World

    async def _perform(self, owed: Claimed, call: Any) -> Outcome:
        die = self.world.chance.random()
        if die < 0.015:
            raise Killed
        outcome = await super()._perform(owed, call)
        if die > 0.985:
            raise Killed
        return outcome


class MarksBeforeSending(Mortal):
    async def _write(self, became: Any, payable: Any) -> Any:
        await super()._write(became, [])
        now = self._work.now()
        async with self._work.sessions.begin() as session:
            settling = Settling(session, now, self._work.vault, self._work.content)
            await settled.tell([Told(call, Sent(), owed) for owed, call in payable], settling)
            ids = [owed.id for owed, _ in payable]
            await session.execute(update(Owed).where(Owed.id.in_(ids)).values(state="done"))
        return payable


class MarksAfterTheBatch(Mortal):
    async def _write(self, became: Any, payable: Any) -> Any:
        await super()._write(became, [])
        return payable


class SendsTheUnknownAgain(Mortal):
    async def _perform(self, owed: Claimed, call: Any) -> Outcome:
        outcome = await super()._perform(owed, call)
        return TryLater(reason="lost") if isinstance(outcome, Unclear) else outcome


class LooksOnlyWhenQueued(Mortal):
    async def _look(self, claimed: Any) -> Any:
        return [(owed, self._opened(owed)) for owed in claimed], []


class LeaseShorterThanACall(Mortal):
    """Before its calls are made, somebody else may take them."""

    async def _write(self, became: Any, payable: Any) -> Any:
        begun = await super()._write(became, payable)
        self.world.clock.seconds += LEASE_SECONDS + 1
        await Sender(self._work, owner="other").pay(limit=BATCH)
        return begun


BUGS: dict[str, tuple[type[Mortal], str]] = {
    "mark before send": (MarksBeforeSending, "V03"),
    "mark after batch": (MarksAfterTheBatch, "V01"),
    "unknown is sent again": (SendsTheUnknownAgain, "V01"),
    "gate only at enqueue": (LooksOnlyWhenQueued, "V06"),
    "lease shorter than a call": (LeaseShorterThanACall, "V02"),
    "no key of the effect": (Mortal, "V01"),
    "quiet hours in UTC": (Mortal, "V05"),
}
SEEDS = range(4)


async def a_world(
    sessions, content, settings, seed: int, *, zone: str = "Asia/Shanghai", people: int = PEOPLE
) -> World:
    hours = QuietHours(zone=zone)
    limits = content.limits.model_copy(update={"quiet_hours": hours})
    bot = Bot(sessions, replace(content, limits=limits), settings)
    clock = Clock(EVENING + timedelta(minutes=0 if zone == "Asia/Shanghai" else 18))
    bot.clock, bot.work = clock, replace(bot.work, clock=clock)
    here = World(bot, clock, random.Random(seed))
    bot.platform.answers(SendOfficial, here.platform)
    async with bot.session() as session:
        for number in range(people):
            openid = f"oSim{seed:04}{number:020}"
            customer = await a_customer(session, external_userid=f"wmSim{seed}-{number}")
            session.add(Identity(customer_id=customer.id, kind="openid", value=openid,
                                 account="", since=EVENING))  # fmt: skip
            session.add(Window(customer_id=customer.id, channel="official", address=openid, left=5,
                               closes_at=EVENING + timedelta(hours=40)))  # fmt: skip
            await _says(session, customer.id, "grant", EVENING - timedelta(days=1))
    has = {"field": "identity", "op": "has", "value": "openid"}
    await a_campaign(bot, rule=has, channels=["official"])
    await bot.works(plan_due, deliver_due)
    return here


async def _says(session: Any, customer_id: int, action: str, at: datetime) -> None:
    await consent.record(
        session,
        customer_id=customer_id,
        purpose="marketing_official",
        action=action,
        channel="form",
        actor=f"customer:{customer_id}",
        at=at,
        evidence={},
    )


async def lives(here: World, kind: type[Mortal]) -> None:
    """Until nothing is left to pay: it dies, another one comes, some opt out, the evening falls."""
    for turn in range(120):
        sender = kind(here.bot.work, owner=f"s{turn}")
        sender.world = here
        try:
            if not await sender.pay(limit=BATCH) and not await _waiting(here):
                return
        except Killed:
            here.excused += BATCH
        here.clock.seconds += LEASE_SECONDS + 1 if turn % 2 else 0
        here.clock.advance(seconds=40)
        if turn == 3:
            await _some_opt_out(here)


async def _waiting(here: World) -> int:
    async with here.bot.sessions.reading() as session:
        rows = await session.scalars(select(Owed.id).where(Owed.state.in_(("owed", "claimed"))))
        return len(rows.all())


async def _some_opt_out(here: World) -> None:
    async with here.bot.session() as session:
        rows = await session.execute(
            select(Touch.customer_id, Touch.address).where(Touch.state == "queued").limit(6)
        )
        for customer_id, openid in rows.all():
            # As a refusal that comes while the debt is claimed: nothing is cancelled, only the last look can know.
            here.out_at[openid] = here.clock.now()
            await _says(session, customer_id, "withdraw", here.clock.now())
            await session.execute(
                update(Touch).where(Touch.customer_id == customer_id)
                .values(state="queued", reason=None)
            )  # fmt: skip
            await session.execute(
                update(Owed).where(Owed.customer_id == customer_id, Owed.state == "cancelled")
                .values(state="owed", reason=None)
            )  # fmt: skip


async def broken(here: World) -> set[str]:
    """The invariants that do not hold, from the platform's log and the rows."""
    async with here.bot.sessions.reading() as session:
        touches = (await session.scalars(select(Touch))).all()
    arrived = Counter(openid for openid, _ in here.applied)
    states = {touch.address: touch.state for touch in touches}
    unknown = sum(state == "unknown" for state in states.values())
    quiet = QuietHours()
    found = {
        "V01": any(times > 1 for times in arrived.values()),
        "V02": any(_waits_for_ever(touch) for touch in touches) or unknown > here.excused,
        "V03": any((state == "delivered") > (arrived[who] > 0) for who, state in states.items())
        or any(states[who] not in {"delivered", "unknown"} for who in arrived),
        "V05": any(quiet.covers(at) for _, at in here.applied),
        "V06": any(who in here.out_at and at > here.out_at[who] for who, at in here.applied),
    }
    return {name for name, wrong in found.items() if wrong}


def _waits_for_ever(touch: Touch) -> bool:
    return touch.state == "queued" or (touch.state, touch.reason == "quiet_hours") == (
        "planned",
        False,
    )


async def owed_twice(here: World) -> None:
    """What would happen if nothing kept one effect from being owed again."""
    async with here.bot.session() as session:
        rows = (await session.scalars(select(Owed).where(Owed.touch_id.is_not(None)))).all()
        for row in rows[: BATCH // 2]:
            row.due_at -= timedelta(
                minutes=1
            )  # both in one round, or the first one is seen to be done
            kept = {c.name: getattr(row, c.name) for c in Owed.__table__.columns if c.name != "id"}
            session.add(Owed(**kept | {"effect": f"{row.effect}:again"}))


@pytest.mark.parametrize("seed", SEEDS)
async def test_deaths_and_lost_answers_break_nothing(sessions, content, settings, seed):
    here = await a_world(sessions, content, settings, seed)
    await lives(here, Mortal)
    assert await broken(here) == set()
    assert here.excused > 0  # something did go wrong, or this proves nothing


@pytest.mark.parametrize("bug", BUGS)
async def test_a_seeded_bug_is_noticed(sessions, content, settings, bug):
    kind, noticed = BUGS[bug]
    zone = "UTC" if "UTC" in bug else "Asia/Shanghai"
    here = await a_world(sessions, content, settings, 1, zone=zone)
    if "key" in bug:
        await owed_twice(here)
    await lives(here, kind)
    assert noticed in await broken(here)
