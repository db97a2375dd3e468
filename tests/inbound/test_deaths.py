"""An event whose handling kills its process is found by its deaths and parked; what came with it is handled."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from itertools import count

import pytest
from sqlalchemy import select

from bot import events
from bot.domain.delivery import Kept
from bot.events import FanMessaged, LinkOpened
from bot.inbound.dispatch import Dispatcher
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Reply
from bot.store import inbox
from bot.store.engine import Sessions, open_engine
from bot.store.inbox import Arrival
from tests.builders import a_store


class House:
    """Process after process on one database, until one has handled all there is."""

    def __init__(self, bot, database_url: str) -> None:
        self.bot, self.url, self.guilty = bot, database_url, "guilty"
        self._owners = (f"process {n}" for n in count(1))

    def dispatcher(self, *, owner: str) -> Dispatcher:
        router = Router()

        @router.on(LinkOpened)
        async def opened(event: LinkOpened, turn) -> Answer:
            await a_store(turn.session, code=event.token)
            if event.token == self.guilty:
                os.kill(os.getpid(), signal.SIGKILL)
            if event.token == "cancelled":
                raise asyncio.CancelledError
            return Answer()

        @router.on(FanMessaged)
        async def answers(event: FanMessaged, _turn) -> Reply:
            return Reply(f"re {event.text}")

        return Dispatcher(
            routers=(router,),
            parsers={"event": lambda body, _at: events.load(json.loads(body))},
            vault=self.bot.vault,
            content=self.bot.content,
            settings=self.bot.settings,
            owner=owner,
        )

    async def keeps(self, *received: events.Event) -> list[Arrival]:
        arrivals = [Arrival("event", json.dumps(events.dump(e)).encode()) for e in received]
        async with self.bot.session() as session:
            await inbox.keep(session, self.bot.vault, arrivals, now=self.bot.now)
        return arrivals

    def lives(self) -> bool:
        """A process of its own drains the inbox; whether it came to the end of it."""
        owner = next(self._owners)
        child = os.fork()
        if child == 0:
            try:
                asyncio.run(self._drains(owner))
            finally:
                os._exit(0)
        return not os.WIFSIGNALED(os.waitpid(child, 0)[1])

    async def _drains(self, owner: str) -> None:
        sessions = Sessions(open_engine(self.url))
        while await self.dispatcher(owner=owner).drain(sessions, self.bot.now):
            pass

    async def states(self) -> list[tuple[str, str | None]]:
        async with self.bot.session() as session:
            rows = await session.execute(select(Kept.state, Kept.reason).order_by(Kept.id))
            return [(state, reason) for state, reason in rows]


@pytest.fixture
def house(bot, database_url) -> House:
    return House(bot, database_url)


def opened(bot, *tokens: str) -> list[LinkOpened]:
    return [LinkOpened(at=bot.now, token=token) for token in tokens]


async def test_what_kills_its_process_three_times_is_parked_alone_and_replayed(bot, house):
    await house.keeps(*opened(bot, "a", "b", "guilty", "c", "d"))
    assert [house.lives() for _ in range(4)] == [False, False, False, True]
    handled, parked = ("handled", None), ("parked", "dies_with_it")
    assert await house.states() == [handled, handled, parked, handled, handled]
    house.guilty = "nobody"
    async with bot.session() as session:
        assert await inbox.unpark(session) == 1
    assert house.lives()
    assert await house.states() == [handled] * 5


async def test_a_drain_that_was_broken_off_is_nobodys_death(bot, house):
    await house.keeps(*opened(bot, "a", "cancelled"))
    for owner in ("first", "second", "third", "fourth"):
        with pytest.raises(asyncio.CancelledError):
            await house.dispatcher(owner=owner).drain(bot.sessions, bot.now)
    async with bot.session() as session:
        kept = list(await session.scalars(select(Kept)))
    assert {(one.state, one.owner, one.crashes) for one in kept} == {("kept", None, 0)}


async def test_an_answer_leaves_whatever_somebody_died_with_to_the_drain(bot, house):
    facts = {"at": bot.now, "openid": "o", "account": "g", "msgtype": "text"}
    await house.keeps(*opened(bot, "guilty"))
    assert not house.lives()
    (said,) = await house.keeps(FanMessaged(**facts, msgid="1", text="?"))
    house.guilty, here = "nobody", house.dispatcher(owner="here")
    with here.awaiting(said):
        assert await here.answer(bot.sessions, said, bot.now) is None
    assert [state for state, _ in await house.states()] == ["kept", "kept"]
