"""Each kept event has a savepoint of its own: one that breaks is set aside and handled after the mend."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from sqlalchemy import delete, select

from bot import events
from bot.calls import GetMember, SendOfficial
from bot.domain.customers import Store
from bot.domain.delivery import Kept, Owed
from bot.events import Event, FanMessaged, LinkOpened, Unknown
from bot.inbound.dispatch import BATCH, Dispatcher
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Reply
from bot.store import inbox, tasks
from bot.store.inbox import Arrival
from tests.builders import a_store

WORDS = "林小满 13800006021"


@dataclass
class Hall:
    """A dispatcher with one router, whose handler owes a call, adds a store and may break."""

    bot: object
    broken: bool = False

    def __post_init__(self) -> None:
        self.router, self.second = Router(), Router()
        self.router.on(LinkOpened)(self.opened)
        self.heard: list[str] = []

    async def opened(self, event: LinkOpened, turn) -> Answer:
        self.heard.append(event.token)
        await turn.owe(GetMember(userid=event.token), effect=f"look:{event.token}")
        await a_store(turn.session, code=event.token)
        if self.broken and event.token.startswith("bad"):
            raise LookupError(f"{WORDS} {event.token}")
        return Answer()

    def dispatcher(self, *routers: Router) -> Dispatcher:
        return Dispatcher(
            routers=routers or (self.router,),
            parsers={"event": lambda body, _at: events.load(json.loads(body))},
            vault=self.bot.vault,
            content=self.bot.content,
            settings=self.bot.settings,
            alarm=self.bot.bugs.append,
        )

    async def keeps(self, *received: Event) -> None:
        arrivals = [Arrival("event", json.dumps(events.dump(e)).encode()) for e in received]
        async with self.bot.session() as session:
            await inbox.keep(session, self.bot.vault, arrivals, now=self.bot.now)

    async def drains(self, *routers: Router) -> int:
        return await self.dispatcher(*routers).drain(self.bot.sessions, self.bot.now)

    async def kept(self) -> list[Kept]:
        async with self.bot.session() as session:
            return list(await session.scalars(select(Kept).order_by(Kept.id)))

    async def effects(self) -> tuple[set[str], set[str]]:
        """Who is to be looked up, and which stores there are."""
        async with self.bot.session() as session:
            owed = set(await session.scalars(select(Owed.effect)))
            return owed, set(await session.scalars(select(Store.code)))


@pytest.fixture
def hall(bot) -> Hall:
    return Hall(bot)


def opened(bot, *tokens: str) -> list[LinkOpened]:
    return [LinkOpened(at=bot.now, token=token) for token in tokens]


async def test_events_are_handled_once_and_in_order(bot, hall):
    await hall.keeps(*opened(bot, "a", "b", "c"))
    assert await hall.drains() == 3
    assert await hall.drains() == 0
    assert hall.heard == ["a", "b", "c"]
    assert {(kept.state, kept.kind, kept.attempts) for kept in await hall.kept()} == {
        ("handled", "link_opened", 1)
    }


async def test_a_bug_parks_its_event_and_leaves_the_neighbours_alone(bot, hall):
    hall.broken = True
    await hall.keeps(*opened(bot, "a", "bad", "c"))
    assert await hall.drains() == 3
    assert [kept.state for kept in await hall.kept()] == ["handled", "parked", "handled"]
    assert await hall.effects() == ({"look:a", "look:c"}, {"a", "c"})
    assert [type(bug) for bug in bot.bugs] == [LookupError]


async def test_two_bugs_in_a_row_leave_the_marks_of_both(bot, hall):
    hall.broken = True
    await hall.keeps(*opened(bot, "bad1", "bad2", "c"))
    await hall.drains()
    assert [kept.state for kept in await hall.kept()] == ["parked", "parked", "handled"]


async def test_the_reason_says_where_and_never_what_people_wrote(bot, hall, capsys):
    hall.broken = True
    await hall.keeps(*opened(bot, "bad"))
    await hall.drains()
    (kept,) = await hall.kept()
    assert kept.reason.startswith("LookupError in Hall.opened (test_dispatch.py:")
    said = capsys.readouterr()
    for word in WORDS.split():
        assert word not in f"{kept.reason}{said.out}{said.err}"


async def test_a_refused_statement_of_the_database_parks_too(bot, hall):
    async with bot.session() as session:
        await a_store(session, code="b")
    await hall.keeps(*opened(bot, "a", "b", "c"))
    await hall.drains()
    kept = await hall.kept()
    assert [one.state for one in kept] == ["handled", "parked", "handled"]
    assert kept[1].reason.startswith("IntegrityError in ")
    assert await hall.effects() == ({"look:a", "look:c"}, {"a", "b", "c"})


async def test_a_parked_event_is_handled_after_the_mend(bot, hall):
    hall.broken = True
    await hall.keeps(*opened(bot, "bad"))
    await hall.drains()
    hall.broken = False
    assert await hall.drains() == 0  # nothing happens by itself
    async with bot.session() as session:
        assert await inbox.unpark(session) == 1
    await hall.drains()
    (kept,) = await hall.kept()
    assert (kept.state, kept.reason, kept.attempts) == ("handled", None, 2)
    assert await hall.effects() == ({"look:bad"}, {"bad"})


async def test_a_body_that_cannot_be_read_is_parked(bot, hall):
    async with bot.session() as session:
        arrivals = [Arrival("event", b"{}"), Arrival("nobody", b"x")]
        await inbox.keep(session, bot.vault, arrivals, now=bot.now)
    await hall.keeps(*opened(bot, "a"))
    await hall.drains()
    assert [kept.state for kept in await hall.kept()] == ["parked", "parked", "handled"]


async def test_an_unknown_event_is_kept_as_unknown(bot, hall):
    odd = Unknown(at=bot.now, source="wecom", name="event.brand_new", fields={})
    await hall.keeps(odd)
    await hall.drains()
    (kept,) = await hall.kept()
    assert (kept.state, kept.kind) == ("unknown", "unknown")


async def test_more_than_a_batch_takes_several_transactions(bot, hall):
    await hall.keeps(*opened(bot, *(f"t{n}" for n in range(BATCH + 3))))
    assert [await hall.drains() for _ in range(3)] == [BATCH, 3, 0]


async def test_the_first_router_with_something_to_say_is_heard(bot, hall):
    fan = FanMessaged(at=bot.now, openid="o", account="g", msgid="1", msgtype="text", text="?")
    silent, first, second = Router(), Router(), Router()
    heard = []
    for router, said in ((silent, None), (first, Reply("first")), (second, Reply("second"))):

        @router.on(FanMessaged)
        async def answers(event, turn, said=said):
            heard.append(said)
            return said

    await hall.keeps(fan)
    dispatcher = hall.dispatcher(silent, first, second)
    async with bot.session() as session:
        (kept,) = await inbox.waiting(session, limit=1)
        assert await dispatcher.handle(session, kept, bot.now) == Reply("first")
    assert len(heard) == 3


def asked(bot, *words: str) -> list[FanMessaged]:
    facts = {"at": bot.now, "openid": "o", "account": "gh", "msgtype": "text"}
    return [FanMessaged(**facts, msgid=word, text=word) for word in words]


@pytest.fixture
def echo() -> Router:
    router = Router()

    @router.on(FanMessaged)
    async def say(event, turn):
        return Reply(f"re {event.text}")

    return router


async def test_a_reply_that_nobody_waits_for_goes_as_a_message(bot, hall, echo):
    await hall.keeps(*asked(bot, "a"))
    await hall.drains(echo)
    assert await bot.sends() == [SendOfficial(openid="o", text="re a")]


async def test_a_message_is_answered_after_those_before_it(bot, hall, echo):
    first, second, third = asked(bot, "a", "b", "c")
    await hall.keeps(first, second, third)
    said = Arrival("event", json.dumps(events.dump(second)).encode())
    dispatcher = hall.dispatcher(echo)
    with dispatcher.awaiting(said):
        assert await dispatcher.answer(bot.sessions, said, bot.now) == Reply("re b")
    assert await dispatcher.answer(bot.sessions, said, bot.now) is None
    assert [call.text for call in await bot.sends()] == ["re a"]
    assert [kept.state for kept in await hall.kept()] == ["handled", "handled", "kept"]


async def test_who_waits_hears_the_reply_whoever_handles_it_first(bot, hall, echo):
    (event,) = asked(bot, "a")
    said = Arrival("event", json.dumps(events.dump(event)).encode())
    dispatcher = hall.dispatcher(echo)
    with dispatcher.awaiting(said):
        await hall.keeps(event)
        await dispatcher.drain(bot.sessions, bot.now)
        assert await dispatcher.answer(bot.sessions, said, bot.now) == Reply("re a")
    assert await bot.sends() == []


async def test_within_a_router_only_the_first_that_matches_hears(bot, hall):
    router, heard = Router(), []

    @router.on(LinkOpened, when=lambda event: event.token == "a")
    async def narrow(event, turn):
        heard.append("narrow")

    @router.on(LinkOpened)
    async def wide(event, turn):
        heard.append("wide")

    await hall.keeps(*opened(bot, "a", "b"))
    await hall.drains(router)
    assert heard == ["narrow", "wide"]


async def test_who_handles_events_asks_for_the_debts_to_be_paid(bot, hall):
    await hall.keeps(*opened(bot, "a"))
    await hall.drains()
    async with bot.session() as session:
        assert await tasks.take(session) == [tasks.PAY]


async def test_a_commit_that_fails_leaves_everything_to_be_handled_again(bot, hall):
    await hall.keeps(*opened(bot, "a"))
    async with bot.session() as session:
        (kept,) = await inbox.waiting(session, limit=1)
        await hall.dispatcher().handle(session, kept, bot.now)
        await session.rollback()
    assert await hall.effects() == (set(), set())
    await hall.drains()
    assert await hall.effects() == ({"look:a"}, {"a"})


async def test_only_one_kind_may_be_put_back(bot, hall):
    hall.broken = True
    await hall.keeps(*opened(bot, "bad"))
    await hall.drains()
    async with bot.session() as session:
        assert await inbox.unpark(session, kind="order_reported") == 0
        assert await inbox.unpark(session, kind="link_opened") == 1
        await session.execute(delete(Kept))
