"""What every event is, and how one is written down and read back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened outside, or that a person asked for."""

    at: datetime
    """When it happened, aware, as the sender says; never later than when we heard of it."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super(Event, cls).__init_subclass__(**kwargs)
        EVENTS.add(cls)


EVENTS: Vocabulary[Event] = Vocabulary("event")
kind_of, dump, load = EVENTS.kind_of, EVENTS.dump, EVENTS.load


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(Event):
    """A callback that we do not know; kept and counted, never failed."""

    source: str
    name: str
    fields: dict[str, Any]
