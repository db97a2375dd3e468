"""Whoever is refused again and again is not listened to for a while: the same no, before anything is read."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from aiohttp import web

from bot.clock import Clock

T = TypeVar("T")
BURST, PER_SECOND = 200.0, 5.0
"""Mistakes of settings come by the dozen, and are told apart by their reasons: those are still looked at."""
TRUSTED_SECONDS = 86_400.0
MOST = 10_000


@dataclass(slots=True)
class Flood:
    """By address. Where something was believed within the day nobody is shut out: a proxy may stand there, and a
    platform behind it."""

    clock: Clock
    left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    """How many more refusals, as of when."""
    believed: OrderedDict[str, float] = field(default_factory=OrderedDict)

    def believe(self, address: str | None) -> None:
        if address is not None:
            self.left.pop(address, None)
            _put(self.believed, address, self.clock.monotonic())

    def refuse(self, address: str | None) -> None:
        if address is not None:
            _put(self.left, address, (self._left(address) - 1, self.clock.monotonic()))

    def shuts_out(self, address: str | None) -> bool:
        if address not in self.left or address is None:
            return False
        since = self.believed.get(address)
        trusted = since is not None and self.clock.monotonic() - since < TRUSTED_SECONDS
        return not trusted and self._left(address) < 1

    def _left(self, address: str) -> float:
        left, since = self.left.get(address, (BURST, self.clock.monotonic()))
        return min(BURST, left + (self.clock.monotonic() - since) * PER_SECOND)


def _put(kept: OrderedDict[str, T], address: str, value: T) -> None:
    kept[address] = value
    kept.move_to_end(address)
    if len(kept) > MOST:
        kept.popitem(last=False)


def address_of(request: web.Request) -> str | None:
    """Who asks. A neighbour is a proxy, which tells last who asked it; if it does not, nobody is told apart."""
    peer = request.remote or ""
    if not _is_near(peer):
        return peer
    told = ",".join(request.headers.getall("X-Forwarded-For", [])).rpartition(",")[2].strip()
    return told if told and not _is_near(told) else None


@lru_cache(maxsize=4096)
def _is_near(address: str) -> bool:
    """On this machine or in its own network, or no address at all."""
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return True


FLOOD = web.AppKey("flood", Flood)
