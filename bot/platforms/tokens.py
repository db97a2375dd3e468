"""Access tokens: one refresh for all who wait, here and in other processes, and a breaker against storms."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from bot.calls import Outcome, TryLater
from bot.clock import Clock
from bot.domain.tokens import Token

_LEASE_SECONDS = 15.0  # longer than the HTTP timeout of the one who fetches
_QUIET_SECONDS = 3.0
_FORCE_SECONDS = 31.0  # stable_token allows force_refresh every 30 s


class TokenStore(Protocol):
    async def read(self, key: str) -> Token | None: ...

    async def lead(
        self, key: str, failed_version: int, owner: str, now: float, seconds: float
    ) -> bool:
        """Whether we are the one to replace this version; false when it was replaced or another is at it."""
        ...

    async def write(self, key: str, version: int, value: str, expires_at: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Fetched:
    value: str = field(repr=False)
    seconds: int


class Fetch(Protocol):
    async def __call__(self, *, force: bool) -> Fetched | Outcome:
        """Asks the platform; forced, for a new token where it would repeat the old one."""
        ...


class Tokens:
    """The token of one account. A failure is a TryLater: a wrong secret must not lose debts."""

    def __init__(self, key: str, fetch: Fetch, store: TokenStore, clock: Clock) -> None:
        self._key = key
        self._fetch = fetch
        self._store = store
        self._clock = clock
        self._owner = secrets.token_hex(8)
        self._held: Token | None = None
        self._bad = 0
        """The newest version that was refused."""
        self._lock = asyncio.Lock()
        self._failures = _Budget(3, 600.0, clock)
        self._fetches = _Budget(20, 60.0, clock)
        self._forced_at = float("-inf")
        self._refusal = TryLater(0, "no_token")
        self._quiet_until = float("-inf")

    async def get(self) -> Token | TryLater:
        held = self._held
        if held and self._fresh(held) and held.version > self._bad:
            return held
        # One that was refused and could not be replaced yet is asked with by nobody: it would be refused again.
        return await self._next(held, refused=held is not None and held.version <= self._bad)

    async def renew(self, failed: Token) -> Token | TryLater:
        """A newer token than the one that just failed, fetched at most once for all who saw it fail."""
        self._bad = max(self._bad, failed.version)
        held = self._held
        if held and held.version > self._bad and self._fresh(held):
            return held
        return await self._next(failed, refused=True)

    def _fresh(self, token: Token) -> bool:
        return token.expires_at > self._clock.now()

    async def _next(self, old: Token | None, *, refused: bool = False) -> Token | TryLater:
        async with self._lock:
            # Whoever queued behind a failure shares it; one by one they would outlive their own leases.
            if self._clock.monotonic() < self._quiet_until:
                return self._refusal
            held = self._held
            if held and self._better(held, old, refused=refused):
                return held  # whoever was first in line has found it for all
            deadline = self._clock.monotonic() + _LEASE_SECONDS + 1
            while self._clock.monotonic() < deadline:
                stored = await self._store.read(self._key)
                if stored and self._better(stored, old, refused=refused):
                    self._held = stored
                    return stored
                if await self._lead(stored):
                    return await self._refresh(stored, refused=refused)
                await asyncio.sleep(0.1)
            return self._refused(TryLater(0, "no_token"))

    def _better(self, stored: Token, old: Token | None, *, refused: bool) -> bool:
        newer = old is None or stored.version > old.version
        return self._fresh(stored) and (newer or not refused)

    async def _lead(self, stored: Token | None) -> bool:
        version = stored.version if stored else 0
        now = self._clock.real()
        return await self._store.lead(self._key, version, self._owner, now, _LEASE_SECONDS)

    async def _refresh(self, stored: Token | None, *, refused: bool) -> Token | TryLater:
        if self._failures.spent():
            return TryLater(0, "bad_secret", timedelta(minutes=10))
        # One that ran out by the clock is no sign of trouble, however fast a movable clock goes.
        if refused and not self._fetches.take():
            return TryLater(0, "no_token", timedelta(minutes=1))
        found = await self._fetched(stored.value if stored and refused else None)
        if not isinstance(found, Fetched):
            return self._failed(found)
        version = stored.version + 1 if stored else 1
        token = Token(version, found.value, self._expiry(found.seconds))
        await self._store.write(self._key, token.version, token.value, token.expires_at)
        self._held = token
        return token

    async def _fetched(self, refused: str | None) -> Fetched | Outcome:
        found = await self._fetch(force=False)
        now = self._clock.monotonic()
        repeated = isinstance(found, Fetched) and found.value == refused
        if repeated and now - self._forced_at > _FORCE_SECONDS:
            self._forced_at = now
            return await self._fetch(force=True)
        return found

    def _failed(self, found: Outcome) -> TryLater:
        if isinstance(found, TryLater):
            return self._refused(found)
        self._failures.take()
        code = getattr(found, "code", 0)
        reason = getattr(found, "reason", "no_token")
        return self._refused(TryLater(code, reason, timedelta(minutes=1)))

    def _refused(self, refusal: TryLater) -> TryLater:
        self._refusal = refusal
        self._quiet_until = self._clock.monotonic() + _QUIET_SECONDS
        return refusal

    def _expiry(self, seconds: int) -> datetime:
        early = min(300, seconds // 10)
        return self._clock.now() + timedelta(seconds=seconds - early)


class _Budget:
    """At most so many in so many seconds, whether they passed by themselves or a movable clock was moved."""

    def __init__(self, most: int, seconds: float, clock: Clock) -> None:
        self._most = most
        self._seconds = timedelta(seconds=seconds)
        self._clock = clock
        self._taken: deque[tuple[timedelta, datetime]] = deque()

    def spent(self) -> bool:
        real, now = self._moment()
        while self._taken and (
            max(real - self._taken[0][0], now - self._taken[0][1]) >= self._seconds
        ):
            self._taken.popleft()
        return len(self._taken) >= self._most

    def take(self) -> bool:
        if self.spent():
            return False
        self._taken.append(self._moment())
        return True

    def _moment(self) -> tuple[timedelta, datetime]:
        return timedelta(seconds=self._clock.monotonic()), self._clock.now()
