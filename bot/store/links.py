"""Short links in messages: unguessable, counted when opened, and a person's own where the message is hers alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Executable, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Touch
from bot.domain.customers import Customer
from bot.domain.delivery import ShortLink
from bot.store import customers
from bot.store.engine import dialect_of, table_of, upsert_in
from bot.store.together import together
from bot.store.vault import Vault

LENGTH = 24
"""Hex digits: 96 bits that nobody guesses, short enough for a message."""
PLACE = "/l/"
ADDRESS = re.compile(r"https?://[^\s，。；、）]+")
TOKEN = re.compile(rf"{PLACE}([0-9a-f]{{{LENGTH}}})")
MOST_BYTES = 2048
"""What the narrowest channel carries: a text that links would make too long keeps the ones it has."""


class Pages(Protocol):
    """Whoever knows where our pages are."""

    @property
    def facts(self) -> Any: ...
    def address(self, path: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Message:
    """What an opened link will tell. A message to many names no person."""

    tag: str | None
    """The name of its words."""
    customer_id: int | None = None
    touch_id: int | None = None
    campaign_id: int | None = None


class Links:
    """Gives texts short links instead of long ones; `keep` writes all of them at once."""

    def __init__(self, vault: Vault, pages: Pages) -> None:
        self._vault = vault
        self._home, self._place = pages.address("/"), pages.address(PLACE)
        # Whoever wants to refuse is not counted on her way.
        self._plain = str(pages.facts.get("prefs_link", ""))
        self._rows: dict[str, dict[str, Any]] = {}

    def into(
        self,
        text: str,
        message: Message,
        *,
        also: Collection[object] = (),
        most: int = MOST_BYTES,
    ) -> str:
        """Links to our own pages, and to `also`. A stranger's address stays what it is: we lend it no name."""

        def short(found: re.Match[str]) -> str:
            long = found[0]
            ours = long.startswith(self._home) and not long.startswith((self._place, self._plain))
            return self._short(long, message) if ours or long in also else long

        made = ADDRESS.sub(short, text)
        return made if len(made.encode()) <= most else text

    def _short(self, long: str, message: Message) -> str:
        target = long.removeprefix(self._home.rstrip("/"))
        row = {
            "customer_id": message.customer_id,
            "touch_id": message.touch_id,
            "campaign_id": message.campaign_id,
            "target": target,
            "tag": message.tag,
        }
        token = self._vault.sign("|".join(map(str, ("link", *row.values()))))[:LENGTH]
        self._rows[token] = row
        return self._place + token

    async def keep(self, session: AsyncSession, now: datetime) -> None:
        if not self._rows:
            return
        rows = [
            {"token": token, "created_at": now, "opens": 0, **row}
            for token, row in sorted(self._rows.items())
        ]
        self._rows = {}
        await together(session, _keep, rows)


async def _keep(
    session: AsyncSession, some: Sequence[list[dict[str, Any]]]
) -> Sequence[list[dict[str, Any]]]:
    rows = sorted((row for rows in some for row in rows), key=lambda row: row["token"])
    await session.execute(_making(dialect_of(session)), rows)
    return some


@lru_cache
def _making(dialect: str) -> Executable:
    link = upsert_in(dialect, table_of(ShortLink))
    making: Executable = link.on_conflict_do_nothing(index_elements=["token"])
    return making


async def find(session: AsyncSession, token: str) -> ShortLink | None:
    return await session.get(ShortLink, token)


async def opens(session: AsyncSession, texts: Collection[str]) -> int:
    """How often the short links in these texts were opened."""
    tokens = {token for text in texts for token in TOKEN.findall(text)}
    counted = select(func.sum(ShortLink.opens)).where(ShortLink.token.in_(tokens))
    return (await session.scalar(counted) or 0) if tokens else 0


async def targets(session: AsyncSession, addresses: Collection[str]) -> dict[str, str]:
    """Where those of these addresses lead that are short links."""
    tokens = {long.rpartition(PLACE)[2]: long for long in addresses if PLACE in long}
    query = select(ShortLink.token, ShortLink.target).where(ShortLink.token.in_(tokens))
    return {tokens[token]: target for token, target in await session.execute(query)}


async def opener(session: AsyncSession, link: ShortLink, known: str) -> Customer | None:
    """Who opened it. `known`: the ref of whoever is signed in there. A link that was passed on tells of nobody."""
    here = await customers.by_ref(session, known) if known else None
    if link.customer_id is None:
        return here
    hers = await session.get_one(Customer, link.customer_id)
    holder = await customers.stands_for(session, hers)
    return holder if here is None or here.id == holder.id else None


async def opened(session: AsyncSession, token: str, at: datetime, known: str = "") -> None:
    """Count the opening; the first one is the link's and the touch's own. An unknown token opens nothing."""
    link = await session.get(ShortLink, token, with_for_update=True, populate_existing=True)
    if link is None:
        return
    link.opens += 1
    link.opened_at = min(link.opened_at or at, at)
    customer = await opener(session, link, known)
    if customer is None:
        return
    if link.touch_id is not None:
        await _note(session, at, Touch.id == link.touch_id)
    elif link.campaign_id is not None:
        hers = Touch.customer_id == customer.id
        await _note(session, at, Touch.campaign_id == link.campaign_id, hers)


async def _note(session: AsyncSession, at: datetime, *which: Any) -> None:
    first = func.coalesce(Touch.opened_at, at)
    told = Touch.state.not_in(("excluded", "holdout"))
    await session.execute(update(Touch).where(*which, told).values(opened_at=first))
