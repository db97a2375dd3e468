"""The clocks of many cases over a year of weekends, holidays and make-up days, while the machine's clock jumps and
several processes look at once: every warning, breach and escalation once, a minute late at most, and she was told."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.domain.cases import Case, CaseStep
from bot.events import AnswerCase, FileCase
from bot.events.commands import Actor
from bot.outbound.cases import clocks_due
from bot.store import due
from tests.builders import a_customer, a_follow, a_guide, a_store

CARE = Actor(kind="care", id="zhou")
SHOP = ZoneInfo("Asia/Shanghai")
CASES = 60
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
REST = (("01-01", "01-03"), ("02-15", "02-23"), ("04-04", "04-06"), ("05-01", "05-05"))
REST += (("06-19", "06-21"), ("09-25", "09-27"), ("10-01", "10-07"))
MADE_UP = ("01-04", "02-14", "02-28", "05-09", "09-20", "10-10")
"""2026 as the State Council announced it, written down once more by hand."""


def business(moment: datetime) -> bool:
    local = moment.astimezone(SHOP)
    day = f"{local:%m-%d}"
    if day in MADE_UP:
        return True
    return local.weekday() < 5 and not any(first <= day <= last for first, last in REST)


def after_business_time(start: datetime, span: timedelta) -> datetime:
    """Minute by minute, so that it shares no thought with the product."""
    at, left = start, span
    while left:
        left -= MINUTE if business(at) else timedelta()
        at += MINUTE
    return at


def expected(case: Case, answered: datetime | None) -> dict[tuple[str, int], datetime]:
    """What must have happened, and when; `answered`: the latest moment that any clock had shown by then."""
    resolve = after_business_time(case.opened_at, 48 * HOUR)
    answer = case.opened_at + 24 * HOUR
    moments = {("warned", 1): answer - 4 * HOUR, ("breached", 1): answer, ("escalated", 2): answer}
    if answered is not None:
        moments = {what: at for what, at in moments.items() if at <= answered}
    moments |= {("warned", 2): resolve - 4 * HOUR, ("breached", 2): resolve}
    return moments | {("escalated", 3): resolve}


class Machine:
    """A clock that goes on by itself, sometimes far too far, sometimes back; what it skipped is remembered."""

    def __init__(self, bot, chance: random.Random) -> None:
        self.bot, self.chance = bot, chance
        self.skipped: list[tuple[datetime, datetime]] = []
        self.latest = bot.now

    async def look(self) -> None:
        self.latest = max(self.latest, self.bot.now)
        await asyncio.gather(
            *(clocks_due(self.bot.work) for _ in range(self.chance.choice((1, 1, 3))))
        )

    async def until(self, moment: datetime) -> None:
        while self.bot.now < moment:
            async with self.bot.session() as session:
                waiting = (await due.moments(session))["cases"]
            goal = min(waiting or moment, moment)
            if self.chance.random() < 0.1:
                await self.jump()
            else:
                late = timedelta(seconds=self.chance.randrange(60))
                self.bot.clock.move_to(max(goal + late, self.bot.now + timedelta(seconds=1)))
            await self.look()

    async def jump(self) -> None:
        before = self.bot.now
        self.bot.clock.advance(hours=self.chance.choice((-20, -2, 2, 30, 60)))
        if self.bot.now > before:
            self.skipped.append((before, self.bot.now))

    def first_look(self, moment: datetime) -> datetime:
        """A moment that the clock jumped over is seen when it has landed."""
        return max([moment, *(to for gone, to in self.skipped if gone < moment <= to)])


async def people(bot) -> list[int]:
    async with bot.session() as session:
        store = await a_store(session)
        guide = await a_guide(session, store_id=store.id)
        await a_guide(session, name="专家", duty="expert", userid="expert")
        await a_guide(session, name="店长", duty="manager", userid="manager", store_id=store.id)
        found = [await a_customer(session) for _ in range(CASES)]
        for customer in found:
            await a_follow(session, customer, guide)
        return [customer.id for customer in found]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_clock_of_a_year_of_cases_fires_once_and_in_time(bot, seed):
    chance = random.Random(seed)
    bot.clock.move_to(datetime(2026, 1, 1, 0, 30, tzinfo=SHOP))
    machine = Machine(bot, chance)
    answered: dict[int, datetime] = {}
    for customer_id in await people(bot):
        bot.clock.move_to(bot.now.replace(second=0))  # the oracle counts minutes
        filed = FileCase(
            at=bot.now, actor=CARE, key=bot.key(), customer_id=customer_id, text="开线了"
        )
        case = (await bot.does(filed))["case"]
        await machine.until(bot.now + chance.randrange(2, 23) * HOUR)
        if chance.random() < 0.4:
            answer = AnswerCase(at=bot.now, actor=CARE, key=bot.key(), case_id=case, text="在查")
            await bot.does(answer)
            answered[case] = machine.latest
        await machine.until(bot.now + chance.randrange(150) * HOUR)
    await machine.until(bot.now + timedelta(days=20))
    assert bot.now.year == 2026, "the calendar of this test ends with the year"
    await _all_fired(bot, machine, answered)


async def _all_fired(bot, machine: Machine, answered: dict[int, datetime]) -> None:
    wrong, latest = [], timedelta()
    async with bot.session() as session:
        for case in (await session.scalars(select(Case))).all():
            rows = await session.scalars(select(CaseStep).where(CaseStep.case_id == case.id))
            steps = {(one.kind, one.level): one for one in rows}
            clocked = ("warned", "breached", "escalated")
            fired = {what: one for what, one in steps.items() if what[0] in clocked}
            wanted = expected(case, answered.get(case.id))
            if fired.keys() != wanted.keys():
                wrong.append((case.id, sorted(fired), sorted(wanted)))
                continue
            for what, moment in wanted.items():
                late = fired[what].at - machine.first_look(moment)
                latest = max(latest, late)
                if fired[what].at < moment or late > MINUTE:
                    wrong.append((case.id, what, moment, fired[what].at))
            if not steps[("opened", 1)].told:
                wrong.append((case.id, "nobody was told"))
    print(
        f"{CASES} cases, {len(machine.skipped)} jumps ahead, latest {latest.total_seconds():.0f} s late"
    )
    assert wrong == []
