"""What a colleague, or a program, may do with a customer's data; and the yes that lets it out."""

from __future__ import annotations

from secrets import token_urlsafe
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer
from bot.domain.permissions import asks, needs_second
from bot.domain.refusals import Refusal
from bot.events.commands import Actor, ExportCustomer
from bot.inbound.commands import matrix
from bot.store import audit, audit_trail, erasing, exporting, proposals
from bot.tongue import _
from bot.web.desk import DESK, Desk
from bot.web.guards import actor_of
from bot.web.pages import role_words
from bot.web.sheets import Mark

IN_CLEAR = "owner"
"""Whoever else takes somebody's data out gets no name, phone, id or sentence of hers."""
TAKEN = "export_customer"
RIGHTS = {"export": "customer.export", "erase": "customer.erase", "keep": "customer.keep"}


def rights(request: web.Request) -> dict[str, bool]:
    """What this colleague may do with somebody's data, and what takes two."""
    kind = actor_of(request).kind
    told = {name: asks(matrix(), right, kind) for name, right in RIGHTS.items()}
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


def same_name(typed: str, hers: str) -> None:
    """Whoever erases has named her. Raises Refusal wrong_name."""
    if typed.strip() != hers:
        raise Refusal("wrong_name", _("名字和这位顾客的不一样，什么都没有删"), status=422)


async def let_out(desk: Desk, actor: Actor, customer: Customer, key: str) -> Mark:
    """What the file says of itself. Once for each yes, where it takes two. Raises Refusal second_person."""
    now, facts = desk.work.now(), {"customer_id": customer.id}
    if needs_second(matrix(), ExportCustomer.permission, actor.kind):
        kind, by = TAKEN, str(actor)
        async with desk.work.sessions.begin() as session:
            asked = await proposals.of(session, kind=kind, facts=facts, by=by, now=now)
            if asked is not None and await proposals.use(session, asked.id):
                number = await audit.append(
                    session,
                    at=now,
                    actor=by,
                    action=TAKEN,
                    subject=f"customer_id:{customer.id}",
                    detail={"proposal": asked.id},
                    store=actor.store,
                )
                return _mark(desk, actor, number)
        if asked is not None:
            words = _("已经提交，还在等另一位有权限的人同意")
            raise Refusal("second_person", words, status=202)
        key = token_urlsafe(12)  # the page's own key has its answer already
    await desk.do(ExportCustomer(actor=actor, key=key, at=now, **facts))
    async with desk.work.sessions.reading() as session:
        (row,) = await audit_trail.below(session, None, actor=str(actor), action=TAKEN, limit=1)
    return _mark(desk, actor, row.id)


def _mark(desk: Desk, actor: Actor, number: int) -> Mark:
    by = f"{role_words(actor.kind)} {actor.id}"
    return Mark(number, by, desk.work.now().astimezone(desk.work.settings.zone))
