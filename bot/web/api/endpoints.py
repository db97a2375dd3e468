"""What an endpoint of the API is, said once for server, OpenAPI and tests: its right, what it reads, what it gives."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer
from bot.domain.refusals import Refusal
from bot.domain.segments import BadRule
from bot.domain.segments import parse as parse_rule
from bot.events.commands import Actor, Command
from bot.store import portrait, segments
from bot.store.answers import IN_FLIGHT
from bot.web.api import bodies, cursors
from bot.web.api.bodies import Nothing, Query
from bot.web.console.scopes import own_store, within
from bot.web.desk import ACTOR, DESK, Desk
from bot.web.guards import SAFE, allowed

JSON = "application/json"
BASE = "/api/v1"
NUMBER = r"{%s:[1-9][0-9]{0,17}}"


class Told(BaseModel):
    """What the API says; read from rows as from anything else with these names."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Done(Told):
    """What a command answered: facts of the act, and often `words` for people."""

    model_config = ConfigDict(frozen=True, extra="allow")


Item = TypeVar("Item")
Said = TypeVar("Said", bound=BaseModel)


class Page(Told, Generic[Item]):
    items: list[Item]
    next: str | None
    """Give it as `cursor` to go on; null at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    method: str
    path: str
    right: str
    words: str
    says: type[BaseModel]
    gives: Any
    writes: bool
    takes: str = JSON
    """What the body is; any but JSON is left to the act, and the rest stands in the address."""


ENDPOINTS: dict[Any, Endpoint] = {}
"""By the handler that the router holds."""


@dataclass(frozen=True, slots=True)
class Ask(Generic[Said]):
    """One request of a program that may do what it asks."""

    request: web.Request
    said: Said
    """The checked body, or the checked query of an address."""

    @property
    def desk(self) -> Desk:
        return self.request.app[DESK]

    @property
    def now(self) -> datetime:
        return self.desk.work.now()

    @property
    def actor(self) -> Actor:
        return self.request[ACTOR]

    @property
    def store(self) -> str | None:
        """The store that bounds what may be seen; None when nothing does. Raises Refusal forbidden."""
        return own_store(self.request)

    def reading(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self.desk.work.sessions.reading()

    def named(self, name: str) -> str:
        """A part of the address that is a word."""
        word = self.request.match_info[name]
        if len(word) > 200 or "\0" in word or not word.isprintable():
            raise Refusal("not_found", "没有这样东西", status=404)
        return word

    def number(self, name: str = "id") -> int:
        return int(self.request.match_info[name])

    async def customer(self, session: AsyncSession, name: str = "ref") -> Customer:
        """The customer in the address. One of another store is as unknown as nobody."""
        found = await portrait.by_ref(session, self.named(name))
        return await self.seen(session, found)

    async def seen(self, session: AsyncSession, found: Customer | None) -> Customer:
        if found is not None and self.store is not None:
            mine = within(self.request, parse_rule({"all": []}))
            if not await segments.matches(session, mine, found.id, self.now):
                found = None
        if found is None:
            raise Refusal("unknown_customer", "没有这位顾客", status=404)
        return found

    async def known(self, name: str = "ref") -> int:
        """The number of the customer in the address."""
        async with self.reading() as session:
            return (await self.customer(session, name)).id

    def signed(self) -> dict[str, Any]:
        """What every act carries: who, when, and the request's key."""
        return {"actor": self.actor, "key": bodies.key_of(self.request), "at": self.now}

    async def does(self, command: type[Command], **facts: Any) -> Done:
        """A person's act under the request's key: once, however often it is sent."""
        signed = self.signed()
        asked = command(**signed, **facts)
        with _under_way(self.desk, f"{self.actor}|{signed['key']}"):
            try:
                return Done(**await self.desk.do(asked, waits=False))
            except Refusal as waits:
                if waits.reason != "second_person" or waits.status != 202:
                    raise
                return Done(state="waiting", words=waits.words, **waits.facts)

    def mark(self) -> int | None:
        return cursors.read(self.request, getattr(self.said, "cursor", None))

    def page(
        self, rows: Sequence[Any], key: Callable[[Any], int], told: Callable[[Any], Item]
    ) -> Page[Item]:
        """One more row than `limit` was read: it is the sign that there is more."""
        limit: int = getattr(self.said, "limit", len(rows))
        shown = rows[:limit]
        more = len(rows) > limit
        following = cursors.write(self.request, key(shown[-1])) if more else None
        return Page(items=[told(row) for row in shown], next=following)


@contextmanager
def _under_way(desk: Desk, key: str) -> Iterator[None]:
    """The same key twice at once: whoever comes second is told, and asks again for the stored answer."""
    if key in desk.under_way:
        raise Refusal("in_flight", IN_FLIGHT, status=409)
    desk.under_way.add(key)
    try:
        yield
    finally:
        desk.under_way.discard(key)


Act = Callable[[Ask[Any]], Awaitable[BaseModel]]


class Routes(web.RouteTableDef):
    """A table of endpoints; each writes itself into `ENDPOINTS`."""

    def asks(
        self,
        method: str,
        path: str,
        right: str,
        words: str,
        *,
        says: type[BaseModel] | None = None,
        gives: Any = Done,
        writes: bool | None = None,
        takes: str = JSON,
    ) -> Callable[[Act], Act]:
        """`writes=False` marks a POST that changes nothing: it needs no key and no scope to write."""
        safe = method in SAFE
        changes = not safe if writes is None else writes
        read: type[BaseModel] = says or (Query if safe else Nothing)

        def wrap(act: Act) -> Act:
            async def answer(request: web.Request) -> web.StreamResponse:
                if changes:
                    bodies.key_of(request)
                if safe or takes != JSON:
                    said = bodies.asked(request, read)
                else:
                    bodies.asked(request, Query)
                    said = await bodies.read(request, read)
                try:
                    return told(await act(Ask(request, said)))
                except BadRule as mistake:
                    raise Refusal("bad_rule", str(mistake), status=422) from None

            answer.__name__ = getattr(act, "__name__", "answer")
            answer.__module__ = act.__module__
            guarded = allowed(right, writes=changes)(answer)
            ENDPOINTS[guarded] = Endpoint(
                method=method,
                path=BASE + path,
                right=right,
                words=words,
                says=read,
                gives=gives,
                writes=changes,
                takes=takes,
            )
            self.route(method, BASE + path)(guarded)
            return act

        return wrap


def told(facts: BaseModel) -> web.Response:
    body = facts.model_dump(mode="json")
    return web.json_response(
        body,
        headers={"Cache-Control": "no-store"},
        dumps=lambda value: json.dumps(value, ensure_ascii=False),
    )
