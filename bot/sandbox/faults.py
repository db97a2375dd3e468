"""Scripted faults: which call or callback goes wrong, and how; draws never depend on the order of arrival."""

from __future__ import annotations

import fnmatch
import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from bot.sandbox.clock import parse_moment
from bot.sandbox.names import Names
from bot.sandbox.saying import _

ANSWERS = [
    *("errcode", "http", "html_502", "empty_200", "truncate", "delay", "timeout", "reset"),
    *("apply_then_reset", "apply_then_timeout", "revoke_token"),
]
CALLBACKS = ["duplicate", "forged", "late", "lost", "reorder"]
NUMBERED = ("errcode", "http")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(value: Any) -> Any:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])?", value) if isinstance(value, str) else None
    return float(match[1]) * UNITS[match[2] or "s"] if match else value


Seconds = Annotated[float, BeforeValidator(seconds)]


class Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    match: str = "*"
    do: str
    p: float = 1.0
    count: int | None = None
    at: str | None = None
    lasts: Seconds | None = Field(None, alias="for")
    every: Seconds | None = None

    @field_validator("do")
    @classmethod
    def known(cls, do: str) -> str:
        how, _sign, detail = do.partition(":")
        if how not in (*ANSWERS, *CALLBACKS):
            raise ValueError(
                _(
                    "没有 %(how)s 这种故障；能写：%(known)s",
                    how=how,
                    known="、".join([*ANSWERS, *CALLBACKS]),
                )
            )
        if how in NUMBERED and not detail.lstrip("-").isdigit():
            raise ValueError(_("%(how)s 后面要跟一个数字，例如 %(how)s:45009", how=how))
        return do

    def fits(self, call: str) -> bool:
        if self.match.startswith("callback") != call.startswith("callback"):
            return False
        return call.startswith(self.match + " ") or fnmatch.fnmatchcase(call, self.match)


class Script(BaseModel):
    model_config = ConfigDict(extra="ignore")

    seed: int = 0
    faults: list[Rule] = []


class Faults:
    """`pick` answers what to do to one call: `""` or the rule's `do`."""

    def __init__(self, script: Script, *, start: datetime) -> None:
        self.script = script
        self._names = Names(script.seed)
        self._start = start
        self._matched: Counter[int] = Counter()
        self._drawn: Counter[tuple[int, str, str]] = Counter()
        self._last: dict[int, datetime] = {}

    def pick(self, call: str, key: str, now: datetime) -> str:
        """Every rule counts every call it matches, also one that an earlier rule spoils."""
        fitting = [
            (index, rule) for index, rule in enumerate(self.script.faults) if rule.fits(call)
        ]
        for index, _rule in fitting:
            self._matched[index] += 1
        fires = (rule.do for index, rule in fitting if self._fires(index, rule, (call, key), now))
        return next(fires, "")

    def _fires(self, index: int, rule: Rule, what: tuple[str, str], now: datetime) -> bool:
        if rule.count is not None and self._matched[index] != rule.count:
            return False
        if not self._in_window(rule, now) or not self._is_turn(index, rule, now):
            return False
        return rule.p >= 1 or self._draw(index, *what) < rule.p

    def _in_window(self, rule: Rule, now: datetime) -> bool:
        if rule.at is None and rule.lasts is None:
            return True
        begin = self._start if rule.at is None else self._moment(rule.at)
        return begin <= now and (rule.lasts is None or now < begin + timedelta(seconds=rule.lasts))

    def _moment(self, at: str) -> datetime:
        if at.startswith("+"):  # "+00:05": hours and minutes after the script was set
            hours, minutes = at[1:].split(":")
            return self._start + timedelta(hours=int(hours), minutes=int(minutes))
        return parse_moment(at)

    def _is_turn(self, index: int, rule: Rule, now: datetime) -> bool:
        if rule.every is None:
            return True
        if now < self._last.get(index, self._start) + timedelta(seconds=rule.every):
            return False
        self._last[index] = now
        return True

    def _draw(self, index: int, call: str, key: str) -> float:
        self._drawn[index, call, key] += 1
        return self._names.stream(index, call, key, self._drawn[index, call, key]).random()
