"""Performs every call to the Official Account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from bot.calls import (
    Call,
    GetOAuthFan,
    GetOfficialJsTicket,
    Outcome,
    Refused,
    Sent,
    UploadOfficialPicture,
)
from bot.clock import Clock
from bot.platforms.accounts import OfficialAccount
from bot.platforms.api import Api, fetched, judged
from bot.platforms.breaker import Breaker
from bot.platforms.http import Http
from bot.platforms.limits import Unsendable
from bot.platforms.media import Load, MediaIds
from bot.platforms.official.answers import ANSWERS
from bot.platforms.official.errcodes import ERRCODES, EXPIRED_TOKEN, TOKEN_ERRCODES
from bot.platforms.official.requests import build
from bot.platforms.official.requests.context import Context
from bot.platforms.official.requests.media import named_media, upload
from bot.platforms.pacing import Pace
from bot.platforms.request import get, post
from bot.platforms.tickets import Tickets
from bot.platforms.tokens import Fetched, Tokens, TokenStore

_OF_THE_FAN = frozenset({"openid", "unionid", "scope", "is_snapshotuser"})


class OfficialClient:
    def __init__(
        self,
        account: OfficialAccount,
        http: Http,
        store: TokenStore,
        clock: Clock,
        load: Load,
        *,
        pace: Pace,
    ) -> None:
        self._account = account
        self._http = http
        tokens = Tokens(f"official:{account.app_id}", self._fetch, store, clock)
        paced = partial(pace, f"official:{account.app_id}")
        self._api = Api(http, tokens, ERRCODES, EXPIRED_TOKEN, Breaker(clock), paced)
        self._media = MediaIds(load, self._upload, clock)
        self._tickets = Tickets(clock)

    async def perform(self, call: Call) -> Outcome:
        if isinstance(call, GetOAuthFan):
            return await self._oauth(call)
        if isinstance(call, GetOfficialJsTicket):
            return await self._tickets.get("jsapi", lambda: self._once(call))
        return await self._once(call)

    async def _once(self, call: Call) -> Outcome:
        return await self._media.spoken(named_media(call), partial(self._ask, call))

    async def _ask(self, call: Call, media: Mapping[str, str]) -> Outcome:
        read = await self._media.contents(
            [call.media] if isinstance(call, UploadOfficialPicture) else []
        )
        if isinstance(read, Refused):
            return read
        try:
            request = build(call, Context(app_id=self._account.app_id, media=media, contents=read))
        except Unsendable as trouble:
            return Refused(0, trouble.reason, trouble.field)
        shape = ANSWERS.get(type(call), {})
        return await self._api.ask(replace(request, repeatable=call.repeatable, answer=shape))

    async def _upload(self, kind: str, filename: str, content: bytes) -> Outcome:
        return await self._api.ask(upload(kind, filename, content))

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
        # The fan's own tokens come along; beyond the profile we have no use for them: they are not kept.
        fan = {name: said for name, said in became.answer.items() if name in _OF_THE_FAN}
        return Sent(fan | (await self._profile(became.answer) if call.with_profile else {}))

    async def _profile(self, granted: dict[str, Any]) -> dict[str, Any]:
        """Name and picture, when the fan allowed it; without them we still know who it is."""
        if "snsapi_userinfo" not in str(granted.get("scope", "")):
            return {}
        token, openid = granted.get("access_token"), str(granted.get("openid", ""))
        request = get("/sns/userinfo", access_token=str(token), openid=openid, lang="zh_CN")
        became = await self._api.ask_openly(request)
        return became.answer if isinstance(became, Sent) else {}

    async def _fetch(self, *, force: bool) -> Fetched | Outcome:
        request = post(
            "/cgi-bin/stable_token",
            grant_type="client_credential",
            appid=self._account.app_id,
            secret=self._account.secret,
            force_refresh=True if force else None,
        )
        return fetched(judged(await self._http.send(request), request, TOKEN_ERRCODES))
