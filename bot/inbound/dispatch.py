"""Kept events to their handlers: one savepoint each, so that a handler's bug stops nobody else."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import SendOfficial
from bot.content import Content
from bot.domain.delivery import Kept
from bot.events import Event, FanEvent, Unknown, kind_of
from bot.inbound.lines import lines_of
from bot.inbound.router import Result, Router
from bot.inbound.turn import Answer, Reply, Turn
from bot.settings import Settings
from bot.store import in_hand, inbox, outbox, tasks
from bot.store.engine import Sessions, collided, until_free
from bot.store.inbox import Arrival
from bot.store.together import side_by_side
from bot.store.vault import Vault

log = structlog.get_logger()
Parser = Callable[[bytes, datetime], Event]
"""From a kept body and the moment it was heard, which counts when the body names none."""
BATCH = 50
LATEST_REPLY = timedelta(hours=1)
"""After so long an answer only puzzles whoever asked."""


class Dispatcher:
    """Knows which routers hear an event, and how a kept body becomes an event again."""

    def __init__(
        self,
        *,
        routers: Sequence[Router],
        parsers: Mapping[str, Parser],
        vault: Vault,
        content: Content,
        settings: Settings,
        alarm: Callable[[Exception], None] = lambda bug: None,  # noqa: ARG005
        owner: str = "here",
    ) -> None:
        """`alarm` is told of every handler's bug, beside the log and the parked row; `owner` names this process."""
        self._routers = tuple(routers)
        self._parsers = parsers
        self._vault = vault
        self._content = content
        self._settings = settings
        self._alarm = alarm
        self._owner = owner
        self._awaited: Counter[str] = Counter()
        self._said: dict[str, Result] = {}
        self._answering = asyncio.Lock()

    async def drain(self, sessions: Sessions, now: datetime) -> int:
        """Handle up to a batch of waiting events in one transaction. Returns how many."""
        return await until_free(partial(self._drain, sessions, now))

    async def _drain(self, sessions: Sessions, now: datetime) -> int:
        try:
            return await self._take_up(sessions, now)
        except BaseException:
            # Whoever lives to tell lets go of it, or the next process would count this one among the dead.
            with suppress(Exception):
                async with sessions.begin() as session:
                    await in_hand.let_go(session, owner=self._owner)
            raise

    async def _take_up(self, sessions: Sessions, now: datetime) -> int:
        here, limit = sessions.dialect == "sqlite", BATCH
        if here:
            async with sessions.in_one_trip() as connection:
                limit = await in_hand.note_next(connection, owner=self._owner, limit=BATCH)
        if not limit:
            return 0
        async with sessions.begin() as session:
            waiting = await inbox.waiting(session, limit=limit)
            if here:  # what another process noted in between is its own
                waiting = [kept for kept in waiting if kept.owner == self._owner]
            taken = in_hand.next_of(waiting, self._deaths)
            if taken and not here:
                await self._note(sessions, taken)
            await self._handle_living(session, taken, now)
        return len(taken)

    async def _note(self, sessions: Sessions, taken: Sequence[Kept]) -> None:
        ids, deaths = [kept.id for kept in taken], self._deaths(taken[0])
        async with sessions.in_one_trip() as connection:
            await in_hand.note(connection, ids, owner=self._owner, deaths=deaths)

    async def _handle_living(
        self, session: AsyncSession, taken: Sequence[Kept], now: datetime
    ) -> None:
        """All of them, but for one that so many died with that it must be what kills them."""
        if not taken or self._deaths(taken[0]) < in_hand.MOST_DEATHS:
            await self._handle_all(session, taken, now)
            return
        (kept,) = taken
        kept.state, kept.reason, kept.handled_at = "parked", in_hand.REASON, now
        log.error("event parked", inbox_id=kept.id, reason=kept.reason)

    def _deaths(self, kept: Kept) -> int:
        return in_hand.deaths(kept, self._owner)

    @contextmanager
    def awaiting(self, arrival: Arrival) -> Iterator[None]:
        """Somebody of this process waits for what is said to it, from before it is kept: whoever handles it tells."""
        self._awaited[arrival.digest] += 1
        try:
            yield
        finally:
            self._awaited[arrival.digest] -= 1
            if not self._awaited[arrival.digest]:
                del self._awaited[arrival.digest]
                self._said.pop(arrival.digest, None)

    async def answer(self, sessions: Sessions, arrival: Arrival, now: datetime) -> Result:
        """What is said to one kept event, handled right now but after all of its source that came before it."""
        while arrival.digest not in self._said:
            # One of those who wait does the work for all: each with a transaction of its own would use up the
            # connections, and whoever comes in next could not even be kept.
            async with self._answering:
                if arrival.digest in self._said or not await self._answer_some(
                    sessions, arrival, now
                ):
                    break
        return self._said.get(arrival.digest)

    async def _answer_some(self, sessions: Sessions, arrival: Arrival, now: datetime) -> int:
        async with sessions.begin() as session:
            waiting = await inbox.waiting(
                session, limit=BATCH, until=arrival, others=self._awaited
            )
            # Whatever somebody died with is for the drain, which takes it alone and counts.
            steady = in_hand.steady(waiting, self._deaths)
            await self._handle_all(session, steady, now)
        return len(steady)

    async def _handle_all(
        self, session: AsyncSession, waiting: Sequence[Kept], now: datetime
    ) -> None:
        """All of them in one savepoint; where one breaks, all anew in a savepoint each, so that it breaks alone."""
        if not waiting:
            return
        try:
            async with session.begin_nested():
                told = await self._told_all(session, waiting, now)
        except Exception as bug:
            if collided(bug):
                raise
            for kept in waiting:
                self._said_to(kept, await self.handle(session, kept, now, late=self._late(kept)))
        else:
            for kept, (event, result) in zip(waiting, told, strict=True):
                _mark(kept, event, now)
                self._said_to(kept, result)
        await tasks.ask(session, tasks.PAY)

    def _late(self, kept: Kept) -> bool:
        return kept.digest not in self._awaited

    def _said_to(self, kept: Kept, result: Result) -> None:
        if kept.digest in self._awaited:
            self._said[kept.digest] = result

    async def _told_all(
        self, session: AsyncSession, waiting: Sequence[Kept], now: datetime
    ) -> list[tuple[Event, Result]]:
        """Different people's events side by side, each person's one after the other."""
        told: dict[int, tuple[Event, Result]] = {}

        async def tell(line: Sequence[tuple[Kept, Event]]) -> None:
            for kept, event in line:
                said = await self._tell_all(session, kept, event, now, late=self._late(kept))
                told[kept.id] = (event, said)

        events = [(kept, self.read(kept)) for kept in waiting]
        async for lines in lines_of(session, events):
            await side_by_side(session, [tell(line) for line in lines])
        return [told[kept.id] for kept in waiting]

    async def _tell_all(
        self, session: AsyncSession, kept: Kept, event: Event, now: datetime, *, late: bool
    ) -> Result:
        """What was said to it; its changes are written but not yet final."""
        result = await self.tell(session, event, key=kept.digest, now=now)
        if late:
            await self.say_later(session, event, result, key=kept.digest, now=now)
        await session.flush()
        return result

    async def handle(
        self, session: AsyncSession, kept: Kept, now: datetime, *, late: bool = False
    ) -> Result:
        """Handle one kept event; its change, its debts and its mark commit together.

        `late`: nobody waits for a reply, so that one is sent as a message of its own.
        """
        event: Event | None = None
        try:
            event = self.read(kept)
            async with session.begin_nested():
                result = await self._tell_all(session, kept, event, now, late=late)
        except Exception as bug:
            if collided(bug):
                raise  # no bug of the handler: the whole batch is done anew
            # Logged and parked: the neighbours go on.
            kept.state, kept.reason = "parked", f"{type(bug).__name__} {_place(bug)}"
            kept.kind = kept.kind if event is None else kind_of(event)
            kept.handled_at, kept.attempts = now, kept.attempts + 1
            # Not the exception's own words: they may carry people's data.
            log.error("event parked", inbox_id=kept.id, reason=kept.reason)
            self._alarm(bug)
            return None
        _mark(kept, event, now)
        return result

    async def say_later(
        self, session: AsyncSession, event: Event, result: Result, *, key: str, now: datetime
    ) -> None:
        """A reply that missed its answer becomes a message, while it is still one."""
        if not isinstance(result, Reply) or not isinstance(event, FanEvent):
            return
        await outbox.owe(
            session,
            self._vault,
            SendOfficial(openid=event.openid, text=result.text, menu=result.menu),
            effect=f"reply:{key}",
            now=now,
            lane="express",
            expires_at=event.at + LATEST_REPLY,
        )

    def read(self, kept: Kept) -> Event:
        body = self._vault.unseal(kept.body, about=inbox.ABOUT)
        return self._parsers[kept.source](body.encode(), kept.received_at)

    async def tell(
        self, session: AsyncSession, event: Event, *, key: str, now: datetime
    ) -> Result:
        """Every router hears the event; the first reply or answer given counts."""
        turn = Turn(session, now, self._vault, self._content, self._settings, key)
        result: Result = None
        for router in self._routers:
            handler = router.match(event)
            if handler is not None:
                said = await handler(event, turn)
                result = _first(result, said)
        return result


def _mark(kept: Kept, event: Event, now: datetime) -> None:
    kept.state = "unknown" if isinstance(event, Unknown) else "handled"
    kept.kind, kept.handled_at, kept.attempts = kind_of(event), now, kept.attempts + 1


def _first(had: Result, said: Result) -> Result:
    """A reply already given stands: routers are ordered by who may speak first."""
    if isinstance(had, Reply | Answer):
        return had
    return said


def _place(bug: BaseException) -> str:
    """Where it broke."""
    trace = bug.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    code = trace.tb_frame.f_code
    return f"in {code.co_qualname} ({Path(code.co_filename).name}:{trace.tb_lineno})"
