"""Performs every WeCom and 微信客服 call: media first, then the request, then what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from bot.calls import Call, GetJsTicket, Outcome, Refused, UploadPicture
from bot.clock import Clock
from bot.platforms.accounts import WecomAccount
from bot.platforms.api import Api, fetched, judged
from bot.platforms.breaker import Breaker
from bot.platforms.http import Http
from bot.platforms.limits import Unsendable
from bot.platforms.media import Load, MediaIds
from bot.platforms.pacing import Pace
from bot.platforms.request import get
from bot.platforms.tickets import Tickets
from bot.platforms.tokens import Fetched, Tokens, TokenStore
from bot.platforms.wecom.answers import ANSWERS
from bot.platforms.wecom.errcodes import ERRCODES, EXPIRED_TOKEN, TOKEN_ERRCODES
from bot.platforms.wecom.requests import build
from bot.platforms.wecom.requests.context import Context
from bot.platforms.wecom.requests.media import named_media, upload


class WecomClient:
    def __init__(
        self,
        account: WecomAccount,
        http: Http,
        store: TokenStore,
        clock: Clock,
        load: Load,
        *,
        pace: Pace,
    ) -> None:
        self._account = account
        self._http = http
        key = f"wecom:{account.corp_id}:{account.agent_id}"
        self._api = Api(
            http,
            Tokens(key, self._fetch, store, clock),
            ERRCODES,
            EXPIRED_TOKEN,
            Breaker(clock),
            partial(pace, f"wecom:{account.corp_id}"),
        )
        self._media = MediaIds(load, self._upload, clock)
        self._tickets = Tickets(clock)

    async def perform(self, call: Call) -> Outcome:
        if isinstance(call, GetJsTicket):
            return await self._tickets.get(str(call.agent), lambda: self._once(call))
        return await self._once(call)

    async def _once(self, call: Call) -> Outcome:
        return await self._media.spoken(named_media(call), partial(self._ask, call))

    async def _ask(self, call: Call, media: Mapping[str, str]) -> Outcome:
        contents = await self._media.contents(
            [call.media] if isinstance(call, UploadPicture) else []
        )
        if isinstance(contents, Refused):
            return contents
        context = Context(agent_id=self._account.agent_id, media=media, contents=contents)
        try:
            request = build(call, context)
        except Unsendable as trouble:
            return Refused(0, trouble.reason, trouble.field)
        shape = ANSWERS.get(type(call), {})
        return await self._api.ask(replace(request, repeatable=call.repeatable, answer=shape))

    async def _upload(self, kind: str, filename: str, content: bytes) -> Outcome:
        return await self._api.ask(upload(kind, filename, content))

    async def _fetch(self, *, force: bool) -> Fetched | Outcome:  # noqa: ARG002 - WeCom cannot be forced
        request = get(
            "/cgi-bin/gettoken", corpid=self._account.corp_id, corpsecret=self._account.secret
        )
        return fetched(judged(await self._http.send(request), request, TOKEN_ERRCODES))
