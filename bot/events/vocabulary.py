"""What every event is, and how one is written down and read back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

from pydantic import TypeAdapter


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened outside, or that a person asked for."""

    at: datetime
    """When it happened, aware, as the sender says; never later than when we heard of it."""

    kinds: ClassVar[dict[str, type[Event]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # `slots=True` makes dataclass() create the class twice; the second one wins here, as it must.
        super(Event, cls).__init_subclass__(**kwargs)
        Event.kinds[snake(cls.__name__)] = cls


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(Event):
    """A callback that we do not know; kept and counted, never failed."""

    source: str
    name: str
    fields: dict[str, Any]


def kind_of(event: Event) -> str:
    """`CustomerAdded` → `customer_added`: the name in logs, metrics and the inbox."""
    return snake(type(event).__name__)


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(Event.kinds[kind])


def dump(event: Event) -> dict[str, Any]:
    kind = kind_of(event)
    facts: dict[str, Any] = _adapter(kind).dump_python(event, mode="json")
    return {"event": kind} | facts


def load(written: dict[str, Any]) -> Event:
    """The event that `dump` wrote. Raises KeyError for a kind that is gone."""
    facts = dict(written)
    event: Event = _adapter(facts.pop("event")).validate_python(facts)
    return event
