"""The timetable: once a day over all processes, caught up once, and nobody is stopped by another's trouble."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from bot.calls import GetMember
from bot.schedule import Daily, Timetable, WhenDue, ticking
from bot.store import inbox, outbox
from bot.store.inbox import Arrival

MORNING = datetime(2026, 3, 12, 0, 30, tzinfo=UTC)
"""08:30 in Shanghai."""
DAY = timedelta(days=1)


class Diary:
    """Pieces of work that note when they were done."""

    def __init__(self, bot) -> None:
        self.bot = bot
        self.done: list[tuple[str, datetime]] = []
        bot.clock.move_to(MORNING)

    def piece(self, name: str, *, breaks: bool = False):
        async def work(_work) -> int:
            self.done.append((name, self.bot.now))
            if breaks:
                raise LookupError("林小满")
            return 1

        return work

    def daily(self, name: str = "tiers", at: time = time(9), **how) -> Daily:
        return Daily(name, at, self.piece(name, **how))

    def table(self, *entries) -> Timetable:
        return Timetable(self.bot.work, entries or (self.daily(),))

    async def passes(self, *tables: Timetable, **ahead: float) -> int:
        """Some time passes, then every timetable is looked at twice; how often work was done."""
        self.bot.clock.advance(**ahead)
        before = len(self.done)
        for table in tables * 2:
            await table.run_due()
        return len(self.done) - before


@pytest.fixture
def diary(bot) -> Diary:
    return Diary(bot)


async def test_a_day_has_one_run(diary):
    table = diary.table()
    assert await diary.passes(table) == 0
    runs = [await diary.passes(table, minutes=30) for _ in range(48 * 2)]
    assert sum(runs) == 2
    local = {at.astimezone(diary.bot.settings.zone).time() for _, at in diary.done}
    assert local == {time(9)}


async def test_two_timetables_on_one_database_run_it_once(diary):
    one, two = diary.table(), diary.table()
    await diary.passes(one, two)
    for _ in range(3):
        assert await diary.passes(one, two, days=1) == 1


async def test_two_that_look_at_the_same_instant_run_it_once(diary):
    tables = [diary.table() for _ in range(6)]
    await diary.passes(*tables)
    diary.bot.clock.advance(days=1)
    await asyncio.gather(*(table.run_due() for table in tables))
    assert len(diary.done) == 1


async def test_what_was_missed_is_caught_up_once(diary):
    await diary.passes(diary.table())
    diary.bot.clock.advance(days=5, hours=3)
    started_again = diary.table()
    assert await diary.passes(started_again) == 1
    assert await diary.passes(started_again, hours=20) == 0  # 07:30: the next is at nine
    assert await diary.passes(started_again, hours=2) == 1


async def test_the_hours_before_the_first_look_are_not_made_up_for(diary):
    diary.bot.clock.advance(hours=5)
    table = diary.table()
    assert await diary.passes(table) == 0
    assert await diary.passes(table, hours=1) == 0
    assert await diary.passes(table, days=1) == 1


async def test_a_firing_is_at_its_minute_and_not_before(diary):
    table = diary.table()
    await diary.passes(table)
    assert await diary.passes(table, days=1, minutes=29, seconds=59) == 1  # yesterday's
    assert await diary.passes(table, seconds=1) == 1


async def test_what_takes_long_waits_for_its_own_beat_and_then_runs_once(diary):
    table = diary.table(replace(diary.daily("nightly"), long=True), diary.daily("digest"))
    assert await table.run_due() == 0
    diary.bot.clock.advance(hours=1)
    assert await table.run_due(long=False) == 1
    assert [await table.run_long() for _ in range(2)] == [1, 0]
    assert await table.run_due() == 0
    assert [name for name, _ in diary.done] == ["digest", "nightly"]


async def test_rows_that_are_due_are_worked_on_and_others_are_not(bot, diary):
    table = diary.table(WhenDue("outbox", diary.piece("outbox")), WhenDue("kf", diary.piece("kf")))
    assert await table.run_due() == 0
    async with bot.session() as session:
        terms = {"effect": "e", "now": bot.now, "due_at": bot.now + timedelta(minutes=5)}
        await outbox.owe(session, bot.vault, GetMember(userid="a"), **terms)
    assert await table.run_due() == 0
    bot.clock.advance(minutes=5)
    assert await table.run_due() == 1
    assert [name for name, _ in diary.done] == ["outbox"]


async def test_one_pieces_trouble_does_not_stop_the_others(bot, diary):
    async with bot.session() as session:
        await inbox.keep(session, bot.vault, [Arrival("event", b"x")], now=bot.now)
    table = diary.table(
        WhenDue("inbox", diary.piece("first", breaks=True)),
        WhenDue("inbox", diary.piece("second")),
        diary.daily("third", breaks=True),
        diary.daily("fourth"),
    )
    await table.run_due()
    diary.bot.clock.advance(days=1)
    diary.done.clear()
    assert await table.run_due() == 2
    assert [name for name, _ in diary.done] == ["first", "second", "third", "fourth"]


async def test_trouble_is_logged_without_its_words(diary, capsys):
    table = diary.table(diary.daily("third", breaks=True))
    await diary.passes(table)
    await diary.passes(table, days=1)
    said = capsys.readouterr()
    assert "LookupError" in said.out + said.err
    assert "林小满" not in said.out + said.err


async def test_the_next_moment_is_the_earliest_of_all(bot, diary):
    table = diary.table(diary.daily(at=time(9)), diary.daily("digest", time(9, 30)))
    assert await table.next_moment() == MORNING + timedelta(minutes=30)
    async with bot.session() as session:
        terms = {"effect": "e", "now": bot.now, "due_at": bot.now + timedelta(minutes=5)}
        await outbox.owe(session, bot.vault, GetMember(userid="a"), **terms)
    assert await table.next_moment() == MORNING + timedelta(minutes=5)
    bot.clock.move_to(MORNING + timedelta(minutes=30))
    await table.run_due()
    assert await diary.table().next_moment() == MORNING + timedelta(minutes=5)


async def test_at_its_own_minute_the_next_firing_is_tomorrows(diary):
    diary.bot.clock.advance(minutes=30)
    assert await diary.table().next_moment() == diary.bot.now + DAY


async def test_a_beat_is_never_begun_twice_at_once(caplog):
    caplog.set_level("CRITICAL", logger="apscheduler")  # it says each time that it left one out
    running, most = 0, 0

    async def beat() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.15)
        running -= 1

    scheduler = ticking(beat, seconds=0.05)
    scheduler.start()
    await asyncio.sleep(0.5)
    scheduler.shutdown(wait=False)
    await asyncio.sleep(0.2)
    assert most == 1
