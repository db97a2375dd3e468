"""From errcodes to outcomes; the tables of codes live with their platform."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.calls import Outcome, Refused, Sent, TryLater


@dataclass(frozen=True, slots=True)
class Later:
    """Not done, and worth another try after so many seconds."""

    reason: str
    seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Done:
    """An error in form, a success in fact."""

    told: bool = False
    """The body tells what was done; other failure bodies carry the fields with empty defaults."""


Verdict = str | Later | Done
"""A plain word refuses for good."""

_HINT = re.compile(r",? *(hint|from ip|more info|rid)\b.*", re.DOTALL)


def errcode(said: Mapping[str, Any]) -> int:
    """The Official Account leaves errcode out when all went well."""
    code = said.get("errcode", 0)
    return code if isinstance(code, int) else -1


def outcome(said: Mapping[str, Any], table: Mapping[int, Verdict]) -> Outcome:
    code = errcode(said)
    verdict = table.get(code, "unknown_code") if code else Done(told=True)
    if isinstance(verdict, Done):
        return Sent(answer(said) if verdict.told else {})
    if isinstance(verdict, Later):
        return TryLater(code, verdict.reason, timedelta(seconds=verdict.seconds))
    return Refused(code, verdict, _gist(said))


def answer(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in {"errcode", "errmsg"}}


def _gist(said: Mapping[str, Any]) -> str:
    """For operators only: never key on it, and keep the part with our address and request id out."""
    return _HINT.sub("", str(said.get("errmsg", "")))[:120]
