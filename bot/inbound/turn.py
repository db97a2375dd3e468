"""One handled event: what a handler may see, and what it may owe."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Unpack

from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import Call, MenuItem
from bot.content import Content
from bot.settings import Settings
from bot.store import customers, links, outbox
from bot.store.outbox import Terms
from bot.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Reply:
    """The passive answer to an Official Account message."""

    text: str
    menu: tuple[MenuItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a command, stored with its key and given again to whoever repeats it."""

    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Turn:
    """No network within reach: what must go out is owed."""

    session: AsyncSession
    now: datetime
    vault: Vault
    content: Content
    settings: Settings
    key: str
    """Unique to this event; effects and triggers are named after it."""

    async def shorten(
        self, *texts: str, customer_id: int | None, tag: str, also: Collection[str] = ()
    ) -> list[str]:
        """The same texts with links of hers, so that we learn when she opens one; see `Links.into`."""
        customer = await customers.get(self.session, customer_id) if customer_id else None
        if customer is None:
            return list(texts)
        made = links.Links(self.vault, self.content)
        hers = links.Message(tag, customer.id if customer.personalised else None)
        short = [made.into(text, hers, also=also) for text in texts]
        await made.keep(self.session, self.now)
        return short

    async def owe(self, call: Call, *, effect: str, **terms: Unpack[Terms]) -> int | None:
        return await outbox.owe(
            self.session, self.vault, call, effect=effect, now=self.now, **terms
        )
