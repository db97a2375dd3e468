"""What comes next for one customer, what waits for a guide's tap, and whether the house still works on her."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Campaign, MassTask, Touch
from bot.domain.cases import Case
from bot.domain.conversations import KfAccount
from bot.domain.customers import Guide
from bot.domain.delivery import Kept, Owed
from bot.domain.journeys import Playbook, Run
from bot.domain.offers import Coupon, Offer
from bot.store.mass_tasks import ABOUT
from bot.store.vault import Vault
from bot.tongue import _

ASKED_ABOUT = ("waiting", "unknown", "confirmed", "cancelling")
"""Tasks of which the platform is asked what became of them."""


class Coming(NamedTuple):
    at: datetime
    what: str


class Waiting(NamedTuple):
    """A mass task that nobody has confirmed yet."""

    msgid: str
    userid: str
    guide: str
    words: str
    check_at: datetime | None


async def coming(session: AsyncSession, hers: Sequence[int], now: datetime) -> list[Coming]:
    """In order of time; what is due already stands first."""
    found = [
        *await _touches(session, hers),
        *await _steps(session, hers),
        *await _clocks(session, hers),
        *await _expiring(session, hers, now),
    ]
    return sorted(found)


async def _touches(session: AsyncSession, hers: Sequence[int]) -> list[Coming]:
    rows = await session.execute(
        select(Touch.due_at, func.coalesce(Campaign.name, Playbook.name, Touch.template))
        .outerjoin(Campaign, Campaign.id == Touch.campaign_id)
        .outerjoin(Run, Run.id == Touch.run_id)
        .outerjoin(Playbook, and_(Playbook.key == Run.playbook, Playbook.version == Run.version))
        .where(Touch.customer_id.in_(hers), Touch.state == "planned")
    )
    return [Coming(at, _("%(name)s：发一条消息", name=name)) for at, name in rows]


async def _steps(session: AsyncSession, hers: Sequence[int]) -> list[Coming]:
    rows = await session.execute(
        select(Run.due_at, Playbook.name)
        .join(Playbook, and_(Playbook.key == Run.playbook, Playbook.version == Run.version))
        .where(Run.customer_id.in_(hers), Run.state == "active", Run.due_at.is_not(None))
    )
    return [Coming(at, _("%(name)s：走到下一步", name=name)) for at, name in rows if at]


async def _clocks(session: AsyncSession, hers: Sequence[int]) -> list[Coming]:
    rows = await session.execute(
        select(Case.next_check_at).where(
            Case.customer_id.in_(hers), Case.state != "closed", Case.next_check_at.is_not(None)
        )
    )
    return [Coming(at, _("客诉的时限")) for (at,) in rows if at]


async def _expiring(session: AsyncSession, hers: Sequence[int], now: datetime) -> list[Coming]:
    rows = await session.execute(
        select(Coupon.expires_at, Offer.name)
        .join(Offer, Offer.id == Coupon.offer_id)
        .where(Coupon.customer_id.in_(hers), Coupon.state == "held", Coupon.expires_at > now)
    )
    return [Coming(at, _("%(name)s到期", name=name)) for at, name in rows]


async def waiting(session: AsyncSession, vault: Vault, hers: Sequence[int]) -> list[Waiting]:
    """Messages for her that guides were asked to send and have not sent, as far as we know."""
    rows = await session.execute(
        select(MassTask, Guide)
        .join(Guide, Guide.id == MassTask.guide_id)
        .join(Touch, Touch.mass_task_id == MassTask.id)
        .where(
            Touch.customer_id.in_(hers),
            Touch.state == "handed_over",
            MassTask.state == "waiting",
            MassTask.msgid.is_not(None),
        )
        .order_by(MassTask.id)
    )
    return [
        Waiting(
            str(task.msgid),
            guide.userid,
            guide.name,
            vault.unseal(task.text, about=ABOUT),
            task.check_at,
        )
        for task, guide in rows
    ]


async def busy(session: AsyncSession, hers: Sequence[int], now: datetime) -> bool:
    """Whether something that concerns her is under way at this moment: kept events, pulls and calls."""
    due = or_(Owed.state == "claimed", and_(Owed.state == "owed", Owed.due_at <= now))
    hot = or_(Owed.lane == "express", Owed.customer_id.in_(hers))
    questions = (
        exists().where(Kept.state == "kept"),
        exists().where(KfAccount.next_pull_at <= now),
        exists().where(due, hot),
        exists().where(Touch.customer_id.in_(hers), Touch.state == "queued"),
        exists().where(Touch.customer_id.in_(hers), Touch.state == "planned", Touch.due_at <= now),
        exists().where(Run.customer_id.in_(hers), Run.state == "active", Run.due_at <= now),
        exists().where(Case.customer_id.in_(hers), Case.next_check_at <= now),
        exists().where(
            MassTask.id == Touch.mass_task_id,
            Touch.customer_id.in_(hers),
            MassTask.state.in_(ASKED_ABOUT),
            MassTask.check_at <= now,
        ),
    )
    return bool(await session.scalar(select(or_(*questions))))
