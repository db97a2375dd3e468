"""The real `Platform`: each call goes to the account it is for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.calls import Call, Outcome, Refused
from bot.clock import Clock
from bot.platforms.accounts import OfficialAccount, WecomAccount
from bot.platforms.http import Http
from bot.platforms.media import Load
from bot.platforms.official.client import OfficialClient
from bot.platforms.pacing import Pace, unpaced
from bot.platforms.tokens import TokenStore
from bot.platforms.wecom.client import WecomClient

_OFFICIAL = "bot.calls.official."


class Gateway:
    """A platform without an account refuses its calls as not_configured."""

    def __init__(
        self,
        *,
        wecom: WecomAccount | None,
        official: OfficialAccount | None,
        tokens: TokenStore,
        clock: Clock,
        load_media: Load,
        pace: Pace = unpaced,
    ) -> None:
        self._https: list[Http] = []
        self._wecom: WecomClient | None = None
        self._official: OfficialClient | None = None
        if wecom:
            self._https.append(Http(wecom.api_base, clock))
            self._wecom = WecomClient(wecom, self._https[-1], tokens, clock, load_media, pace=pace)
        if official:
            self._https.append(Http(official.api_base, clock))
            self._official = OfficialClient(
                official, self._https[-1], tokens, clock, load_media, pace=pace
            )

    async def perform(self, call: Call) -> Outcome:
        of_official = type(call).__module__.startswith(_OFFICIAL)
        client = self._official if of_official else self._wecom
        if client is None:
            return Refused(0, "not_configured")
        return await client.perform(call)

    def skew(self) -> float:
        """Seconds by which the platforms' clock is ahead of ours, as last heard; 0 before the first answer."""
        return self._https[0].skew if self._https else 0.0

    async def close(self) -> None:
        for http in self._https:
            await http.close()


@asynccontextmanager
async def open_gateway(
    *,
    wecom: WecomAccount | None,
    official: OfficialAccount | None,
    tokens: TokenStore,
    clock: Clock,
    load_media: Load,
    pace: Pace = unpaced,
) -> AsyncIterator[Gateway]:
    gateway = Gateway(
        wecom=wecom,
        official=official,
        tokens=tokens,
        clock=clock,
        load_media=load_media,
        pace=pace,
    )
    try:
        yield gateway
    finally:
        await gateway.close()
