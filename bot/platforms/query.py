"""The signed query of a callback: each parameter once, in plain ASCII, and fresh."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from multidict import MultiDict, MultiMapping

from bot.clock import Clock
from bot.platforms.envelope import Untrusted

Query = MultiMapping[str]

_FRESH_SECONDS = 300
_FORMS = {
    # `int()` would take full-width digits, signs, spaces and underscores.
    "timestamp": re.compile(r"[0-9]{1,12}", re.ASCII),
    "nonce": re.compile(r"[!-~]{1,128}", re.ASCII),
    "signature": re.compile(r"[0-9a-f]{40}", re.ASCII),
    "msg_signature": re.compile(r"[0-9a-f]{40}", re.ASCII),
    "echostr": re.compile(r"[!-~]{1,4096}", re.ASCII),
}


def plainly(spelt: str) -> Query | None:
    """A query in which nothing is escaped, as every true callback's is; None for any other."""
    if "%" in spelt or "+" in spelt:
        return None
    pairs = (part.partition("=") for part in spelt.split("&"))
    return MultiDict([(name, value) for name, _, value in pairs])


def single(query: Query, name: str) -> str:
    given = query.getall(name, [])
    if len(given) != 1 or not _FORMS[name].fullmatch(given[0]):
        raise Untrusted(name)
    return given[0]


class Freshness:
    """`skew` tells how many seconds the platform's clock is ahead of ours."""

    def __init__(self, clock: Clock, skew: Callable[[], float]) -> None:
        self._clock = clock
        self._skew = skew

    def check(self, timestamp: str) -> datetime:
        """Our moment of hearing. Raises Untrusted for an old or early stamp."""
        now = self._clock.now()
        if abs(int(timestamp) - now.timestamp() - self._skew()) > _FRESH_SECONDS:
            raise Untrusted("stale")
        return now


def no_skew() -> float:
    return 0.0
