"""A campaign to so many recipients while its processes are killed: nobody is lost, nobody is written to twice, nothing
stays in flight. Half of them get a call each on the Official Account, half a mass task; platforms fail meanwhile.

STORM_RECIPIENTS, STORM_KILLS and STORM_SEED make it larger or another one.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from benchmarks.world import make_tables, sync
from bot.app import open_bot
from bot.events.commands import Actor, SwitchSending
from bot.inbound import commands
from bot.outbound.campaigns import plan_due
from bot.settings import load_settings
from bot.store import campaigns
from handlers import ROUTERS
from tests import nats, postgres
from tests.conftest import SECRET
from tests.processes import ROOT, environment, wait_for
from tests.storm.crowd import NOW, Platforms, fill
from tests.storm.mortals import POINTS

RECIPIENTS = int(os.environ.get("STORM_RECIPIENTS", "1000"))
KILLS = int(os.environ.get("STORM_KILLS", "10"))
SEED = int(os.environ.get("STORM_SEED", "1"))
SECONDS = float(os.environ.get("STORM_SECONDS", "40"))
"""Over so long the messages become due, so that there is something in flight at every moment."""
SPREAD = SECONDS + 60
WORKERS = 4
WAVES = 60
QUIET = 60.0
LONGEST = 1500.0
BACKENDS = ("sqlite", "sql", "nats")
COMMITS = ("commit-3", "committed-5", "commit-9", "committed-14", "commit-20", "committed-31")
CALLS = ("*/message/custom/send", "*/add_msg_template")
FAULTS = [
    {"match": match, "p": p, "do": do}
    for match in CALLS
    for p, do in (
        (0.02, "errcode:-1"),
        (0.005, "html_502"),
        (0.005, "apply_then_reset"),
        (0.005, "reset"),
    )
]
ENDED = ("delivered", "unknown", "refused", "cancelled", "expired", "excluded", "not_friend")


@dataclass
class Storm:
    home: Path
    backend: str
    stack: ExitStack
    people: int = RECIPIENTS
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))
    alive: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.url = self._database()
        asyncio.run(make_tables(self.url))
        fill(self.url, self.people)
        self.engine = create_engine(sync(self.url))
        self.stack.callback(self.engine.dispose)
        self.platforms = Platforms(self.home, self.people)
        self.stack.callback(self.platforms.kill)
        told = self.platforms.settings | {"SIYU_DATABASE_URL": self.url}
        if self.backend == "nats":
            server = nats.NatsServer(self.home)
            self.stack.callback(server.kill)
            told["SIYU_BROKER_URL"] = server.url
        self.env = environment(**(told | {"SIYU_SECRET_KEY": SECRET}))
        given = {name[5:].lower(): value for name, value in told.items()}
        self.settings = load_settings(**(given | {"secret_key": SECRET}))
        self.nursery = self._nursery()
        self.stack.callback(self.end)

    def _database(self) -> str:
        if self.backend == "sqlite":
            return f"sqlite+aiosqlite:///{self.home / 'siyu.db'}"
        server, name = postgres.server(), f"siyu_storm_{self.backend}"
        postgres.run(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        postgres.run(server, f"CREATE DATABASE {name}")
        return server.set(database=name).render_as_string(hide_password=False)

    def _nursery(self) -> subprocess.Popen[str]:
        with (self.home / "mortals.log").open("ab") as sink:
            made = subprocess.Popen(
                [sys.executable, "-m", "tests.storm.mortals"],
                cwd=ROOT,
                env=self.env,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
            )
        assert made.stdout is not None
        assert made.stdout.readline().strip() == "ready"
        return made

    def begin(self, role: str, point: str = "") -> int:
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write(f"{role} {point}\n")
        self.nursery.stdin.flush()
        number = int(self.nursery.stdout.readline())
        self.alive[number] = role
        return number

    def dies(self, number: int) -> None:
        """Killed by us; another one takes its place."""
        os.kill(number, 9)
        role = self.alive.pop(number)
        self.begin(role)

    def lives(self, number: int) -> bool:
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return False
        return True

    def end(self) -> None:
        for number in self.alive:
            if self.lives(number):
                os.kill(number, 9)
        self.nursery.kill()
        self.nursery.wait()

    def asked(self, question: str, **bound: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(question), bound).all())

    def count(self, question: str, **bound: Any) -> int:
        return int(self.asked(question, **bound)[0][0])

    def launch(self) -> None:
        asyncio.run(self._launch())

    async def _launch(self) -> None:
        async with open_bot(self.settings, ROUTERS) as bot, bot.work.sessions.begin() as session:
            facts = {"now": NOW, "created_by": "operator:a", "state": "running"}
            has = {"field": "identity", "op": "has", "value": "openid"}
            await campaigns.draft(
                session,
                name="公众号",
                rule=has,
                template="sleeping/soft",
                channels=["official"],
                **facts,
            )
            words = bot.work.vault.seal("春装到店，欢迎来试。", about=campaigns.ABOUT)
            friend = {"field": "follows.any", "op": "eq", "value": True}
            await campaigns.draft(
                session, name="导购", rule=friend, words=words, channels=["wecom"], **facts
            )
        async with open_bot(self.settings, ROUTERS) as bot:
            await plan_due(bot.work)
        self._spread()

    def _spread(self) -> None:
        """The fans one after the other, the guides' people all at once."""
        waves = [(wave, NOW + timedelta(seconds=wave * SPREAD / WAVES)) for wave in range(WAVES)]
        late = "UPDATE touch SET due_at = :at WHERE channel = 'official' AND id % :waves = :wave"
        with self.engine.begin() as connection:
            for wave, at in waves:
                moment = at.replace(tzinfo=None).isoformat(" ", "microseconds")
                bound = {"at": moment, "waves": WAVES, "wave": wave}
                connection.execute(text(late), bound)

    def switch(self, *, on: bool) -> None:
        async def act() -> None:
            async with open_bot(self.settings, ROUTERS) as bot:
                who = Actor(kind="owner", id="boss")
                command = SwitchSending(
                    actor=who, at=bot.work.now(), key=f"switch:{on}", on=on, reason="错券"
                )
                await commands.do(bot.dispatcher, bot.work.sessions, command, bot.work.now())

        asyncio.run(act())

    def waiting(self) -> int:
        """Touches that have not come to their end."""
        states = ", ".join(f"'{one}'" for one in ENDED)
        return self.count(f"SELECT count(*) FROM touch WHERE state NOT IN ({states})")

    def unsent(self) -> int:
        return self.count(
            "SELECT count(*) FROM touch WHERE state IN ('planned', 'queued')"
        ) + self.count("SELECT count(*) FROM outbox WHERE state IN ('owed', 'claimed')")

    def of_the_dead(self) -> int:
        """Debts in the hands of somebody who is not there any more."""
        held = self.asked("SELECT owner FROM outbox WHERE state = 'claimed'")
        return sum(int(owner.split(":")[-2]) not in self.alive for (owner,) in held)

    def arrivals(self) -> Counter[str]:
        """Who received how much, as the platforms wrote it down."""
        rows = [row for row in self.platforms.rows("arrival") if row.get("status") != "reminder"]
        return Counter(
            row["to"] for row in rows if str(row["to"]).startswith("c") and _reached(row)
        )


def _reached(row: dict[str, Any]) -> bool:
    return row.get("status") in {None, "sent", "ok", "delivered"}


def until(true: Callable[[], bool], what: str, seconds: float) -> float:
    """How long it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, f"{seconds:.0f} s in vain for {what}"
        time.sleep(0.5)
    return time.monotonic() - began


@contextmanager
def storm(home: Path, backend: str, **changes: Any) -> Iterator[Storm]:
    with ExitStack() as stack:
        yield Storm(home, backend, stack, **changes)


def kill_at_every_point(here: Storm) -> int:
    """One process per point: each reaches it, dies there, and another one goes on."""
    died = 0
    if here.backend == "sqlite":
        for point in (*COMMITS, *POINTS):
            (number,) = here.alive
            here.alive.pop(number)
            os.kill(number, 9)
            mortal = here.begin("all", point)
            died += _dies_by_itself(here, mortal, "all")
        return died
    for points, role in ((COMMITS, "scheduler"), (POINTS, "worker")):
        for point in points:
            number = next(one for one, its in here.alive.items() if its == role)
            here.alive.pop(number)
            os.kill(number, 9)
            died += _dies_by_itself(here, here.begin(role, point), role)
    return died


def _dies_by_itself(here: Storm, number: int, role: str) -> bool:
    until = time.monotonic() + 30
    while here.lives(number) and time.monotonic() < until and here.unsent():
        time.sleep(0.05)
    gone = not here.lives(number)
    if gone:
        here.alive.pop(number)
        here.begin(role)
    return gone


def kill_at_random(here: Storm, kills: int) -> None:
    for _ in range(kills):
        time.sleep(here.chance.expovariate(KILLS / SECONDS))
        here.dies(here.chance.choice(sorted(here.alive)))


def confirmed_and_settled(here: Storm) -> bool:
    """Guides tap what they hold, a while passes, and the platform is asked."""
    tasks = here.asked("SELECT g.userid, m.msgid FROM mass_task m JOIN guide g ON g.id = m.guide_id "
                       "WHERE m.state = 'waiting'")  # fmt: skip
    here.platforms.acts(
        *({"act": "confirm_task", "guide": guide, "msgid": msgid} for guide, msgid in tasks)
    )
    here.platforms.ask("clock", {"advance": 300})
    time.sleep(2)
    return not here.waiting()


@pytest.mark.parametrize("backend", BACKENDS)
def test_nobody_is_lost_or_doubled(tmp_path, backend):
    if backend == "nats" and nats.missing():
        pytest.skip("no nats-server here")
    with storm(tmp_path, backend) as here:
        here.launch()
        here.platforms.ask("faults", {"seed": SEED, "faults": FAULTS})
        here.platforms.ask("clock", {"running": True})
        began = time.monotonic()
        roles = ("all",) if backend == "sqlite" else ("scheduler", "worker")
        for role in roles:
            here.begin(role)
        died = kill_at_every_point(here)  # alone, so that each comes to its point
        for _ in range(WORKERS - 1 if backend != "sqlite" else 0):
            here.begin("worker")
        kill_at_random(here, KILLS)
        healed = until(lambda: not here.of_the_dead(), "the debts of the dead", QUIET)
        sent = until(lambda: not here.unsent(), "the last message", LONGEST)
        took = time.monotonic() - began
        here.platforms.ask("clock", {"running": False})
        until(lambda: confirmed_and_settled(here), "guides and results", 600)
        told(here, took=took, died=died, healed=healed, sent=sent)


def told(here: Storm, **figures: float) -> None:
    arrived = here.arrivals()
    states = {
        f"c{who}": state for who, state in here.asked("SELECT customer_id, state FROM touch")
    }
    lost = [who for who, state in states.items() if state == "delivered" and not arrived[who]]
    hidden = [who for who in arrived if states.get(who) not in {"delivered", "unknown"}]
    doubled = [who for who, times in arrived.items() if times > 1]
    unknown = [who for who, state in states.items() if state == "unknown"]
    never = [who for who in unknown if not arrived[who]]
    ends, kills = dict(Counter(states.values())), figures.get("kills", KILLS)
    print(
        f"\n{here.backend}: {len(states)} recipients, {kills:.0f} random kills, {figures['died']:.0f} points; "
        f"lost {len(lost)}, doubled {len(doubled)}, hidden {len(hidden)}, "
        f"in flight after {figures['healed']:.0f} s: 0; {ends}; "
        f"of the unknown {len(never)} never arrived; {figures['took']:.0f} s"
    )
    assert len(states) == here.people
    assert set(ends) <= set(ENDED)
    assert (lost, doubled, hidden) == ([], [], [])


def test_the_kill_switch_stops_every_process_within_two_seconds(tmp_path):
    with storm(tmp_path, "sql", people=12_000) as here:
        here.launch()
        here.platforms.ask("faults", {"faults": [{"match": CALLS[0], "do": "delay:0.05"}]})
        here.platforms.ask("clock", {"running": True})
        for role in ("scheduler", "worker", "worker"):
            here.begin(role)
        sent = "SELECT count(*) FROM outbox WHERE state = 'done' AND kind = 'send_official'"
        by = "SELECT count(DISTINCT owner) FROM outbox WHERE state = 'done' AND kind = 'send_official'"
        wait_for(lambda: here.count(sent) > 300 and here.count(by) == 2, "two senders", 300)
        here.switch(on=False)
        pulled = time.monotonic()
        before, last, until = len(here.arrivals()), pulled, pulled + 8
        while time.monotonic() < until:
            if (now := len(here.arrivals())) > before:
                before, last = now, time.monotonic()
            time.sleep(0.1)
        left = here.count("SELECT count(*) FROM touch WHERE state IN ('planned', 'queued')")
        print(
            f"\n2 senders, {before} sent, {left} left: the last one {last - pulled:.2f} s after the switch"
        )
        assert left > 0
        assert last - pulled <= 2.0
