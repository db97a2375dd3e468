"""What waits for a guide today: complaints with their clock, and sendings only she can confirm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import MassTask
from bot.domain.cases import Case
from bot.domain.cases.clocks import number
from bot.domain.cases.complaints import CATEGORIES
from bot.domain.customers import Customer, Follow
from bot.domain.delivery import GuideTask
from bot.store import cases
from bot.store.customers import name_of
from bot.store.mass_tasks import ABOUT
from bot.store.vault import Vault
from bot.tongue import _


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase:
    id: int
    number: str
    customer_id: int
    name: str
    ref: str | None
    """None when she is not this guide's customer and was only asked to help."""
    category: str
    said: str
    """The customer's own words."""
    due: datetime
    answered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One 企业群发 that waits in 群发助手."""

    text: str
    customers: int
    confirm_by: datetime
    on_its_way: bool
    """The platform has not taken it yet."""
    seen: bool
    """It was shown to her before."""


async def open_cases(session: AsyncSession, vault: Vault, guide_id: int) -> list[OpenCase]:
    """Those she must act on, the most urgent first: of her own customers, and those given to her."""
    hers = exists().where(
        Follow.customer_id == Case.customer_id,
        Follow.guide_id == guide_id,
        Follow.ended_at.is_(None),
    )
    query = (
        select(Case, Customer, hers)
        .join(Customer, Customer.id == Case.customer_id)
        .where(
            Case.state.in_(("open", "answered")),
            or_(Case.assigned_to == guide_id, and_(Case.assigned_to.is_(None), hers)),
        )
    )
    found = [
        await _open_case(session, vault, case, customer, hers=bool(own))
        for case, customer, own in (await session.execute(query)).all()
    ]
    return sorted(found, key=lambda one: (one.answered, one.due))


async def _open_case(
    session: AsyncSession, vault: Vault, case: Case, customer: Customer, *, hers: bool
) -> OpenCase:
    step = await cases.step_of(session, case.id, "opened", 1)
    words = await cases.words_of(session, vault, case, [step]) if step else [""]
    answered = case.answered_at is not None
    return OpenCase(
        id=case.id,
        number=number(case),
        customer_id=case.customer_id,
        name=await name_of(session, vault, case.customer_id) or _("还没有称呼"),
        ref=customer.ref if hers else None,
        category=CATEGORIES.get(case.category, case.category),
        said=words[0],
        due=case.resolve_due if answered else case.answer_due,
        answered=answered,
    )


async def waiting(
    session: AsyncSession, vault: Vault, guide_id: int, now: datetime
) -> Sequence[Sending]:
    """What she still has to confirm in 群发助手."""
    query = (
        select(MassTask)
        .where(
            MassTask.guide_id == guide_id,
            MassTask.state.in_(("owed", "waiting")),
            MassTask.expires_at > now,
        )
        .order_by(MassTask.expires_at, MassTask.id)
    )
    return [
        Sending(
            text=vault.unseal(task.text, about=ABOUT),
            customers=task.customers,
            confirm_by=task.expires_at,
            on_its_way=task.state == "owed",
            seen=task.seen_at is not None,
        )
        for task in await session.scalars(query)
    ]


async def done_today(session: AsyncSession, guide_id: int, since: datetime) -> int:
    query = select(func.count(GuideTask.id)).where(
        GuideTask.guide_id == guide_id,
        GuideTask.state.in_(("done", "skipped")),
        GuideTask.done_at >= since,
    )
    sent = select(func.count(MassTask.id)).where(
        MassTask.guide_id == guide_id, MassTask.confirmed_at >= since
    )
    return (await session.scalar(query) or 0) + (await session.scalar(sent) or 0)
