"""Calls are paced over gateways that share one database; what waited goes later, and nothing vanishes."""

import asyncio
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from bot.calls import GetCustomer, SendAppText, Sent, TryLater
from bot.domain.pacing import CallLimit, CallPermit
from bot.platforms.pacing import Pacing
from bot.platforms.request import get
from bot.store.permits import SqlPermits

SEND, GET = "/cgi-bin/message/send", "/cgi-bin/externalcontact/get"
HELLO, CUSTOMER = SendAppText(userids=("ann",), text="新客人"), GetCustomer(external_userid="wm1")


class Counted:
    """The permits of one database, and how often somebody asked it."""

    def __init__(self, sessions):
        self._permits, self.asked = SqlPermits(sessions), 0

    async def take(self, asked, **facts):
        self.asked += 1
        return await self._permits.take(asked, **facts)


@pytest.fixture
def permits(sessions):
    return Counted(sessions)


@pytest.fixture
def paced(open_gateway, permits, manual, content):
    """One more process."""

    def opening(*more: CallLimit):
        return open_gateway(pace=Pacing([*content.limits.calls, *more], permits, manual))

    return opening


def few(most: int) -> CallLimit:
    facts = {"valid_from": date(2026, 1, 1), "source": "x"}
    return CallLimit(platform="wecom", api="*", most=most, per="minute", **facts)


async def everybody(gateways, call, times: int) -> Counter:
    became = await asyncio.gather(
        *(gateways[n % len(gateways)].perform(call) for n in range(times))
    )
    return Counter("sent" if isinstance(one, Sent) else one.reason for one in became)


async def test_the_31st_app_message_of_a_minute_waits_and_then_arrives(paced, tiny, manual):
    gateway = paced()
    assert await everybody([gateway], HELLO, 30) == {"sent": 30}
    held = await gateway.perform(HELLO)
    assert isinstance(held, TryLater)
    assert (held.reason, tiny.counts()[SEND]) == ("held", 30)
    assert timedelta(seconds=30) < held.after <= timedelta(seconds=70)
    manual.advance(seconds=held.after.total_seconds())
    assert isinstance(await gateway.perform(HELLO), Sent)


async def test_members_have_their_thirty_each_and_a_message_to_both_takes_from_none_when_one_waits(
    paced, tiny
):
    gateway, both = paced(), SendAppText(userids=("Ann", "bea"), text="开会")
    await everybody([gateway], HELLO, 30)
    assert isinstance(await gateway.perform(both), TryLater)
    to_bea = SendAppText(userids=("bea",), text="新客人")
    assert await everybody([gateway], to_bea, 31) == {"sent": 30, "held": 1}
    assert tiny.counts()[SEND] == 60


async def test_processes_that_share_a_database_keep_to_one_limit_together(
    paced, permits, tiny, manual
):
    gateways = [paced(few(200)) for _ in range(2)]
    for _ in range(3):
        await everybody(gateways, CUSTOMER, 150)
        manual.advance(seconds=15)
    assert 190 <= tiny.counts()[GET] <= 200
    assert permits.asked < 80
    manual.advance(seconds=60)
    assert (await everybody(gateways, CUSTOMER, 100)) == {"sent": 100}


async def test_a_limit_far_away_costs_one_question_for_two_hundred_calls(
    paced, permits, sessions, manual
):
    pacing = Pacing([few(10_000)], permits, manual)
    for _ in range(400):
        assert await pacing("wecom:ww", get(GET)) is None
        manual.advance(hours=1)
    assert permits.asked == 2
    async with sessions.reading() as session:
        assert await session.scalar(select(func.count()).select_from(CallPermit)) == 1
