"""What a colleague may do with a customer's data, as her page tells it."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer
from bot.domain.permissions import may, needs_second
from bot.inbound.commands import matrix
from bot.store import erasing, exporting
from bot.web.desk import DESK
from bot.web.guards import actor_of

IN_CLEAR = "owner"
"""Whoever else takes somebody's data out gets no name, phone, id or sentence of hers."""
RIGHTS = {"export": "customer.export", "erase": "customer.erase", "keep": "customer.keep"}


def rights(request: web.Request) -> dict[str, bool]:
    """What this colleague may do with somebody's data, and what takes two."""
    kind = actor_of(request).kind
    told = {name: may(matrix(), right, kind) for name, right in RIGHTS.items()}
    twice = {f"{n}_twice": needs_second(matrix(), right, kind) for n, right in RIGHTS.items()}
    return told | twice


async def about(request: web.Request, session: AsyncSession, customer: Customer) -> dict[str, Any]:
    """What her page tells of it."""
    ids = (await exporting.person(session, customer.id)).ids
    return {
        "wish": await erasing.of(session, customer.id),
        "blocks": await erasing.blocks(session, ids, request.app[DESK].work.now()),
        "data": rights(request),
        "in_clear": actor_of(request).kind == IN_CLEAR,
    }
