"""What a till sees of coupons and those who hold them: masked, and of its own store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import masks
from bot.domain.customers import Store
from bot.domain.offers import Coupon, Offer, Redemption, in_words
from bot.domain.refusals import Refusal
from bot.store import points
from bot.store.customers import name_of, surviving
from bot.store.offers.issuing import coupon_for_code
from bot.store.vault import Vault
from bot.tongue import _, listed


@dataclass(frozen=True, slots=True)
class Holder:
    name: str
    """Masked."""
    level: str
    where: str
    """The stores that take her coupon, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """One redemption as the till that made it may see it."""

    id: int
    code: str
    offer: str
    gives: str
    at: datetime
    actor: str
    order_no: str | None
    discount_fen: int
    stands: bool
    """False once it was taken back."""

    @property
    def by(self) -> str:
        """Who did it, in words."""
        kind, _colon, name = self.actor.partition(":")
        return _("收银系统") if kind == "integration" else name


async def holder_of(session: AsyncSession, vault: Vault, code: str) -> Holder:
    """Raises Refusal unknown."""
    found = await coupon_for_code(session, code)
    if found is None:
        raise Refusal("unknown", "没有这个券码", status=404)
    coupon, offer = found
    who = await surviving(session, coupon.customer_id)
    name = masks.name(await name_of(session, vault, who))
    return Holder(name, await points.level_of(session, who), await _where(session, offer))


async def _where(session: AsyncSession, offer: Offer) -> str:
    if not offer.stores:
        return _("全部门店可用")
    names = await session.scalars(
        select(Store.name).where(Store.code.in_(offer.stores)).order_by(Store.code)
    )
    return _("只在%(stores)s用", stores=listed(names))


async def store_name(session: AsyncSession, code: str | None) -> str:
    return await session.scalar(select(Store.name).where(Store.code == code)) or code or ""


async def redeemed_since(
    session: AsyncSession, store: str | None, since: datetime, *, limit: int = 20
) -> Sequence[Redeemed]:
    """What this store redeemed of late, the newest first; taken-back ones stay in the list."""
    query = _SELECT.where(Redemption.at >= since, Store.code == store)
    query = query.order_by(Redemption.at.desc(), Redemption.id.desc()).limit(limit)
    return [_redeemed(*row) for row in (await session.execute(query))]


async def count_since(session: AsyncSession, store: str | None, since: datetime) -> int:
    """Standing redemptions of this store."""
    query = select(func.count(Redemption.live)).join(Store, Store.id == Redemption.store_id)
    query = query.where(Redemption.at >= since, Store.code == store)
    return await session.scalar(query) or 0


async def redemption_of(session: AsyncSession, code: str, *, store: str | None) -> Redeemed | None:
    """The newest redemption of this coupon, if this store made it."""
    return await _newest(session, Coupon.code == code, store)


async def redemption(session: AsyncSession, id_: int, *, store: str | None) -> Redeemed | None:
    """This one, if this store made it."""
    return await _newest(session, Redemption.id == id_, store)


async def _newest(
    session: AsyncSession, which: ColumnElement[bool], store: str | None
) -> Redeemed | None:
    query = _SELECT.where(which, Store.code == store).order_by(Redemption.id.desc()).limit(1)
    found = (await session.execute(query)).first()
    return None if found is None else _redeemed(*found)


_SELECT = (
    select(Redemption, Coupon, Offer)
    .join(Coupon, Coupon.id == Redemption.coupon_id)
    .join(Offer, Offer.id == Coupon.offer_id)
    .join(Store, Store.id == Redemption.store_id)
)


def _redeemed(row: Redemption, coupon: Coupon, offer: Offer) -> Redeemed:
    return Redeemed(
        id=row.id,
        code=coupon.code,
        offer=offer.name,
        gives=in_words(offer),
        at=row.at,
        actor=row.actor,
        order_no=row.order_no,
        discount_fen=row.discount_fen,
        stands=row.live is not None,
    )
