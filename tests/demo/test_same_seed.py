"""The same seed gives the same world and the same month's work; another seed gives others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.demo.agenda import Agenda
from bot.demo.cast import Person
from bot.demo.history import OrderSeen
from bot.demo.plans import Script
from tests.demo.evidence import small_shop

DAYS = 3


class Notes:
    """A shop in which nothing happens but that everything asked for is written down."""

    notes = {"open_kfid": "wk1"}  # noqa: RUF012 - what a scene knows

    def __init__(self) -> None:
        self.work: list[Any] = []

    async def act(self, *acts: dict[str, Any]) -> None:
        self.work += acts

    def selling(
        self, order: OrderSeen, person: Person, *, in_store: bool
    ) -> Callable[[], Awaitable[None]]:
        async def sell() -> None:
            self.work.append((order, person.id, in_store))

        return sell


async def month(home: Path, *, seed: int) -> tuple[str, list[Any]]:
    """The world file, and the acts and orders of the first days."""
    home.mkdir()
    people, orders, start = small_shop(home, seed=seed)
    notes, agenda = Notes(), Agenda()
    script = Script(notes, agenda, notes, people, orders, seed=seed)  # type: ignore[arg-type]
    script.plan_all(start, DAYS)
    await agenda.perform(start + timedelta(days=DAYS))
    return (home / "world.yaml").read_text(encoding="utf-8"), notes.work


@pytest.fixture
async def first(tmp_path: Path) -> tuple[str, list[Any]]:
    return await month(tmp_path / "first", seed=7)


async def test_the_same_seed_gives_the_same_world_and_work(first, tmp_path):
    assert len(first[1]) > 20
    assert await month(tmp_path / "again", seed=7) == first


async def test_another_seed_gives_others(first, tmp_path):
    world, work = await month(tmp_path / "other", seed=8)
    assert world != first[0]
    assert work != first[1]
