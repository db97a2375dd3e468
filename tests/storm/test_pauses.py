"""A campaign is paused at a hundred random moments of its sending and goes on each time: after a pause nothing more is
sent than was under way, and in the end everybody was written to once.

STORM_PAUSES makes it smaller.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import Any

from sqlalchemy import select

from bot.calls import SendOfficial, Sent
from bot.domain.campaigns import Campaign, Touch
from bot.events.commands import Actor, PauseCampaign, ResumeCampaign
from bot.outbound.deliver import deliver_due
from bot.outbound.sender import Sender
from tests.storm.test_seeded_bugs import a_world

PAUSES = int(os.environ.get("STORM_PAUSES", "100"))
BATCH = 5
"""Calls under way at once."""
BOSS = Actor(kind="owner", id="boss")


class Watched(Sender):
    """The real one; at one of its steps, in the middle of its round, somebody presses pause."""

    presses: Any = None
    steps = 0

    async def _at(self, act: Any) -> Any:
        done = await act
        self.steps -= 1
        if self.steps == 0:
            await self.presses()
        return done

    async def _claim(self, limit: int) -> Any:
        return await self._at(super()._claim(limit))

    async def _look(self, claimed: Any) -> Any:
        return await self._at(super()._look(claimed))

    async def _write(self, became: Any, payable: Any) -> Any:
        return await self._at(super()._write(became, payable))


async def test_after_a_pause_only_what_is_under_way_goes_out(sessions, content, settings):
    chance = random.Random(1)
    people = PAUSES * BATCH // 2
    here = await a_world(sessions, content, settings, 1, people=people)
    bot = here.bot
    await bot.works(deliver_due)
    async with bot.session() as session:
        (campaign,) = await session.scalars(select(Campaign.id))
    arrived: list[str] = []
    bot.platform.answers(SendOfficial, lambda call: arrived.append(call.openid) or Sent())
    later: list[int] = []
    for number in range(PAUSES):
        sender = Watched(bot.work, owner=f"s{number}")
        counted: list[int] = []

        async def press(number=number, counted=counted) -> None:
            said = {"actor": BOSS, "campaign_id": campaign}
            await bot.does(PauseCampaign(at=bot.now, key=f"p{number}", **said))
            counted.append(len(arrived))

        sender.presses, sender.steps = press, chance.randint(1, 8)
        while await sender.pay(limit=BATCH) and not counted:
            pass
        if not counted:
            await press()
        while await sender.pay(limit=BATCH):
            pass
        await bot.works(deliver_due)
        later.append(len(arrived) - counted[0])
        said = {"actor": BOSS, "campaign_id": campaign}
        await bot.does(ResumeCampaign(at=bot.now, key=f"r{number}", **said))
        await bot.works(deliver_due)
    while await bot.sender.pay():
        pass
    async with bot.session() as session:
        states = Counter(await session.scalars(select(Touch.state)))
    print(f"\n{PAUSES} pauses: at most {max(later)} went out after one; {dict(states)}")
    assert max(later) <= BATCH
    assert states == {"delivered": people}
    assert max(Counter(arrived).values()) == 1
