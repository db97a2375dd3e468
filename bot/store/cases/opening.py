"""Opening a case: one per customer and category while it is not closed."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.cases.clocks import start
from bot.domain.cases.complaints import complaint_score
from bot.domain.cases.entities import Case
from bot.domain.customers import Customer
from bot.domain.orders import Order, OrderLine
from bot.store import business_calendar, touches
from bot.store.cases.people import responder
from bot.store.cases.steps import add_note, add_step
from bot.store.family import family
from bot.store.vault import Vault

RECENT_ORDER = timedelta(days=45)
ABOUT_GOODS = frozenset({"quality", "wrong", "safety", "refund", "delivery"})


async def open_case(  # noqa: PLR0913 - the facts of a case, all by name
    session: AsyncSession,
    vault: Vault,
    *,
    customer_id: int,
    text: str,
    channel: str,
    source: str,
    now: datetime,
    category: str | None = None,
    severity: int = 2,
    sku: str | None = None,
) -> Case:
    """The open case about this, new or not; what she says again becomes a note on it."""
    about = category or complaint_score(text).category
    known = await _known(session, customer_id, about, source)
    if known is not None:
        return await _say_again(session, vault, known, source, severity, text, now)
    case = Case(
        customer_id=customer_id,
        category=about,
        severity=severity,
        state="open",
        channel=channel,
        opened_at=now,
        sku=sku or await subject_of(session, customer_id, about, now),
        source=source,
        live=f"{customer_id}:{about}",
    )
    start(case, await business_calendar.load(session))
    guide = await responder(session, customer_id)
    case.assigned_to = guide.id if guide else None
    try:
        async with session.begin_nested():
            session.add(case)
    except IntegrityError:  # another process opened it between our look and now
        known = await _known(session, customer_id, about, source)
        if known is None:
            raise
        return await _say_again(session, vault, known, source, severity, text, now)
    await add_step(session, vault, case, "opened", now=now, actor="customer", text=text, level=1)
    await hold(session, customer_id, now)
    return case


async def _known(
    session: AsyncSession, customer_id: int, category: str, source: str
) -> Case | None:
    found: Case | None = await session.scalar(select(Case).where(Case.source == source))
    if found is None:
        hers = Case.customer_id.in_(await family(session, customer_id))
        live = select(Case).where(hers, Case.category == category, Case.state != "closed")
        found = await session.scalar(live.order_by(Case.id.desc()).limit(1))
    return found


async def _say_again(
    session: AsyncSession,
    vault: Vault,
    case: Case,
    source: str,
    severity: int,
    text: str,
    now: datetime,
) -> Case:
    if case.source != source:
        case.severity = min(case.severity, severity)
        await add_note(session, vault, case, text=text, actor="customer", now=now)
    return case


async def hold(session: AsyncSession, customer_id: int, now: datetime) -> None:
    """Nobody is sold anything while she waits for an answer."""
    await session.execute(
        update(Customer).where(Customer.id == customer_id).values(marketing_held=True)
    )
    await touches.cancel_for(session, customer_id=customer_id, reason="case_open", now=now)


async def subject_of(
    session: AsyncSession, customer_id: int, category: str, now: datetime
) -> str | None:
    """The product she most likely means: the dearest of her last order, when it is about goods."""
    if category not in ABOUT_GOODS:
        return None
    last = (
        select(Order.id)
        .where(Order.customer_id == customer_id, Order.paid_at > now - RECENT_ORDER)
        .order_by(Order.paid_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    lines = select(OrderLine.sku).where(OrderLine.order_id == last)
    found: str | None = await session.scalar(lines.order_by(OrderLine.amount_fen.desc()).limit(1))
    return found
