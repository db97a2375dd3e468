"""One customer whole, as a person at a desk needs to see her: who she is, what she has and what holds for her."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.cases import Case
from bot.domain.consent import ConsentEntry, ConsentState
from bot.domain.customers import Customer, Follow, Guide, Identity, Secret, Store
from bot.domain.delivery import Window
from bot.domain.group_chats import GroupChat, GroupMember, Invite
from bot.domain.journeys import Playbook, Run
from bot.domain.offers import Coupon, Offer
from bot.domain.orders import Order, OrderLine
from bot.domain.points import PointsAccount
from bot.domain.tiers import CustomerTier, PurchaseStats, TierMove
from bot.store import tags
from bot.store.customers.people import NAME, PHONE
from bot.store.family import family, surviving
from bot.store.tags import Worn
from bot.store.vault import Vault

MOST = 50


class Friend(NamedTuple):
    follow: Follow
    guide: Guide
    store: Store | None


class Bought(NamedTuple):
    order: Order
    store: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    customer: Customer
    name: str
    """In clear: whoever shows it masks it."""
    phone: str
    identities: Sequence[Identity]
    friends: Sequence[Friend]
    tier: CustomerTier | None
    stats: PurchaseStats | None
    moves: Sequence[TierMove]
    tags: Sequence[Worn]
    conflicts: Sequence[str]
    """Where the sources of her tags disagree."""
    orders: Sequence[Bought]
    coupons: Sequence[tuple[Coupon, Offer]]
    allowed: dict[str, ConsentState]
    ledger: Sequence[ConsentEntry]
    points: PointsAccount | None
    groups: Sequence[tuple[GroupMember, GroupChat]]
    invites: Sequence[Invite]
    cases: Sequence[Case]
    windows: Sequence[Window]
    runs: Sequence[tuple[Run, str]]

    @property
    def held(self) -> list[tuple[Coupon, Offer]]:
        return [(coupon, offer) for coupon, offer in self.coupons if coupon.state == "held"]

    @property
    def live_cases(self) -> list[Case]:
        return [case for case in self.cases if case.state != "closed"]


async def by_ref(session: AsyncSession, ref: str) -> Customer | None:
    """The record that stands for this public id; nobody once she is erased."""
    known = Customer.ref == ref, Customer.erased_at.is_(None)
    found = await session.scalar(select(Customer.id).where(*known))
    return None if found is None else await session.get(Customer, await surviving(session, found))


async def portrait(
    session: AsyncSession, vault: Vault, customer: Customer, now: datetime
) -> Portrait:
    hers = await family(session, customer.id)
    name, phone = await _said(session, vault, customer.id)
    moves = select(TierMove).where(TierMove.customer_id == customer.id)
    ids = select(Identity).where(Identity.customer_id.in_(hers)).order_by(Identity.kind)
    return Portrait(
        customer=customer,
        name=name,
        phone=phone,
        identities=(await session.scalars(ids)).all(),
        friends=await _friends(session, customer.id),
        tier=await session.get(CustomerTier, customer.id, populate_existing=True),
        stats=await session.get(PurchaseStats, customer.id, populate_existing=True),
        moves=(await session.scalars(moves.order_by(TierMove.id.desc()).limit(10))).all(),
        tags=await tags.worn(session, customer.id, now),
        conflicts=await tags.conflicts(session, customer.id, now),
        orders=await _orders(session, customer.id),
        coupons=await _coupons(session, hers),
        allowed=await _allowed(session, customer.id),
        ledger=await _ledger(session, hers),
        points=await session.get(PointsAccount, customer.id, populate_existing=True),
        groups=await _groups(session, hers),
        invites=await _invites(session, hers),
        cases=await _cases(session, hers),
        windows=await _windows(session, customer.id, now),
        runs=await _runs(session, hers),
    )


async def _said(session: AsyncSession, vault: Vault, customer_id: int) -> tuple[str, str]:
    secret = await session.get(Secret, customer_id, populate_existing=True)
    if secret is None:
        return "", ""
    vault.learn(customer_id, secret.wrapped_key)
    told = ((secret.name, NAME), (secret.phone, PHONE))
    name, phone = (
        vault.unseal_known(customer_id, sealed, about=about) if sealed else ""
        for sealed, about in told
    )
    return name, phone


async def _friends(session: AsyncSession, customer_id: int) -> list[Friend]:
    rows = await session.execute(
        select(Follow, Guide, Store)
        .join(Guide, Guide.id == Follow.guide_id)
        .outerjoin(Store, Store.id == Guide.store_id)
        .where(Follow.customer_id == customer_id)
        .order_by(Follow.ended_at.is_not(None), Follow.since.desc())
        .execution_options(populate_existing=True)
    )
    return [Friend(*row) for row in rows]


async def _orders(session: AsyncSession, customer_id: int) -> list[Bought]:
    rows = (
        await session.execute(
            select(Order, Store.name)
            .outerjoin(Store, Store.id == Order.store_id)
            .where(Order.customer_id == customer_id)
            .order_by(Order.paid_at.desc().nulls_last(), Order.id.desc())
            .limit(MOST)
        )
    ).all()
    lines = await session.execute(
        select(OrderLine.order_id, OrderLine.name, OrderLine.quantity)
        .where(OrderLine.order_id.in_([order.id for order, _ in rows]))
        .order_by(OrderLine.id)
    )
    what: dict[int, list[str]] = {}
    for order_id, name, quantity in lines:
        what.setdefault(order_id, []).append(f"{name} × {quantity}" if quantity > 1 else name)
    return [Bought(o, store or "", "、".join(what.get(o.id, ()))) for o, store in rows]


async def _coupons(session: AsyncSession, hers: Sequence[int]) -> list[tuple[Coupon, Offer]]:
    rows = await session.execute(
        select(Coupon, Offer)
        .join(Offer, Offer.id == Coupon.offer_id)
        .where(Coupon.customer_id.in_(hers))
        .order_by(Coupon.issued_at.desc(), Coupon.id.desc())
        .limit(MOST)
        .execution_options(populate_existing=True)
    )
    return [(coupon, offer) for coupon, offer in rows]


async def _allowed(session: AsyncSession, customer_id: int) -> dict[str, ConsentState]:
    found = select(ConsentState).where(ConsentState.customer_id == customer_id)
    rows = await session.scalars(found.execution_options(populate_existing=True))
    return {state.purpose: state for state in rows}


async def _ledger(session: AsyncSession, hers: Sequence[int]) -> Sequence[ConsentEntry]:
    found = select(ConsentEntry).where(ConsentEntry.customer_id.in_(hers))
    return (await session.scalars(found.order_by(ConsentEntry.id.desc()).limit(MOST))).all()


async def _groups(
    session: AsyncSession, hers: Sequence[int]
) -> list[tuple[GroupMember, GroupChat]]:
    rows = await session.execute(
        select(GroupMember, GroupChat)
        .join(GroupChat, GroupChat.id == GroupMember.group_chat_id)
        .where(GroupMember.customer_id.in_(hers))
        .order_by(GroupMember.left_at.is_not(None), GroupMember.joined_at.desc())
    )
    return [(member, room) for member, room in rows]


async def _invites(session: AsyncSession, hers: Sequence[int]) -> Sequence[Invite]:
    found = select(Invite).where(Invite.customer_id.in_(hers)).order_by(Invite.id.desc())
    return (await session.scalars(found.limit(MOST))).all()


async def _cases(session: AsyncSession, hers: Sequence[int]) -> Sequence[Case]:
    found = select(Case).where(Case.customer_id.in_(hers)).order_by(Case.id.desc()).limit(MOST)
    return (await session.scalars(found.execution_options(populate_existing=True))).all()


async def _windows(session: AsyncSession, customer_id: int, now: datetime) -> Sequence[Window]:
    found = select(Window).where(Window.customer_id == customer_id, Window.closes_at > now)
    return (await session.scalars(found.execution_options(populate_existing=True))).all()


async def _runs(session: AsyncSession, hers: Sequence[int]) -> list[tuple[Run, str]]:
    """Journeys with the names people know them by."""
    names = dict((await session.execute(select(Playbook.key, Playbook.name))).all())
    found = select(Run).where(Run.customer_id.in_(hers)).order_by(Run.id.desc()).limit(MOST)
    rows = await session.scalars(found.execution_options(populate_existing=True))
    return [(run, names.get(run.playbook, run.playbook)) for run in rows]
