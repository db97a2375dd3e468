"""The inventory of what is kept of people, as statements: whose the rows of a table are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from sqlalchemy import Table, or_, select

from bot.store import tables

NAMED = {"ref": "{}", "actor": "customer:{}", "subject": "customer_id:{}"}
"""How a row names her without her number."""


@dataclass(frozen=True, slots=True)
class Person:
    """Everybody whom one walk is about, with the records that were folded into them."""

    ids: Sequence[int]
    refs: Sequence[str]

    def named(self, how: str) -> list[str]:
        known: Sequence[Any] = self.ids if how == "subject" else self.refs
        return [NAMED[how].format(one) for one in known]


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one table."""

    name: str
    hers: Any = None
    erase: str = ""
    waits: bool = False
    plain: Sequence[str] = ()
    sealed: Sequence[str] = ()
    inner: Sequence[str] = ()
    house: Sequence[str] = ()
    empty: Mapping[str, Any] = field(default_factory=dict)

    @property
    def table(self) -> Table:
        return tables.by_name()[self.name]

    @property
    def columns(self) -> set[str]:
        return {*self.plain, *self.sealed, *self.inner, *self.house}

    @property
    def whose(self) -> Any:
        """The column that says under whose key its sealed columns lie."""
        if isinstance(self.hers, dict):
            (parent,) = self.hers.values()
            return entries()[parent].whose
        return self.table.c[self.hers]

    def of(self, person: Person) -> Any:
        """Which of its rows are hers."""
        match self.hers:
            case str():
                return self.table.c[self.hers].in_(person.ids)
            case list():
                return or_(*(self.table.c[name].in_(person.ids) for name in self.hers))
        ((name, how),) = self.hers.items()
        if how in NAMED:
            return self.table.c[name].in_(person.named(how))
        parent = entries()[how]
        return self.table.c[name].in_(select(parent.table.c.id).where(parent.of(person)))


@cache
def entries() -> Mapping[str, Entry]:
    written = files("bot.domain").joinpath("inventory.yaml").read_text(encoding="utf-8")
    return {name: Entry(name, **said) for name, said in yaml.safe_load(written).items()}


@cache
def of_people() -> Sequence[Entry]:
    """The tables in which a customer can be found, parents first."""
    known = entries()
    ordered = [known[table.name] for table in tables.in_order()]
    return [entry for entry in ordered if entry.hers is not None]
