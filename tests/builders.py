"""Builders with one interesting argument each; everything else has a sensible value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, Follow, Guide, Identity, Store
from bot.domain.offers import Offer
from bot.store import links

_numbers = count(1)
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


async def a_store(session: AsyncSession, **changes: Any) -> Store:
    n = next(_numbers)
    store = Store(**({"code": f"S{n}", "name": f"青禾衣坊 {n} 店"} | changes))
    session.add(store)
    await session.flush()
    return store


async def a_guide(session: AsyncSession, **changes: Any) -> Guide:
    n = next(_numbers)
    guide = Guide(**({"userid": f"guide{n}", "name": f"导购{n}", "active": True} | changes))
    session.add(guide)
    await session.flush()
    return guide


async def a_link(session: AsyncSession, bot: Any, **message: Any) -> str:
    """The token of a short link to her wallet."""
    made = links.Links(bot.vault, bot.content)
    told = links.Message(message.pop("tag", None), **message)
    short = made.into(bot.content.address("/h5"), told)
    await made.keep(session, bot.now)
    return short.rpartition("/")[2]


async def a_customer(
    session: AsyncSession, *, external_userid: str | None = None, **changes: Any
) -> Customer:
    """A customer with a WeCom identity."""
    n = next(_numbers)
    customer = Customer(**({"ref": f"ref{n}", "created_at": LONG_AGO} | changes))
    session.add(customer)
    await session.flush()
    session.add(
        Identity(
            customer_id=customer.id,
            kind="external_userid",
            value=external_userid or f"wm{n:030}",
            account="",
            since=LONG_AGO,
        )
    )
    await session.flush()
    return customer


async def a_follow(
    session: AsyncSession, customer: Customer, guide: Guide, **changes: Any
) -> Follow:
    identity = changes.pop("external_userid", None) or f"wm{customer.id:030}"
    facts = {
        "customer_id": customer.id,
        "guide_id": guide.id,
        "external_userid": identity,
        "since": LONG_AGO,
    }
    follow = Follow(**(facts | changes))
    session.add(follow)
    await session.flush()
    return follow


async def an_offer(session: AsyncSession, **changes: Any) -> Offer:
    """减 30 元, 100 pieces, one per customer, valid for 14 days, running."""
    n = next(_numbers)
    facts = {
        "key": f"offer{n}",
        "name": f"见面礼 {n}",
        "kind": "amount",
        "value": 3000,
        "budget_pieces": 100,
        "valid_days": 14,
        "stores": [],
        "starts_at": LONG_AGO,
        "ends_at": LONG_AGO + timedelta(days=3650),
        "state": "active",
        "code_seed": f"seed{n}",
    }
    offer = Offer(**(facts | changes))
    session.add(offer)
    await session.flush()
    return offer
