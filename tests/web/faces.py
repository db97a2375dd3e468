"""Somebody at a page, and the shop she stands in."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from bot.domain.customers import Customer
from bot.domain.offers import Coupon
from bot.events.commands import Actor
from bot.store import access, offers
from bot.store.customers import rename
from bot.web.guards import COOKIE
from tests.builders import a_customer, a_store, an_offer
from tests.harness import Bot


@dataclass
class Face:
    """Follows redirects and fills in forms as a browser does."""

    client: TestClient[Any, Any]
    status: int = 0
    html: str = ""
    url: str = ""
    headers: Any = None

    @property
    def text(self) -> str:
        """What a person reads."""
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", self.html)).split())

    async def opens(self, path: str, **options: Any) -> Face:
        return await self._shown(await self.client.get(path, **options))

    async def sends(self, action: str, **typed: str | list[str]) -> Face:
        """Submit the form with this action, its hidden fields and all."""
        return await self.posts(action, **(self.form(action) | typed))

    async def posts(self, path: str, **fields: str | list[str]) -> Face:
        pairs = [
            (name, one)
            for name, value in fields.items()
            for one in ([value] if isinstance(value, str) else value)
        ]
        return await self._shown(await self.client.post(path, data=pairs))

    def form(self, action: str) -> dict[str, str | list[str]]:
        """The hidden fields of the form with this action."""
        shown = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', self.html, re.S)
        assert shown, f"no form {action} in: {self.text}"
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown[0])
        return {name: html.unescape(value) for name, value in hidden}

    async def _shown(self, answer: ClientResponse) -> Face:
        self.status, self.html = answer.status, await answer.text()
        self.url, self.headers = answer.url.path_qs, answer.headers
        return self


@dataclass
class Shop:
    bot: Bot
    server: TestServer
    _clients: list[TestClient[Any, Any]] = field(default_factory=list)

    async def signs_in(self, kind: str, name: str, store: str | None = None) -> Face:
        async with self.bot.session() as session:
            cookie, _ = await access.open_session(
                session,
                Actor(kind=kind, id=name, store=store),
                now=self.bot.now,
                good_for=timedelta(hours=12),
            )
        return Face(self._client(cookies={COOKIE: cookie}))

    def passer_by(self) -> Face:
        return Face(self._client())

    async def till(self, name: str = "till", store: str | None = None) -> Till:
        """A shop system with a key of its own."""
        async with self.bot.session() as session:
            await access.add_key(
                session,
                token=f"token-of-{name}",
                role="integration",
                scope="pos",
                store=store,
                name=name,
                now=self.bot.now,
            )
        return Till(self._client(headers={"Authorization": f"Bearer token-of-{name}"}))

    async def program(self, role: str, scope: str = "*:write", store: str | None = None) -> Till:
        """A program with a key that acts as this role, as far as its scope goes."""
        token = f"token-of-{role}-{scope}-{store}"
        async with self.bot.session() as session:
            await access.add_key(
                session,
                token=token,
                role=role,
                scope=scope,
                store=store,
                name=f"{role} {store or ''}".strip(),
                now=self.bot.now,
            )
        return Till(self._client(headers={"Authorization": f"Bearer {token}"}))

    def _client(self, **options: Any) -> TestClient[Any, Any]:
        client = TestClient(self.server, **options)
        self._clients.append(client)
        return client

    async def closes(self) -> None:
        for client in self._clients:
            await client.close()
        await self.server.close()


@dataclass
class Till:
    client: TestClient[Any, Any]
    _asked: int = 0

    async def asks(self, path: str, key: str | None = None, **body: Any) -> tuple[int, Any]:
        """Status and answer of one call; a fresh key unless one is given, none when it is empty."""
        self._asked += 1
        key = f"ask-{self._asked}" if key is None else key
        headers = {"Idempotency-Key": key} if key else {}
        answer = await self.client.post(f"/api/v1/{path}", json=body, headers=headers)
        return answer.status, await answer.json(content_type=None)

    async def reads(self, path: str, **query: Any) -> tuple[int, Any]:
        answer = await self.client.get(f"/api/v1/{path}", params=query)
        return answer.status, await answer.json(content_type=None)


async def a_named_customer(bot: Bot, name: str = "林小满", **changes: Any) -> Customer:
    async with bot.session() as session:
        customer = await a_customer(session, **changes)
        await bot.vault.load_keys(session, [customer.id])
        await rename(session, bot.vault, customer.id, name)
    return customer


async def a_coupon(bot: Bot, customer: Customer | None = None, **offer: Any) -> Coupon:
    """One coupon 减 30 元 of 林小满's, and a store S01 to use it in."""
    holder = customer or await a_named_customer(bot)
    async with bot.session() as session:
        made = await an_offer(session, **offer)
        return await offers.issue(
            session, offer_key=made.key, customer_id=holder.id, trigger="t", now=bot.now
        )


async def a_shop_floor(bot: Bot) -> None:
    """Two stores: S01 湖滨店 and S02 城西店."""
    async with bot.session() as session:
        await a_store(session, code="S01", name="湖滨店")
        await a_store(session, code="S02", name="城西店")
