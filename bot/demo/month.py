"""A whole month in a world of its own: prologue, play, the settling after it, figures and checks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.demo import check, history, prologue
from bot.demo.agenda import Agenda
from bot.demo.cast import Person, cast
from bot.demo.plans import Script
from bot.demo.play import play, settle
from bot.demo.reactions import Reactions
from bot.demo.scene import Scene, open_scene
from bot.demo.staff import Staff
from bot.demo.till import Till
from bot.demo.world import shop, write_world
from bot.inbound.router import Router
from bot.store import attribution, report

ZONE = ZoneInfo("Asia/Shanghai")
EARLY = timedelta(hours=2)
"""The shop opens its books before the first day, so that the first morning is like any other."""
AFTERMATH = timedelta(hours=14)

Told = Callable[[int], None]
"""Called with the number of days played so far."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Which orders are bought in the month, and by whom."""

    orders: list[history.OrderSeen]
    people: list[Person]
    start: datetime


def prepare(home: Path, source: Path, *, seed: int, days: int, most: int | None = None) -> Cut:
    """Read the order file, invent its people and write the world; `most` keeps only so many buyers."""
    past = home / "history.csv"
    orders, buyers, start = history.split(source, ZONE, days=days, before=past, most=most)
    guides = [(guide["userid"], guide["store"]) for guide in shop()["guides"]]
    known = history.buyers_in(past)
    people = cast(buyers, guides, seed=seed, start=start, known_before=known)
    write_world(home / "world.yaml", people)
    return Cut(orders, people, start)


async def played(
    home: Path, source: Path, routers: Sequence[Router], *, seed: int, days: int, told: Told
) -> dict[str, Any]:
    """Play it and return what the report says."""
    began = time.monotonic()
    cut = prepare(home, source, seed=seed, days=days)
    async with open_scene(home, routers, seed=seed, start=cut.start - EARLY) as scene:
        key = await prologue.begin(scene, cut.people, home / "history.csv")
        await play_days(scene, cut, key, seed=seed, days=days, told=told)
        figures = await _figures(scene, cut, days)
    verdicts = check.check(home / "siyu.db", check.read_log(home / "sandbox.log"))
    return {
        "seed": seed,
        "days": days,
        "duration_s": round(time.monotonic() - began, 1),
        **figures,
        "invariants": {name: not wrong for name, wrong in verdicts.items()},
        "broken": {name: wrong[:5] for name, wrong in verdicts.items() if wrong},
    }


async def play_days(scene: Scene, cut: Cut, key: str, *, seed: int, days: int, told: Told) -> None:
    agenda = Agenda()
    till = Till(scene, agenda, key)
    people = {person.id: person for person in cut.people}
    reactions = Reactions(scene, agenda, till, people, seed=seed)
    Script(scene, agenda, till, cut.people, cut.orders, seed=seed).plan_all(cut.start, days)
    Staff(scene, agenda, seed=seed).plan_all(cut.start, days)
    await scene.trouble(seed)
    until = cut.start + timedelta(days=days)
    await play(
        scene, agenda, reactions, until=until, progress=lambda now: told((now - cut.start).days)
    )
    await settle(scene, until=until + AFTERMATH)
    told(days)


async def _figures(scene: Scene, cut: Cut, days: int) -> dict[str, Any]:
    end = scene.now + timedelta(seconds=1)
    async with scene.bot.work.sessions.reading() as session:
        figures = await report.month(session, cut.start - EARLY, end)
        effect = await attribution.lift(session, end, days=days)
    lift = {
        "treated": round(effect.treated),
        "holdout": round(effect.holdout),
        "low": round(effect.low),
        "high": round(effect.high),
    }
    return figures | {"lift": lift}
