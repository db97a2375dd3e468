"""What a check found: fine, worth a look, or broken; with its cause and its mend."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from bot.tongue import _

State = Literal["ok", "warn", "fail"]
MARKS: dict[State, str] = {"ok": "✓", "warn": "!", "fail": "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    state: State
    what: str
    why: str = ""
    fix: str = ""

    def in_words(self) -> str:
        why = f" · {self.why}" if self.why else ""
        fix = "\n      " + _("这样修：%(then)s", then=self.fix) if self.fix else ""
        return f"  {MARKS[self.state]} {self.what}{why}{fix}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def fine(check: str, what: str) -> Finding:
    return Finding(check, "ok", what)


def doubtful(check: str, what: str, why: str, fix: str) -> Finding:
    return Finding(check, "warn", what, why, fix)


def broken(check: str, what: str, why: str, fix: str) -> Finding:
    return Finding(check, "fail", what, why, fix)
