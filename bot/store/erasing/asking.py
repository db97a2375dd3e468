"""A wish to be forgotten: everything stops at once, the rest waits for a day in which it can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.consent import MARKETING
from bot.domain.erasure import (
    ASKED,
    COOL_OFF,
    COOL_OFF_FOR_ALL,
    OPEN,
    TAKEN_BACK,
    Erasure,
)
from bot.domain.offers import Coupon
from bot.domain.refusals import Refusal
from bot.store import consent, journeys, offers
from bot.store.family import family, surviving
from bot.store.vault import Vault
from bot.tongue import _

ERASING = "erasing"
LEASE = timedelta(minutes=10)
"""How long one process has for a piece of it before another one goes on."""


async def ask(
    session: AsyncSession,
    vault: Vault,
    *,
    customer_id: int,
    by: str,
    now: datetime,
    at_once: bool = False,
    give_up: bool = False,
) -> Erasure:
    """Nothing is sent to her from this transaction on. Asked twice it is one wish, at the sooner of the moments."""
    customer_id = await surviving(session, customer_id)
    wish = await of(session, customer_id)
    if wish is None:
        wish = Erasure(customer_id=customer_id, state=ASKED, asked_at=now, asked_by=by)
        wish.due_at, wish.blocks, wish.counts = now + COOL_OFF, [], {}
        session.add(wish)
        await _stop(session, vault, customer_id, by=by, now=now)
    if at_once:
        wish.due_at = now
    if give_up:
        await _give_up(session, customer_id, now)
    await session.flush()
    return wish


async def ask_for_all(session: AsyncSession, *, by: str, now: datetime) -> Erasure:
    """Whoever asks has turned sending off. Raises Refusal erasing."""
    if await of_all(session) is not None:
        raise Refusal("erasing", _("已经在等着删除全部顾客资料了"))
    wish = Erasure(customer_id=None, state=ASKED, asked_at=now, asked_by=by)
    wish.due_at, wish.blocks, wish.counts = now + COOL_OFF_FOR_ALL, [], {}
    session.add(wish)
    await session.flush()
    return wish


async def of(session: AsyncSession, customer_id: int) -> Erasure | None:
    """Her wish that is not settled yet."""
    hers = Erasure.customer_id.in_(await family(session, customer_id))
    return (await session.scalars(select(Erasure).where(hers, Erasure.state.in_(OPEN)))).first()


async def of_all(session: AsyncSession) -> Erasure | None:
    all_ = select(Erasure).where(Erasure.customer_id.is_(None), Erasure.state.in_(OPEN))
    return (await session.scalars(all_)).first()


async def open_ones(session: AsyncSession) -> Sequence[Erasure]:
    query = select(Erasure).where(Erasure.state.in_(OPEN)).order_by(Erasure.id)
    return (await session.scalars(query)).all()


async def take_back(session: AsyncSession, vault: Vault, wish: Erasure, now: datetime) -> None:
    """She stays; what she refused stays refused until she says otherwise. Raises Refusal too_late."""
    if wish.state != ASKED:
        raise Refusal("too_late", _("已经开始删除，撤不回来了"))
    wish.state, wish.due_at, wish.done_at = TAKEN_BACK, None, now
    if wish.customer_id is not None:
        await consent.release(session, vault, wish.customer_id, reason=ERASING)
    await session.flush()


async def due(session: AsyncSession, now: datetime) -> Erasure | None:
    """The oldest that may go on now; nobody else takes it for a while."""
    mine = Erasure.state.in_(OPEN), Erasure.due_at <= now
    query = select(Erasure).where(*mine).order_by(Erasure.id).limit(1)
    wish = (await session.scalars(query.with_for_update(skip_locked=True))).first()
    if wish is not None:
        wish.due_at = now + LEASE
        await session.flush()
    return wish


async def _stop(
    session: AsyncSession, vault: Vault, customer_id: int, *, by: str, now: datetime
) -> None:
    for purpose in (*MARKETING, "profiling", "life_stage"):
        await consent.record(
            session,
            customer_id=customer_id,
            purpose=purpose,
            action="object" if purpose == "profiling" else "withdraw",
            channel="erasure",
            actor=by,
            at=now,
            evidence={"erasure": True},
        )
    await consent.suppress(session, vault, customer_id, reason=ERASING, at=now)
    for one in await family(session, customer_id):
        await journeys.leave(session, one, reason="gone")


async def _give_up(session: AsyncSession, customer_id: int, now: datetime) -> None:
    """Her coupons go back, so that nothing has to wait for them."""
    hers = Coupon.customer_id.in_(await family(session, customer_id))
    await offers.withdraw(session, hers, now, state="declined")
    await session.execute(
        update(Coupon).where(hers, Coupon.state == "waiting").values(state="declined")
    )
