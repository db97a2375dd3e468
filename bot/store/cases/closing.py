"""Closing a case: marketing may go on, an apology within a limit, and one question now and then."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.cases.clocks import APOLOGY_EVERY, ASK_EVERY
from bot.domain.cases.entities import Case, CaseStep
from bot.domain.customers import Customer
from bot.domain.offers import Coupon
from bot.domain.refusals import Refusal
from bot.store.cases.steps import add_step
from bot.store.family import family, surviving
from bot.store.vault import Vault


async def close(
    session: AsyncSession, vault: Vault, case: Case, *, text: str, actor: str, now: datetime
) -> CaseStep:
    """Raises Refusal case_closed."""
    step = None
    if case.state != "closed":
        step = await add_step(
            session, vault, case, "closed", now=now, actor=actor, text=text, level=0
        )
    if step is None:
        raise Refusal("case_closed", "这条客诉已经关闭了")
    case.state, case.closed_at, case.live = "closed", now, None
    case.next_check_at = case.waiting_since = None
    await session.flush()
    await _release(session, case.customer_id)
    return step


async def _release(session: AsyncSession, customer_id: int) -> None:
    stands = await surviving(session, customer_id)
    hers = await family(session, stands)
    still = exists().where(Case.customer_id.in_(hers), Case.state != "closed")
    await session.execute(
        update(Customer)
        .where(Customer.id.in_({customer_id, stands}), ~still)
        .values(marketing_held=False)
        .execution_options(synchronize_session=False)
    )


async def apology_given(session: AsyncSession, customer_id: int, now: datetime) -> bool:
    given = select(Coupon.id).where(
        Coupon.customer_id.in_(await _family(session, customer_id)),
        Coupon.trigger.like("case:%"),
        Coupon.issued_at > now - APOLOGY_EVERY,
    )
    return (await session.scalar(given.limit(1))) is not None


async def may_ask(session: AsyncSession, customer_id: int, now: datetime) -> bool:
    hers = Case.customer_id.in_(await _family(session, customer_id))
    asked = select(Case.id).where(hers, Case.asked_at > now - ASK_EVERY)
    return (await session.scalar(asked.limit(1))) is None


async def _family(session: AsyncSession, customer_id: int) -> list[int]:
    return await family(session, await surviving(session, customer_id))
