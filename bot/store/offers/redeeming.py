"""At the till: looking a coupon up, and using it once and only once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import CursorResult, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Store
from bot.domain.offers import (
    LOCKED,
    STALE_QR,
    UNDO,
    UNKNOWN,
    Coupon,
    Offer,
    Redemption,
    Verdict,
    in_words,
    judge,
    read_code,
    used_words,
)
from bot.events import Actor
from bot.store.offers.issuing import coupon_for_code, held
from bot.store.offers.qr import is_token, open_token
from bot.store.offers.tills import locked, missed
from bot.store.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """Where and by whom a coupon is presented."""

    actor: Actor
    store: str | None = None
    """The store's code."""
    order_no: str | None = None
    amount_fen: int | None = None


async def look_up(
    session: AsyncSession, vault: Vault, presented: str, till: Till, *, now: datetime
) -> Verdict:
    """What `redeem` would say, without doing it."""
    found = await _find(session, vault, presented, till, now=now)
    if isinstance(found, Verdict):
        return found
    coupon, offer = found
    return await _judged(session, coupon, offer, till, now=now)


async def redeem(
    session: AsyncSession, vault: Vault, presented: str, till: Till, *, now: datetime
) -> Verdict:
    """Use the coupon behind a spoken code or a scanned token."""
    found = await _find(session, vault, presented, till, now=now)
    if isinstance(found, Verdict):
        return found
    coupon, offer = found
    verdict = await _judged(session, coupon, offer, till, now=now)
    if verdict.state != "ok":
        return verdict
    if not await _use(session, coupon, now):
        return await _judged(session, *await _again(session, coupon), till, now=now)
    await _remember(session, coupon, till, verdict, now=now)
    return replace(
        verdict,
        words=f"核销好了：{offer.name}，{in_words(offer)}",
        used_at=now,
        undo_until=now + UNDO,
    )


async def _find(
    session: AsyncSession, vault: Vault, presented: str, till: Till, *, now: datetime
) -> tuple[Coupon, Offer] | Verdict:
    if await locked(session, str(till.actor), now):
        return LOCKED
    code: str | None = read_code(presented)
    if is_token(presented):
        code, fresh = open_token(vault, presented, now)
        if code is not None and not fresh:
            return STALE_QR
    found = await coupon_for_code(session, code) if code else None
    if found is None:
        return LOCKED if await missed(session, str(till.actor), now) else UNKNOWN
    return found


async def _judged(
    session: AsyncSession, coupon: Coupon, offer: Offer, till: Till, *, now: datetime
) -> Verdict:
    verdict = judge(coupon, offer, store=till.store, amount_fen=till.amount_fen, now=now)
    if verdict.state == "used":
        verdict = await _when_and_where(session, coupon, verdict, till)
    if verdict.state in {"used", "expired", "wrong_store"}:
        others = await _others(session, coupon, till, now)
        verdict = replace(verdict, others=others, words=verdict.words + _instead(others))
    return verdict


async def _when_and_where(
    session: AsyncSession, coupon: Coupon, verdict: Verdict, till: Till
) -> Verdict:
    query = (
        select(Redemption.at, Store.code, Store.name)
        .outerjoin(Store, Store.id == Redemption.store_id)
        .where(Redemption.live == coupon.id)
    )
    found = (await session.execute(query)).first()
    if found is None:
        return verdict
    at, code, name = found
    here = code is not None and code == till.store
    words = used_words(at, "本店" if here else name)
    return replace(verdict, words=words, used_at=at, used_store=name)


async def _others(
    session: AsyncSession, coupon: Coupon, till: Till, now: datetime
) -> tuple[str, ...]:
    rows = await held(session, coupon.customer_id, now)
    return tuple(
        f"{offer.name}（{in_words(offer)}）"
        for other, offer in rows
        if other.id != coupon.id and (not offer.stores or till.store in offer.stores)
    )


def _instead(others: tuple[str, ...]) -> str:
    return f"；她手里还有「{others[0]}」，可以用那张" if others else ""


async def _use(session: AsyncSession, coupon: Coupon, now: datetime) -> bool:
    # However many tills ask at once, the database lets one of them change this row.
    used = await session.execute(
        update(Coupon)
        .where(Coupon.id == coupon.id, Coupon.state == "held", Coupon.expires_at > now)
        .values(state="redeemed", redeemed_at=now)
    )
    return isinstance(used, CursorResult) and used.rowcount == 1


async def _again(session: AsyncSession, coupon: Coupon) -> tuple[Coupon, Offer]:
    found = await coupon_for_code(session, coupon.code)
    assert found is not None
    return found


async def _remember(
    session: AsyncSession, coupon: Coupon, till: Till, verdict: Verdict, *, now: datetime
) -> None:
    store_id = await session.scalar(select(Store.id).where(Store.code == till.store))
    session.add(
        Redemption(
            coupon_id=coupon.id,
            order_no=till.order_no,
            store_id=store_id,
            actor=str(till.actor),
            at=now,
            discount_fen=verdict.discount_fen,
            live=coupon.id,
        )
    )
    await session.flush()
