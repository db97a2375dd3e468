"""The composition root: the only place that builds and connects objects."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot import events, timetable
from bot.clock import Clock, FileClock
from bot.content import load_content
from bot.inbound.dispatch import BATCH, Dispatcher
from bot.inbound.intake import Intake
from bot.inbound.router import Router
from bot.outbound.sender import Sender
from bot.platforms.gateway import Gateway, open_gateway
from bot.platforms.model import WithModel
from bot.platforms.official import callback as official_callback
from bot.platforms.official.callback import OfficialCallbacks
from bot.platforms.pacing import Pace, Pacing
from bot.platforms.query import no_skew
from bot.platforms.wecom import callback as wecom_callback
from bot.platforms.wecom import kf_messages
from bot.platforms.wecom.callback import WecomCallbacks
from bot.schedule import Moments, Timetable, ticking
from bot.settings import Settings
from bot.store import due, outbox, tasks
from bot.store.engine import Sessions, open_engine
from bot.store.permits import SqlPermits
from bot.store.tokens import SqlTokens
from bot.store.vault import Vault
from bot.tongue import speaking
from bot.web.accounts import model_account, official_account, wecom_account
from bot.web.desk import Desk
from bot.work.broker import Broker, listening, open_broker
from bot.work.context import Work
from bot.work.lane import Lane
from bot.work.renewing import renew, renewing

GATHERING = 0.03
"""Seconds for which more may come in after a batch that was not full: fifty events cost little more than five."""
PARSERS = {
    "wecom": wecom_callback.parse,
    "official": official_callback.parse,
    "kf": kf_messages.parse_one,
    "event": lambda body, _heard_at: events.load(json.loads(body)),
}


@dataclass(slots=True)
class Bot:
    """Everything in one process. `step` does all that is due; `run` keeps doing it."""

    work: Work
    dispatcher: Dispatcher
    intake: Intake
    sender: Sender
    timetable: Timetable
    broker: Broker
    desk: Desk

    async def step(self) -> Moments:
        """Do everything that is due at this moment, and what that makes due, until nothing is left.

        Returns when what waits is due next, as it was seen at the end.
        """
        while True:
            now, moments = self.work.now(), await self.timetable.moments()
            done = 0
            if moments["inbox"] is not None:
                done += await self.dispatcher.drain(self.work.sessions, now)
            if done or (moments["outbox"] is not None and moments["outbox"] <= now):
                done += await self.sender.pay()
            done += await self.timetable.run_due(moments)
            if not done:
                return moments

    async def next_moment(
        self, *, grain: timedelta = timedelta(0), moments: Moments | None = None
    ) -> datetime | None:
        return await self.timetable.next_moment(grain=grain, moments=moments)

    async def beat(self) -> None:
        """Look at the timetable, and at what that made due."""
        await self.timetable.run_due(long=False)
        await self.sweep()

    async def long_beat(self) -> None:
        """Beside the other beats: what takes minutes must not hold up an answer."""
        await self.timetable.run_long()

    async def sweep(self) -> None:
        """Ask for work whose moment has come, or whose message was lost."""
        now = self.work.now()
        async with self.work.sessions.reading() as session:
            inbox = (await due.moments(session))["inbox"]
            waiting = {tasks.DRAIN: inbox, tasks.PAY: await outbox.next_due(session)}
        names = [name for name, moment in waiting.items() if moment and moment <= now]
        if not names:
            return
        async with self.work.sessions.begin() as session:
            for name in names:
                await tasks.ask(session, name)
        self.broker.nudge()

    async def run(
        self, *, worker: bool = True, scheduler: bool = True, stop: asyncio.Event | None = None
    ) -> None:
        """Work until told to stop, then finish what is under way; what it notes down is Chinese, whoever looks on."""
        with speaking("zh"):
            await self._run(stop or asyncio.Event(), worker=worker, scheduler=scheduler)

    async def _run(self, stop: asyncio.Event, *, worker: bool, scheduler: bool) -> None:
        beside = [
            asyncio.create_task(renewing(self.work, stop)),
            asyncio.create_task(self.broker.relaying()),
        ]
        clockwork = ticking(self.beat, self.sweep, self.long_beat) if scheduler else None
        if clockwork is not None:
            clockwork.start()
        try:
            if worker:
                self._register(stop)
                await listening(self.broker, stop)
            else:
                await stop.wait()
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await self.broker.shutdown()
            if clockwork is not None:
                clockwork.shutdown(wait=False)

    def _register(self, stop: asyncio.Event) -> None:
        # One drain keeps each customer's events in order. Several payers: slow calls must not hold up a welcome, and a
        # platform that takes seconds must not hold up fifty of them a second (tests/storm/test_welcomes.py).
        draining = Lane(self._drain_some, most=1)
        paying = Lane(self.sender.pay, most=8)

        async def drain() -> (
            None
        ):  # taskiq renames what it registers, which a method does not bear
            if await draining.run(stop):
                await self.broker.asked.ask(tasks.DRAIN)

        async def pay() -> None:
            if await paying.run(stop):
                await self.broker.asked.ask(tasks.PAY)

        self.broker.register_task(drain, task_name=tasks.DRAIN)
        self.broker.register_task(pay, task_name=tasks.PAY)

    async def _drain_some(self) -> int:
        done = await self.dispatcher.drain(self.work.sessions, self.work.now())
        if done:
            self.broker.nudge()  # what was just owed is paid at once, not at the next look
        if 0 < done < BATCH:
            await asyncio.sleep(GATHERING)
        return done


def clock_of(settings: Settings) -> Clock:
    return FileClock(settings.clock_file) if settings.clock_file else Clock()


@asynccontextmanager
async def open_bot(
    settings: Settings,
    routers: Sequence[Router],
    *,
    open_doors: bool = False,
    inline: bool = False,
) -> AsyncIterator[Bot]:
    """A bot on its database, ready to serve; the schema must be the newest. `open_doors`: nobody signs in, which
    is the demo's way alone. `inline`: see `open_engine`."""
    clock = clock_of(settings)
    vault = Vault(settings.key)
    content = load_content(settings.content_dir, public_url=settings.public_url)
    async with AsyncExitStack() as stack:
        sessions = Sessions(open_engine(settings.database_url, inline=inline))
        stack.push_async_callback(sessions.close)
        pace = Pacing(content.limits.calls, SqlPermits(sessions), clock)
        gateway = await stack.enter_async_context(
            _gateway(settings, SqlTokens(sessions, vault), clock, pace)
        )
        platform = WithModel(gateway, model_account(settings)) if settings.model_url else gateway
        work = Work(sessions, vault, content, clock, platform, settings)
        # A movable clock is the sandbox's own: an answer under way while it jumps would look like a skew of hours.
        skew = no_skew if settings.clock_file else gateway.skew
        bot = _assemble(work, routers, skew=skew, open_doors=open_doors)
        stack.push_async_callback(bot.intake.close)
        await renew(work)
        await timetable.publish(work)
        yield bot


def _assemble(
    work: Work, routers: Sequence[Router], *, skew: Callable[[], float], open_doors: bool
) -> Bot:
    settings = work.settings
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
    dispatcher = Dispatcher(
        routers=routers,
        parsers=PARSERS,
        vault=work.vault,
        content=work.content,
        settings=settings,
        owner=owner,
    )
    broker = open_broker(settings.broker_url, work.sessions, name=settings.shop)
    intake = Intake(work.sessions, work.vault, work.clock, nudge=broker.nudge)
    wecom = WecomCallbacks(wecom_account(settings), work.clock, skew=skew)
    official = OfficialCallbacks(official_account(settings), work.clock, skew=skew)
    desk = Desk(
        work=work,
        intake=intake,
        dispatcher=dispatcher,
        wecom=wecom if settings.wecom_corp_id else None,
        official=official if settings.official_app_id else None,
        nudge=broker.nudge,
        skew=skew,
        sandbox_url=settings.sandbox_url,
        open_doors=open_doors,
    )
    return Bot(
        work=work,
        dispatcher=dispatcher,
        intake=intake,
        sender=Sender(work, owner=owner),
        timetable=timetable.timetable(work),
        broker=broker,
        desk=desk,
    )


@asynccontextmanager
async def _gateway(
    settings: Settings, tokens: SqlTokens, clock: Clock, pace: Pace
) -> AsyncIterator[Gateway]:
    media = settings.content_dir / "media"
    async with open_gateway(
        wecom=wecom_account(settings) if settings.wecom_corp_id else None,
        official=official_account(settings) if settings.official_app_id else None,
        tokens=tokens,
        clock=clock,
        load_media=lambda name: read_media(media, name),
        pace=pace,
    ) as gateway:
        yield gateway


def read_media(folder: Path, name: str) -> bytes:
    """Texts name media; a name that leads out of the folder names nothing."""
    path = (folder / name).resolve()
    if ".." in Path(name).parts or not path.is_relative_to(folder.resolve()):
        raise FileNotFoundError("media lie in the content folder")
    return path.read_bytes()
