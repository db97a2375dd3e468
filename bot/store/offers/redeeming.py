"""At the till: looking a coupon up, and using it once and only once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, Update, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Store
from bot.domain.offers import (
    ENOUGH,
    LOCKED,
    STALE_QR,
    UNDO,
    UNKNOWN,
    Beside,
    Coupon,
    Offer,
    Redemption,
    Till,
    Verdict,
    in_words,
    judge,
    read_code,
    used_words,
)
from bot.store.engine import upsert
from bot.store.offers.issuing import coupon_for_code, has_bought, held
from bot.store.offers.qr import is_token, open_token
from bot.store.offers.tills import locked, missed
from bot.store.own_account import is_hers
from bot.store.vault import Vault
from bot.tongue import _

MAY_BECOME_OK = frozenset({"ok", "amount_needed", "below_threshold"})
RESERVED = timedelta(minutes=15)
"""How long a till may take to ring an order up."""
OWN = "这张券是你自己的，或者你家人的：请别的同事来核销"
NOT_FIRST = "这张券只给第一次下单的顾客，她已经买过了"


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
    if not await _use(session, coupon, till, now):
        return await _judged(session, *await _again(session, coupon), till, now=now)
    if not await _remember(session, coupon, offer, till, verdict, now=now):
        await _unuse(session, coupon)
        return await _judged(session, *await _again(session, coupon), till, now=now)
    return replace(
        verdict,
        words=_("核销好了：%(name)s，%(gives)s", name=offer.name, gives=in_words(offer)),
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
        return ENOUGH if await missed(session, str(till.actor), now) else UNKNOWN
    return found


async def _judged(
    session: AsyncSession, coupon: Coupon, offer: Offer, till: Till, *, now: datetime
) -> Verdict:
    verdict = judge(coupon, offer, till, now, await _beside(session, coupon, till, now))
    first = verdict.state == "ok" and offer.first_order
    if first and await has_bought(session, coupon.customer_id, but=till.order_no):
        verdict = replace(verdict, state="not_first_order", words=NOT_FIRST, discount_fen=0)
    if verdict.state in MAY_BECOME_OK and await is_hers(session, till.actor, coupon.customer_id):
        verdict = replace(verdict, state="own_coupon", words=_(OWN), discount_fen=0)
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
    words = used_words(at, _("本店") if here else name)
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
    return _("；她手里还有「%(other)s」，可以用那张", other=others[0]) if others else ""


async def reserve(
    session: AsyncSession, vault: Vault, presented: str, till: Till, *, now: datetime
) -> Verdict:
    """Keep the coupon for the order that is being rung up; `redeem` with the same order confirms it."""
    found = await _find(session, vault, presented, till, now=now)
    if isinstance(found, Verdict):
        return found
    coupon, offer = found
    verdict = await _judged(session, coupon, offer, till, now=now)
    if verdict.state != "ok":
        return verdict
    until = now + RESERVED
    kept = update(Coupon).where(Coupon.id == coupon.id, _free(till, now))
    kept = kept.values(reserved_for=till.order_no, reserved_until=until)
    if not await _changed(session, kept):
        return await _judged(session, *await _again(session, coupon), till, now=now)
    words = _("先留给这一单：%(name)s，%(gives)s", name=offer.name, gives=in_words(offer))
    return replace(verdict, words=words, reserved_until=until)


async def release(session: AsyncSession, code: str, order_no: str) -> bool:
    """The order did not come about: its coupon is free again. False when nothing was kept for it."""
    freed = update(Coupon).where(
        Coupon.code == read_code(code), Coupon.state == "held", Coupon.reserved_for == order_no
    )
    return await _changed(session, freed.values(reserved_for=None, reserved_until=None))


def _free(till: Till, now: datetime) -> ColumnElement[bool]:
    """Held, and neither run out nor kept for another order."""
    lasts = or_(Coupon.reserved_until.is_(None), Coupon.reserved_until <= now)
    mine = and_(Coupon.reserved_for == till.order_no, Coupon.reserved_until > now)
    return and_(Coupon.state == "held", or_(mine, and_(lasts, Coupon.expires_at > now)))


async def _use(session: AsyncSession, coupon: Coupon, till: Till, now: datetime) -> bool:
    # However many tills ask at once, the database lets one of them change this row.
    used = update(Coupon).where(Coupon.id == coupon.id, _free(till, now))
    values = {"state": "redeemed", "redeemed_at": now, "reserved_until": None}
    return await _changed(session, used.values(values))


async def _unuse(session: AsyncSession, coupon: Coupon) -> None:
    back = update(Coupon).where(Coupon.id == coupon.id, Coupon.state == "redeemed")
    await _changed(session, back.values(state="held", redeemed_at=None))


async def _changed(session: AsyncSession, statement: Update) -> bool:
    result = await session.execute(statement)
    return isinstance(result, CursorResult) and result.rowcount == 1


async def _beside(session: AsyncSession, coupon: Coupon, till: Till, now: datetime) -> Beside:
    if till.order_no is None:
        return Beside()
    used = select(
        func.coalesce(func.sum(Redemption.discount_fen), 0), func.max(Redemption.alone)
    ).where(
        Redemption.order_no == till.order_no,
        Redemption.live.is_not(None),
        Redemption.live != coupon.id,
    )
    off, alone = (await session.execute(used)).one()
    kept = (
        select(Coupon.id)
        .join(Offer, Offer.id == Coupon.offer_id)
        .where(
            Coupon.reserved_for == till.order_no,
            Coupon.reserved_until > now,
            Coupon.id != coupon.id,
            ~Offer.stacks,
        )
    )
    taken = alone is not None or await session.scalar(kept.limit(1)) is not None
    return Beside(int(off), taken)


async def _again(session: AsyncSession, coupon: Coupon) -> tuple[Coupon, Offer]:
    found = await coupon_for_code(session, coupon.code)
    assert found is not None
    return found


async def _remember(
    session: AsyncSession,
    coupon: Coupon,
    offer: Offer,
    till: Till,
    verdict: Verdict,
    *,
    now: datetime,
) -> bool:
    """False when another coupon that does not stack was faster on the same order."""
    store_id = await session.scalar(select(Store.id).where(Store.code == till.store))
    insert = upsert(session, Redemption).values(
        coupon_id=coupon.id,
        order_no=till.order_no,
        store_id=store_id,
        actor=str(till.actor),
        at=now,
        discount_fen=verdict.discount_fen,
        live=coupon.id,
        alone=None if offer.stacks else till.order_no,
    )
    written = insert.on_conflict_do_nothing().returning(Redemption.id)
    return await session.scalar(written) is not None
