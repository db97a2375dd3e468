"""The Official Account's pushes: plain, compatible and secure mode. With an AES key only `<Encrypt>` is believed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from bot.clock import Clock
from bot.platforms import content
from bot.platforms.accounts import OfficialAccount
from bot.platforms.envelope import Untrusted, aes_key, signed, unseal
from bot.platforms.official.parse import parse
from bot.platforms.opened import Opened
from bot.platforms.query import Freshness, Query, no_skew, single
from bot.platforms.scan import encrypted
from bot.platforms.xml import Unreadable

__all__ = ["OfficialCallbacks", "parse"]


class OfficialCallbacks:
    def __init__(
        self, account: OfficialAccount, clock: Clock, *, skew: Callable[[], float] = no_skew
    ) -> None:
        self._account = account
        self._keys = [aes_key(encoded) for encoded in account.aes_keys]
        self._fresh = Freshness(clock, skew)

    def verify(self, query: Query) -> str:
        """The text to answer the URL check with; unlike WeCom's it is not encrypted."""
        echo = single(query, "echostr")
        self._check(query, "signature")
        return echo

    def open(self, query: Query, body: bytes) -> Opened:
        if not self._keys:
            heard_at = self._check(query, "signature")
            return self._opened(body, heard_at, sealed=False)
        cipher = encrypted(body)
        heard_at = self._check(query, "msg_signature", cipher)
        plain = unseal(cipher, keys=self._keys, receiver=self._account.app_id)
        return self._opened(plain, heard_at, sealed=True)

    def _opened(self, plain: bytes, heard_at: datetime, *, sealed: bool) -> Opened:
        try:
            content.check(plain)
        except Unreadable:
            raise Untrusted("content") from None
        return Opened(plain, partial(parse, plain, heard_at), sealed)

    def _check(self, query: Query, name: str, *cipher: str) -> datetime:
        stamp, nonce, given = (single(query, part) for part in ("timestamp", "nonce", name))
        if not signed(given, self._account.tokens, stamp, nonce, *cipher):
            raise Untrusted("signature")
        return self._fresh.check(stamp)
