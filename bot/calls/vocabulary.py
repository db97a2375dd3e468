"""What every call is, what may become of it, and how one is written down and read back."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any, ClassVar

from pydantic import TypeAdapter


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One intent of ours towards a platform. A value: comparing, storing and repeating it is safe."""

    repeatable: ClassVar[bool] = True
    """False: after an unknown outcome ask the platform first, or leave it unknown; never just call again."""

    kinds: ClassVar[dict[str, type[Call]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super(Call, cls).__init_subclass__(**kwargs)
        Call.kinds[_snake(cls.__name__)] = cls


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform did it. `answer` is its body without errcode and errmsg."""

    answer: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TryLater:
    """Not done, and may be tried again after `after`."""

    code: int = 0
    reason: str = ""
    after: timedelta = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Refused:
    """Not done, and trying again would not help. `reason` is a word of `bot.domain.reasons`."""

    code: int
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unclear:
    """The request may have been done: the answer was lost or made no sense."""

    reason: str = "unknown"


Outcome = Sent | TryLater | Refused | Unclear


def kind_of(call: Call) -> str:
    """`SendWelcome` → `send_welcome`."""
    return _snake(type(call).__name__)


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(Call.kinds[kind])


def dump(call: Call) -> dict[str, Any]:
    kind = kind_of(call)
    facts: dict[str, Any] = _adapter(kind).dump_python(call, mode="json")
    return {"kind": kind} | facts


def load(written: dict[str, Any]) -> Call:
    """The call that `dump` wrote. Raises KeyError for a kind that is gone."""
    facts = dict(written)
    call: Call = _adapter(facts.pop("kind")).validate_python(facts)
    return call
