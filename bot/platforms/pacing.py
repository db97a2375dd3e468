"""Not more often than the platforms allow: a call without a permit is due later, and nobody sleeps for it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.calls import TryLater
from bot.clock import Clock
from bot.domain.pacing import Asked, CallLimit, Handful, Shut, in_force
from bot.platforms.breaker import HELD
from bot.platforms.request import Request

Pace = Callable[[str, Request], Awaitable[TryLater | None]]
"""Of an account like `wecom:ww…`, its platform first: why this call must not be made now."""
Rules = tuple[tuple[str | None, tuple[CallLimit, ...]], ...]
"""By the field whose receivers they are counted for."""

_ZONE = ZoneInfo("Asia/Shanghai")
_LONG_AGO = datetime.fromtimestamp(0, UTC)


async def unpaced(_account: str, _request: Request) -> TryLater | None:
    return None


class Permits(Protocol):
    async def take(
        self, asked: Sequence[Asked], *, owner: str, now: datetime, real: float
    ) -> Mapping[str, Handful | Shut]:
        """A handful of each; or nothing is taken, and those are told that are shut."""
        ...


@dataclass(slots=True)
class _Purse:
    left: int = 0
    until: float = 0.0
    last_used: datetime | None = None
    opens_at: datetime = _LONG_AGO


class Pacing:
    """A `Pace` of all accounts of this process. On the business clock, as the platforms count."""

    def __init__(self, limits: Sequence[CallLimit], permits: Permits, clock: Clock) -> None:
        self._limits = limits
        self._permits = permits
        self._clock = clock
        self._owner = secrets.token_hex(6)
        self._purses: dict[str, _Purse] = {}
        self._lock = asyncio.Lock()
        self._rules: dict[tuple[str, str], Rules] = {}
        self._of_day: date | None = None

    async def __call__(self, account: str, request: Request) -> TryLater | None:
        now = self._clock.now()
        needed = dict(self._needed(account, request, now))
        if not needed:
            return None
        shut = self._shut(needed, now)
        if shut is None and self._empty(needed):
            async with self._lock:
                await self._fill(needed, now)
            shut = self._shut(needed, now)
        if shut is not None:
            return TryLater(0, HELD, shut - now)
        for key in needed:
            self._purses[key].left -= 1
            self._purses[key].last_used = now
        return None

    def _needed(
        self, account: str, request: Request, now: datetime
    ) -> Iterator[tuple[str, tuple[CallLimit, ...]]]:
        path = request.path
        for field, limits in self._rules_of(account.partition(":")[0], path, now):
            if field is None:
                yield f"{account} {path}", limits
                continue
            named = str((request.body or {}).get(field) or "")
            for receiver in filter(None, named.lower().split("|")):
                yield f"{account} {path} {receiver}", limits

    def _rules_of(self, platform: str, path: str, now: datetime) -> Rules:
        day = now.astimezone(_ZONE).date()
        if day != self._of_day:
            self._rules.clear()
            self._of_day = day
        found = self._rules.get((platform, path))
        if found is None:
            held = in_force(self._limits, platform, day)
            found = self._rules[platform, path] = _by_field(
                [limit for limit in held if limit.api in {"*", path}]
            )
        return found

    def _shut(self, needed: Mapping[str, object], now: datetime) -> datetime | None:
        purses = (self._purses[key] for key in needed if key in self._purses)
        opens_at = max((purse.opens_at for purse in purses), default=now)
        return opens_at if opens_at > now else None

    def _empty(self, needed: Mapping[str, object]) -> list[str]:
        real = self._clock.real()
        purses = ((key, self._purses.setdefault(key, _Purse())) for key in needed)
        return [key for key, purse in purses if purse.left < 1 or purse.until <= real]

    async def _fill(self, needed: Mapping[str, tuple[CallLimit, ...]], now: datetime) -> None:
        """Until none is empty or one is shut; while we ask, others use what is left of the rest."""
        while not self._shut(needed, now) and (empty := self._empty(needed)):
            purses = [(key, self._purses[key]) for key in empty]
            asked = [Asked(key, needed[key], its.last_used, its.left) for key, its in purses]
            real = self._clock.real()
            found = await self._permits.take(asked, owner=self._owner, now=now, real=real)
            for key, given in found.items():
                purse = self._purses[key]
                if isinstance(given, Shut):
                    purse.opens_at = given.opens_at
                else:
                    purse.left, purse.until = given


def _by_field(limits: Sequence[CallLimit]) -> Rules:
    fields = dict.fromkeys(limit.each for limit in limits)
    return tuple((field, tuple(one for one in limits if one.each == field)) for field in fields)
