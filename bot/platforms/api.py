"""One account's API: a request goes out with its token, and its errcode comes back as an outcome."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.calls import Outcome, Sent, TryLater
from bot.domain.tokens import Token
from bot.platforms.answers import Half, fit
from bot.platforms.breaker import Breaker
from bot.platforms.http import Http, Lost
from bot.platforms.request import Request
from bot.platforms.tokens import Fetched, Tokens
from bot.platforms.verdicts import Verdict, errcode, outcome


class Api:
    def __init__(
        self,
        http: Http,
        tokens: Tokens,
        table: Mapping[int, Verdict],
        expired: frozenset[int],
        breaker: Breaker,
        pace: Callable[[Request], Awaitable[TryLater | None]],
    ) -> None:
        self._http = http
        self._pace = pace
        self._breaker = breaker
        self._tokens = tokens
        self._table = table
        self._expired = expired

    async def ask(self, request: Request) -> Outcome:
        """With a fresh token, and once more with the next one when the platform ended it early."""
        if held := self._breaker.hold(request.path):
            return held
        token, said = await self._try(request)
        if token and not isinstance(said, Lost | TryLater) and errcode(said) in self._expired:
            renewed = await self._tokens.renew(token)
            # What was refused was not done.
            said = renewed if isinstance(renewed, TryLater) else (await self._try(request))[1]
        if isinstance(said, TryLater):
            return said
        became = judged(said, request, self._table)
        self._breaker.heard(request.path, became)
        return became

    async def _try(
        self, request: Request
    ) -> tuple[Token | None, dict[str, Any] | Lost | TryLater]:
        # The token comes last: whoever had to wait for a permit would come with one that was replaced meanwhile.
        held = await self._pace(request)
        token = held or await self._tokens.get()
        if isinstance(token, TryLater):
            return None, token
        return token, await self._http.send(request, token.value)

    async def ask_openly(self, request: Request) -> Outcome:
        """Without a token: the request carries its own proof."""
        return judged(await self._http.send(request), request, self._table)


def judged(said: dict[str, Any] | Lost, request: Request, table: Mapping[int, Verdict]) -> Outcome:
    if isinstance(said, Lost):
        return said.outcome(request)
    became = outcome(said, table)
    # What was done before, and only now told of as an error, has nothing more to tell.
    if not isinstance(became, Sent) or errcode(said):
        return became
    try:
        return Sent(fit(became.answer, request.answer))
    except Half:
        return Lost("nonsense").outcome(request)


def fetched(became: Outcome) -> Fetched | Outcome:
    """What a token endpoint answered."""
    if not isinstance(became, Sent):
        return became
    value, seconds = became.answer.get("access_token"), became.answer.get("expires_in")
    if not isinstance(value, str) or not value or not isinstance(seconds, int) or seconds <= 0:
        return TryLater(0, "no_token")
    return Fetched(value, seconds)
