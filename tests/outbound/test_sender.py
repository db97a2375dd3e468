"""Debts are paid in order, by one owner at a time, never twice where twice would be noticed, and never for ever."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from sqlalchemy import select, update

from bot.calls import (
    Call,
    GetMember,
    Refused,
    SendAppText,
    SendKf,
    SendOfficial,
    Sent,
    TryLater,
    Unclear,
)
from bot.domain.delivery import Owed, Task
from bot.outbound.sender import LEASE_SECONDS, MOST_ATTEMPTS, Sender
from bot.outbound.settled import settled
from bot.store import outbox, switches, tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock(Call):
    """A call of these tests alone; repeating it is harmless."""

    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring(Call):
    """One that must not be repeated."""

    repeatable: ClassVar[bool] = False
    word: str = ""


@settled.on(Knock)
async def note(call: Knock, outcome: Any, owed: Owed, settling: Any) -> None:
    """Writes down what it heard, and breaks when it is told to."""
    await tasks.ask(settling.session, f"heard {call.word} {type(outcome).__name__}")
    if call.word == "breaks":
        raise LookupError("林小满 13800006021")


async def owes(bot, call: Call, effect: str, **terms) -> int:
    async with bot.session() as session:
        found = await outbox.owe(session, bot.vault, call, effect=effect, now=bot.now, **terms)
    assert found is not None
    return found


async def debt(bot, number: int) -> Owed:
    async with bot.session() as session:
        return (await session.scalars(select(Owed).where(Owed.id == number))).one()


async def heard(bot) -> set[str]:
    async with bot.session() as session:
        names = await session.scalars(select(Task.name).where(Task.name.like("heard %")))
        return {name.removeprefix("heard ") for name in names}


async def claims(bot, owner: str, *, real: float | None = None, limit: int = 10):
    async with bot.session() as session:
        return await outbox.claim(
            session,
            owner=owner,
            now=bot.now,
            real=bot.clock.real() if real is None else real,
            lease=LEASE_SECONDS,
            limit=limit,
        )


async def dies_at_work(bot) -> None:
    """Somebody claimed all there is and was never seen again; the lease is over."""
    claimed = await claims(bot, "dead", real=bot.clock.real() - LEASE_SECONDS - 1)
    async with bot.session() as session:
        assert len(await outbox.begin(session, claimed)) == len(claimed) > 0


async def test_express_goes_before_bulk_and_the_older_before_the_newer(bot):
    for n, lane in enumerate(["bulk", "bulk", "express", "express"]):
        await owes(bot, Knock(word=f"{lane}{n}"), f"e{n}", lane=lane)
    for _ in range(4):
        assert await bot.sender.pay(limit=1) == 1
    assert [call.word for call in bot.platform.performed] == [
        "express2",
        "express3",
        "bulk0",
        "bulk1",
    ]


async def test_nothing_is_called_before_its_moment(bot):
    await owes(bot, Knock(), "e", due_at=bot.now + timedelta(minutes=5))
    assert await bot.sends() == []
    bot.clock.advance(minutes=5)
    assert await bot.sends() == [Knock()]


async def test_an_effect_is_owed_and_called_once(bot):
    await owes(bot, Knock(), "e")
    await bot.sends()
    async with bot.session() as session:
        again = await outbox.owe(session, bot.vault, Knock(), effect="e", now=bot.now)
    assert again is None
    assert await bot.sends() == []


async def test_several_senders_share_the_debts(bot):
    for n in range(30):
        await owes(bot, Knock(word=str(n)), f"e{n}")
    senders = [Sender(bot.work, owner=f"s{n}") for n in range(4)]
    while sum(await asyncio.gather(*(sender.pay(limit=5) for sender in senders))):
        pass
    assert sorted(int(call.word) for call in bot.platform.performed) == list(range(30))


async def test_a_claimed_debt_is_nobody_elses_until_its_lease_is_over(bot):
    await owes(bot, Knock(), "e")
    now = bot.clock.real()
    assert len(await claims(bot, "a", real=now)) == 1
    assert await claims(bot, "b", real=now + LEASE_SECONDS - 1) == []
    (taken,) = await claims(bot, "b", real=now + LEASE_SECONDS + 1)
    assert (taken.owner, taken.fence, taken.reason) == ("b", 2, None)


async def test_the_movable_clock_does_not_end_a_lease(bot):
    await owes(bot, Knock(), "e")
    await claims(bot, "a")
    bot.clock.advance(days=30)
    assert await bot.sends() == []


async def test_a_former_owner_who_comes_late_changes_nothing(bot):
    number = await owes(bot, Knock(), "e")
    now = bot.clock.real()
    (early,) = await claims(bot, "same", real=now - LEASE_SECONDS - 1)
    async with bot.session() as session:
        session.expunge_all()
    (later,) = await claims(
        bot, "same", real=now
    )  # the same name, restarted: only the fence tells
    async with bot.session() as session:
        early_fence = early._replace(fence=1)
        late = {"state": "refused", "reason": "late"}
        assert not await outbox.settle(session, [(early_fence, late)])
    assert (await debt(bot, number)).state == "claimed"
    async with bot.session() as session:
        done = {"state": "done", "reason": None}
        assert await outbox.settle(session, [(later, done)]) == {number}
    assert early.id == later.id


async def test_a_call_that_may_be_repeated_is_made_again_after_its_owner_died(bot):
    number = await owes(bot, Knock(), "e")
    await dies_at_work(bot)
    assert await bot.sends() == [Knock()]
    assert (await debt(bot, number)).state == "done"


async def test_a_call_that_must_not_be_repeated_is_unknown_after_its_owner_died(bot):
    number = await owes(bot, Ring(), "e")
    await dies_at_work(bot)
    assert await bot.sends() == []
    found = await debt(bot, number)
    assert (found.state, found.reason) == ("unknown", "interrupted")


@pytest.mark.parametrize("call", [Knock(word="k"), Ring(word="r")])
async def test_what_was_under_way_is_not_called_expired(bot, call):
    number = await owes(bot, call, "e", expires_at=bot.now + timedelta(seconds=18))
    await dies_at_work(bot)
    bot.clock.advance(minutes=1)
    assert await bot.sends() == []
    found = await debt(bot, number)
    assert (found.state, found.reason) == ("unknown", "interrupted")


async def test_what_was_put_off_was_not_under_way(bot):
    number = await owes(bot, Ring(), "e")
    bot.platform.answers(Ring, TryLater(45009, "too_fast"), Sent())
    await bot.sends()
    bot.clock.advance(minutes=1)
    assert await bot.sends() == [Ring()]
    assert (await debt(bot, number)).state == "done"


async def test_what_has_run_out_is_not_called(bot):
    number = await owes(bot, Knock(word="k"), "e", expires_at=bot.now + timedelta(seconds=18))
    bot.clock.advance(seconds=18)
    assert await bot.sends() == []
    found = await debt(bot, number)
    assert (found.state, found.reason) == ("expired", "expired")
    assert await heard(bot) == {"k Refused"}


async def test_trying_later_waits_twice_as_long_each_time_and_gives_up_with_a_reason(bot):
    number = await owes(bot, Knock(word="k"), "e")
    bot.platform.answers(Knock, TryLater(45009, "too_fast", timedelta(seconds=5)))
    waits = []
    while (await debt(bot, number)).state == "owed":
        assert await bot.sends() == [Knock(word="k")]
        found = await debt(bot, number)
        waits.append((found.due_at - bot.now).total_seconds())
        assert found.state != "owed" or await heard(bot) == set()
        bot.clock.move_to(max(found.due_at, bot.now))
    assert waits[:-1] == [5 * 2**n for n in range(MOST_ATTEMPTS - 1)]
    assert (found.state, found.reason, found.code) == ("refused", "gave_up", 45009)
    assert await heard(bot) == {"k Refused"}


async def test_no_wait_is_longer_than_half_an_hour(bot):
    number = await owes(bot, Knock(), "e")
    bot.platform.answers(Knock, TryLater(after=timedelta(hours=3)))
    await bot.sends()
    assert (await debt(bot, number)).due_at - bot.now == timedelta(minutes=30)


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (Sent({"msgid": "m1", "name": "林小满"}), "done", None),
        (Refused(40003, "no_such_guide"), "refused", "no_such_guide"),
        (Unclear("timeout"), "unknown", "timeout"),
    ],
)
async def test_an_outcome_is_written_and_heard_together(bot, outcome, state, reason):
    number = await owes(bot, Knock(word="k"), "e")
    bot.platform.answers(Knock, outcome)
    await bot.sends()
    found = await debt(bot, number)
    assert (found.state, found.reason, found.settled_at) == (state, reason, bot.now)
    assert await heard(bot) == {f"k {type(outcome).__name__}"}


async def test_of_an_answer_only_ids_are_kept(bot):
    number = await owes(bot, Knock(), "e")
    bot.platform.answers(Knock, Sent({"msgid": "m1", "name": "林小满"}))
    await bot.sends()
    assert (await debt(bot, number)).answer == {"msgid": "m1"}


async def test_nothing_of_a_call_can_be_read_in_its_row(bot):
    number = await owes(bot, SendAppText(userids=("suqing",), text="林小满的生日"), "e")
    found = await debt(bot, number)
    assert "林小满".encode() not in found.body
    assert outbox.open_call(bot.vault, found).text == "林小满的生日"


async def test_hearing_that_breaks_loses_neither_the_outcome_nor_the_neighbours(bot):
    numbers = [await owes(bot, Knock(word=w), f"e-{w}") for w in ("before", "breaks", "after")]
    await bot.sender.pay()
    assert [type(bug) for bug in bot.bugs] == [LookupError]
    assert [(await debt(bot, number)).state for number in numbers] == ["done"] * 3
    assert await heard(bot) == {"before Sent", "after Sent"}
    assert await bot.sender.pay() == 0


async def test_a_debt_nobody_can_read_holds_nobody_up(bot):
    broken = await owes(bot, Knock(word="odd"), "e1")
    fine = await owes(bot, Ring(word="fine"), "e2")
    async with bot.session() as session:
        await session.execute(update(Owed).where(Owed.id == broken).values(body=b"\x01" * 40))
    await bot.sender.pay()
    assert bot.platform.performed == [Ring(word="fine")]
    assert (await debt(bot, fine)).state == "done"
    found = await debt(bot, broken)
    assert (found.state, found.reason) == ("owed", "bug")
    assert found.due_at > bot.now


async def test_a_bug_of_ours_in_a_call_is_its_own_outcome(bot):
    def breaks(call):
        raise ZeroDivisionError

    bot.platform.answers(Knock, breaks)
    bot.platform.answers(Ring, breaks)
    knock, ring = await owes(bot, Knock(), "k"), await owes(bot, Ring(), "r")
    await owes(bot, GetMember(userid="suqing"), "m")
    assert GetMember(userid="suqing") in await bot.sends()
    assert [(await debt(bot, n)).state for n in (knock, ring)] == ["owed", "unknown"]


async def test_a_rolled_back_change_leaves_no_debt(bot):
    async with bot.session() as session:
        await outbox.owe(session, bot.vault, Knock(), effect="e", now=bot.now)
        await session.rollback()
    assert await bot.sends() == []


KF = SendKf(open_kfid="wk1", external_userid="wm1", msgid="m1", text="春装到店")


async def test_marketing_stops_at_the_kill_switch_and_answers_do_not(bot):
    stopped = await owes(bot, KF, "e1", purpose="marketing")
    await owes(bot, SendOfficial(openid="o1", text="您问的衬衫有货"), "e2")
    async with bot.session() as session:
        await switches.turn(
            session, switches.SENDING, on=False, reason="错券", by="owner:a", now=bot.now
        )
    assert [type(call) for call in await bot.sends()] == [SendOfficial]
    found = await debt(bot, stopped)
    assert (found.state, found.reason) == ("refused", "kill_switch")


async def test_marketing_that_comes_late_respects_the_night(bot):
    number = await owes(bot, KF, "e", purpose="marketing")
    bot.clock.advance(hours=12)
    assert await bot.sends() == []
    assert (await debt(bot, number)).reason == "quiet_hours"


class Frozen(Sender):
    """Stopped after one of its steps, as by SIGSTOP, until it is told to go on."""

    def __init__(self, bot, point: str) -> None:
        super().__init__(bot.work, owner="frozen")
        self.point, self.stopped, self.goes_on = point, asyncio.Event(), asyncio.Event()

    async def _at(self, step: str, act):
        done = await act
        if step == self.point:
            self.stopped.set()
            await self.goes_on.wait()
        return done

    async def _claim(self, limit):
        return await self._at("claim", super()._claim(limit))

    async def _look(self, claimed):
        return await self._at("look", super()._look(claimed))

    async def _write(self, became, payable):
        return await self._at("begin" if payable else "settle", super()._write(became, payable))

    async def _perform(self, owed, call):
        return await self._at("perform", super()._perform(owed, call))


async def leases_end(bot) -> None:
    async with bot.session() as session:
        await session.execute(update(Owed).values(lease_until=0.0))


@pytest.mark.parametrize(
    ("point", "became"),
    [("claim", "done"), ("look", "done"), ("begin", "unknown"), ("perform", "unknown")],
)
async def test_who_was_frozen_longer_than_its_lease_changes_nothing_when_it_goes_on(
    bot, point, became
):
    number = await owes(bot, Ring(), "e")
    frozen = Frozen(bot, point)
    paying = asyncio.create_task(frozen.pay())
    await frozen.stopped.wait()
    await leases_end(bot)
    await bot.sends()
    assert (await debt(bot, number)).state == became
    frozen.goes_on.set()
    await paying
    assert bot.platform.performed == [Ring()]
    assert (await debt(bot, number)).state == became


class Dies(BaseException):
    """As by SIGKILL."""


async def test_a_debt_that_kills_who_pays_it_is_parked_after_three_and_the_others_go_on(bot):
    def kills(call):
        if call.word == "poison":
            raise Dies
        return Sent()

    bot.platform.answers(Knock, kills)
    words = ["a", "poison", "b", "c"]
    numbers = {word: await owes(bot, Knock(word=word), f"e-{word}") for word in words}
    deaths = 0
    for _ in range(8):
        try:
            while await bot.sender.pay():
                pass
        except Dies:
            deaths += 1
        await leases_end(bot)
    assert deaths == 3
    found = {word: await debt(bot, number) for word, number in numbers.items()}
    assert (found.pop("poison").state, {one.state for one in found.values()}) == (
        "refused",
        {"done"},
    )


async def test_who_was_near_a_debt_that_kills_is_not_parked_with_it(bot):
    numbers = [await owes(bot, Knock(word=str(n)), f"e{n}") for n in range(4)]
    taken = [await claims(bot, "dead", real=turn * 2 * LEASE_SECONDS) for turn in range(5)]
    assert [len(some) for some in taken] == [4, 4, 1, 1, 1]
    await bot.sends()
    found = [await debt(bot, number) for number in numbers]
    assert [one.state for one in found] == ["refused", "done", "done", "done"]
