"""Performs every call to the Official Account."""

from __future__ import annotations

from dataclasses import replace

from bot.calls import Call, GetOAuthFan, GetOfficialJsTicket, Outcome, Refused, Sent
from bot.clock import Clock
from bot.platforms.accounts import OfficialAccount
from bot.platforms.api import Api, fetched, judged
from bot.platforms.http import Http
from bot.platforms.limits import Unsendable
from bot.platforms.official.errcodes import ERRCODES, EXPIRED_TOKEN, TOKEN_ERRCODES
from bot.platforms.official.requests import BUILDS
from bot.platforms.request import get, post
from bot.platforms.tickets import Tickets
from bot.platforms.tokens import Fetched, Tokens, TokenStore

_OF_THE_FAN = frozenset({"openid", "unionid", "scope", "is_snapshotuser"})


class OfficialClient:
    def __init__(
        self, account: OfficialAccount, http: Http, store: TokenStore, clock: Clock
    ) -> None:
        self._account = account
        self._http = http
        tokens = Tokens(f"official:{account.app_id}", self._fetch, store, clock)
        self._api = Api(http, tokens, ERRCODES, EXPIRED_TOKEN)
        self._tickets = Tickets(clock)

    async def perform(self, call: Call) -> Outcome:
        if isinstance(call, GetOAuthFan):
            return await self._oauth(call)
        if isinstance(call, GetOfficialJsTicket):
            return await self._tickets.get("jsapi", lambda: self._once(call))
        return await self._once(call)

    async def _once(self, call: Call) -> Outcome:
        try:
            request = BUILDS[type(call)](call)
        except Unsendable as trouble:
            return Refused(0, trouble.reason, trouble.field)
        return await self._api.ask(replace(request, repeatable=call.repeatable))

    async def _oauth(self, call: GetOAuthFan) -> Outcome:
        request = get(
            "/sns/oauth2/access_token",
            appid=self._account.app_id,
            secret=self._account.secret,
            code=call.code,
            grant_type="authorization_code",
        )
        became = await self._api.ask_openly(replace(request, repeatable=call.repeatable))
        if not isinstance(became, Sent):
            return became
        # The fan's own tokens come along; we have no use for them, so they are not kept.
        return Sent({name: said for name, said in became.answer.items() if name in _OF_THE_FAN})

    async def _fetch(self, *, force: bool) -> Fetched | Outcome:
        request = post(
            "/cgi-bin/stable_token",
            grant_type="client_credential",
            appid=self._account.app_id,
            secret=self._account.secret,
            force_refresh=True if force else None,
        )
        return fetched(judged(await self._http.send(request), request, TOKEN_ERRCODES))
