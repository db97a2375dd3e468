"""WeCom's callbacks: signed, sealed, addressed to our corp, fresh; anything else is Untrusted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from bot.clock import Clock
from bot.platforms import content
from bot.platforms.accounts import WecomAccount
from bot.platforms.envelope import Untrusted, aes_key, signed, unseal
from bot.platforms.opened import Opened
from bot.platforms.query import Freshness, Query, no_skew, single
from bot.platforms.scan import encrypted
from bot.platforms.wecom.parse import parse
from bot.platforms.xml import Unreadable

__all__ = ["WecomCallbacks", "parse"]


class WecomCallbacks:
    def __init__(
        self, account: WecomAccount, clock: Clock, *, skew: Callable[[], float] = no_skew
    ) -> None:
        self._account = account
        self._keys = [aes_key(encoded) for encoded in account.aes_keys]
        self._fresh = Freshness(clock, skew)

    def verify(self, query: Query) -> str:
        """The text to answer the URL check with."""
        cipher = single(query, "echostr")
        self._check(query, cipher)
        plain = unseal(cipher, keys=self._keys, receiver=self._account.corp_id)
        try:
            return plain.decode()
        except UnicodeDecodeError:
            raise Untrusted("echostr") from None

    def open(self, query: Query, body: bytes) -> Opened:
        cipher = encrypted(body)
        heard_at = self._check(query, cipher)
        plain = unseal(cipher, keys=self._keys, receiver=self._account.corp_id)
        try:
            content.check(plain)
        except Unreadable:
            raise Untrusted("content") from None
        return Opened(plain, partial(parse, plain, heard_at))

    def _check(self, query: Query, cipher: str) -> datetime:
        stamp, nonce = single(query, "timestamp"), single(query, "nonce")
        given = single(query, "msg_signature")
        if not signed(given, self._account.tokens, stamp, nonce, cipher):
            raise Untrusted("signature")
        return self._fresh.check(stamp)
