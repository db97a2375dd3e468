"""Campaigns as a list, each with what became of its messages and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Campaign, MassTask, Touch
from bot.domain.customers import Guide
from bot.domain.delivery import ShortLink

PAGE = 20


@dataclass(frozen=True, slots=True)
class Mailing:
    campaign: Campaign
    states: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    """Customers who opened a link in it: the only reading we ever learn of."""
    opens: int = 0
    """How often the link that all its texts share was opened, by whomever."""

    @property
    def people(self) -> int:
        return sum(self.states.values())


async def page(session: AsyncSession, *, number: int = 1, state: str = "") -> list[Mailing]:
    """The newest first; guides' own pushes are theirs."""
    query = select(Campaign).where(Campaign.pushed_by.is_(None))
    if state:
        query = query.where(Campaign.state == state)
    newest = query.order_by(Campaign.starts_at.desc(), Campaign.id.desc())
    found = (await session.scalars(newest.offset((number - 1) * PAGE).limit(PAGE))).all()
    return await with_counts(session, found)


async def occasions(session: AsyncSession, playbook: str, *, most: int) -> list[Mailing]:
    """The days of a repeating campaign that came, the newest first."""
    query = select(Campaign).where(Campaign.playbook == playbook, Campaign.occasion.is_not(None))
    newest = query.order_by(Campaign.starts_at.desc(), Campaign.id.desc()).limit(most)
    return await with_counts(session, (await session.scalars(newest)).all())


async def last_occasions(session: AsyncSession) -> dict[str, Mailing]:
    """Of each repeating campaign the day that was planned last."""
    newest = (
        select(func.max(Campaign.id))
        .where(Campaign.occasion.is_not(None), Campaign.planned_at.is_not(None))
        .group_by(Campaign.playbook)
    )
    found = (await session.scalars(select(Campaign).where(Campaign.id.in_(newest)))).all()
    told = await with_counts(session, found)
    return {str(one.campaign.playbook): one for one in told}


async def count(session: AsyncSession) -> Counter[str]:
    """Campaigns by state."""
    rows = await session.execute(
        select(Campaign.state, func.count())
        .where(Campaign.pushed_by.is_(None))
        .group_by(Campaign.state)
    )
    return Counter(dict(rows.all()))


async def with_counts(session: AsyncSession, found: Sequence[Campaign]) -> list[Mailing]:
    told = {campaign.id: Mailing(campaign) for campaign in found}
    rows = await session.execute(
        select(
            Touch.campaign_id,
            Touch.state,
            Touch.reason,
            func.count(),
            func.count(Touch.opened_at),
        )
        .where(Touch.campaign_id.in_(told))
        .group_by(Touch.campaign_id, Touch.state, Touch.reason)
    )
    shared = await session.execute(
        select(ShortLink.campaign_id, func.sum(ShortLink.opens))
        .where(ShortLink.campaign_id.in_(told), ShortLink.touch_id.is_(None))
        .group_by(ShortLink.campaign_id)
    )
    shared_opens = {id_: int(times) for id_, times in shared if id_ is not None}
    opened: Counter[int] = Counter()
    for campaign_id, state, reason, people, opens in rows:
        if campaign_id is None:
            continue
        mailing = told[campaign_id]
        mailing.states[state] += people
        opened[campaign_id] += opens
        if reason and state not in {"holdout", "delivered"}:
            mailing.reasons[reason] += people
    return [
        Mailing(one.campaign, one.states, one.reasons, opened[id_], shared_opens.get(id_, 0))
        for id_, one in told.items()
    ]


class Asked(NamedTuple):
    """Tasks of one guide that stand alike."""

    guide: str
    state: str
    people: int
    reminders: int
    seen: bool
    """She has looked at all of them."""


async def by_guide(session: AsyncSession, campaign_id: int) -> list[Asked]:
    """The biggest first."""
    rows = await session.execute(
        select(
            Guide.name,
            MassTask.state,
            func.sum(MassTask.customers),
            func.max(MassTask.reminders),
            func.count() == func.count(MassTask.seen_at),
        )
        .join(Guide, Guide.id == MassTask.guide_id)
        .where(MassTask.campaign_id == campaign_id)
        .group_by(Guide.id, Guide.name, MassTask.state)
        .order_by(func.sum(MassTask.customers).desc())
    )
    return [
        Asked(name, state, int(people), int(reminders), bool(seen))
        for name, state, people, reminders, seen in rows
    ]


class Steps(NamedTuple):
    """How many of a campaign's messages have come how far with the guides."""

    handed: int
    seen: int
    confirmed: int
    passed_on: int
    """Whose first guide never confirmed, now with another one or waiting for her."""


async def steps(session: AsyncSession, campaign_id: int) -> Steps:
    """Whoever tapped has seen it, wherever she looked."""
    seen = func.coalesce(MassTask.seen_at, MassTask.confirmed_at).is_not(None)
    query = (
        select(
            func.count(MassTask.msgid),
            func.count().filter(seen),
            func.count(MassTask.confirmed_at),
            func.count(Touch.first_task_id),
        )
        .select_from(Touch)
        .outerjoin(MassTask, MassTask.id == Touch.mass_task_id)
        .where(Touch.campaign_id == campaign_id)
    )
    return Steps(*(await session.execute(query)).one())


async def guide_names(session: AsyncSession) -> dict[str, str]:
    return dict((await session.execute(select(Guide.userid, Guide.name))).all())
