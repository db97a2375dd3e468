"""What every call is, what may become of it, and how one is written down and read back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from bot.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One intent of ours towards a platform. A value: comparing, storing and repeating it is safe."""

    repeatable: ClassVar[bool] = True
    """False: after an unknown outcome ask the platform first, or leave it unknown; never just call again."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super(Call, cls).__init_subclass__(**kwargs)
        CALLS.add(cls)


CALLS: Vocabulary[Call] = Vocabulary("kind")
kind_of, dump, load = CALLS.kind_of, CALLS.dump, CALLS.load


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
