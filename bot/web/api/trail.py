"""`/api/v1/audit`, `/keys`: who did what, whether the chain is whole, and which programs may call."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.domain.refusals import Refusal
from bot.events.commands import DecideProposal, RevokeKey
from bot.store import access, audit, audit_trail, proposals
from bot.web.api.bodies import Asked, Listing, Query, Strict
from bot.web.api.endpoints import NUMBER, Ask, Done, Page, Routes, Told

routes = Routes()


class AuditAsked(Listing):
    actor: Asked = ""
    action: Asked = ""


class RowTold(Told):
    id: int
    at: datetime
    actor: str
    action: str
    object: str
    detail: dict[str, Any]
    store: str | None
    """Where whoever acted belonged; a store's manager reads her own store's rows."""
    hash: str


@routes.asks("GET", "/audit", "audit.read", "操作记录", says=AuditAsked, gives=Page[RowTold])
async def listed(ask: Ask[AuditAsked]) -> Page[RowTold]:
    said = ask.said
    async with ask.reading() as session:
        rows = await audit_trail.below(
            session,
            ask.mark(),
            actor=said.actor,
            action=said.action,
            store=ask.store,
            limit=said.limit + 1,
        )
    return ask.page(rows, lambda row: int(row.id), RowTold.model_validate)


class Checked(Told):
    whole: bool
    broken_at: int | None
    """The first row that does not fit the one before."""


@routes.asks("GET", "/audit/check", "audit.read", "操作记录有没有被改过", gives=Checked)
async def check(ask: Ask[Query]) -> Checked:
    async with ask.reading() as session:
        broken = await audit.verify(session)
    return Checked(whole=broken is None, broken_at=broken)


class KeyTold(Told):
    id: str
    name: str
    role: str
    scope: str
    store: str | None
    created_at: datetime
    revoked_at: datetime | None


class Keys(Told):
    items: list[KeyTold]


@routes.asks("GET", "/keys", "key.manage", "API 密钥，没有密钥本身", gives=Keys)
async def keys(ask: Ask[Query]) -> Keys:
    async with ask.reading() as session:
        found = await access.keys(session)
    return Keys(
        items=[
            KeyTold(
                id=access.short_id(one),
                name=one.name,
                role=one.role,
                scope=one.scope,
                store=one.store,
                created_at=one.created_at,
                revoked_at=one.revoked_at,
            )
            for one in found
        ]
    )


@routes.asks("DELETE", "/keys/{id}", "key.manage", "收回一把密钥")
async def revoke(ask: Ask[Any]) -> Done:
    async with ask.reading() as session:
        if await access.key_named(session, ask.named("id")) is None:
            raise Refusal("unknown_key", "没有这把密钥", status=404)
    return await ask.does(RevokeKey, key_id=ask.named("id"))


class ProposalTold(Told):
    id: int
    kind: str
    asked_by: str
    asked_at: datetime


class Proposals(Told):
    items: list[ProposalTold]


@routes.asks("GET", "/proposals", "proposal.decide", "等第二个人的事", gives=Proposals)
async def waiting(ask: Ask[Query]) -> Proposals:
    async with ask.reading() as session:
        found = await proposals.waiting(session, ask.now)
    return Proposals(items=[ProposalTold.model_validate(one) for one in found])


class DecideIn(Strict):
    agreed: bool


@routes.asks(
    "POST",
    f"/proposals/{NUMBER % 'id'}/decide",
    "proposal.decide",
    "同意，照原样做一次；或不同意",
    says=DecideIn,
)
async def decide(ask: Ask[DecideIn]) -> Done:
    return await ask.does(DecideProposal, proposal_id=ask.number(), agreed=ask.said.agreed)
