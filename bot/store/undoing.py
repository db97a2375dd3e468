"""How things stand now that an act may be taken back on: one statement for all things of a kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Proposal, StaffUser
from bot.domain.campaigns import Campaign
from bot.domain.cases import Case
from bot.domain.content_edits import ContentEdit
from bot.domain.customers import Follow, Guide, MergeRecord
from bot.domain.delivery import Switch
from bot.domain.erasure import ASKED, Erasure
from bot.domain.group_chats import GroupRule
from bot.domain.journeys import Playbook
from bot.domain.offers import Coupon, Offer, Redemption
from bot.domain.tags import CustomerTag, Tag, TagGroup

States = dict[Hashable, Any]
TEXTS = "texts/"


async def stand(session: AsyncSession, kind: str, things: Collection[Any]) -> States:
    """Of each thing its state; a thing that is not there has none."""
    return await LOOKS[kind](session, things)


async def proposed(session: AsyncSession, numbers: Iterable[int]) -> dict[int, Proposal]:
    """What second people said yes to."""
    rows = await session.scalars(select(Proposal).where(Proposal.id.in_(list(numbers))))
    return {row.id: row for row in rows}


def _pairs(thing: Any, state: Any, *asked: Any) -> Callable[..., Awaitable[States]]:
    async def look(session: AsyncSession, things: Collection[Any]) -> States:
        rows = await session.execute(select(thing, state).where(thing.in_(things), *asked))
        return {row[0]: row[1] for row in rows}

    return look


async def _groups(session: AsyncSession, keys: Collection[Any]) -> States:
    live = GroupRule.state == "published"
    rows = await session.scalars(select(GroupRule).where(live, GroupRule.key.in_(keys)))
    return {rule.key: rule.paused for rule in rows}


async def _redeemed(session: AsyncSession, codes: Collection[Any]) -> States:
    query = select(Coupon.code, Redemption.at).join(Redemption, Redemption.live == Coupon.id)
    return dict((await session.execute(query.where(Coupon.code.in_(codes)))).all())


async def _erasures(session: AsyncSession, customers: Collection[Any]) -> States:
    whose: ColumnElement[bool] = Erasure.customer_id.in_(
        [one for one in customers if one is not None]
    )
    if None in customers:
        whose = or_(whose, Erasure.customer_id.is_(None))
    query = select(Erasure.customer_id, Erasure.asked_at).where(whose, Erasure.state == ASKED)
    return dict((await session.execute(query)).all())


async def _advisors(session: AsyncSession, customers: Collection[Any]) -> States:
    query = select(Follow.customer_id, Guide.userid).join(Guide, Guide.id == Follow.guide_id)
    hers = (Follow.customer_id.in_(customers), Follow.advises_since.is_not(None))
    rows = await session.execute(query.where(*hers, Follow.ended_at.is_(None)))
    return dict(rows.all())


async def _worn(session: AsyncSession, pairs: Collection[Any]) -> States:
    query = (
        select(CustomerTag.customer_id, TagGroup.name, Tag.name)
        .join(Tag, Tag.id == CustomerTag.tag_id)
        .join(TagGroup, TagGroup.id == Tag.group_id)
        .where(CustomerTag.customer_id.in_({customer for customer, _tag in pairs}))
    )
    rows = await session.execute(query)
    return {(customer, f"{group}/{tag}"): True for customer, group, tag in rows}


async def _texts(session: AsyncSession, names: Collection[Any]) -> States:
    query = select(ContentEdit).where(ContentEdit.name.in_([f"{TEXTS}{name}" for name in names]))
    rows = await session.scalars(query)
    return {row.name.removeprefix(TEXTS): row.body.get("source") for row in rows}


async def _staff(session: AsyncSession, pairs: Collection[Any]) -> States:
    names = {name for name, _field in pairs}
    rows = await session.scalars(select(StaffUser).where(StaffUser.name.in_(names)))
    found: States = {}
    for user in rows:
        found |= {
            (user.name, field): getattr(user, field) for field in ("active", "role", "userid")
        }
    return found


LOOKS: dict[str, Callable[..., Awaitable[States]]] = {
    "advisor": _advisors,
    "campaign": _pairs(Campaign.id, Campaign.state),
    "case": _pairs(Case.id, Case.assigned_to, Case.state != "closed"),
    "erasure": _erasures,
    "first": _pairs(Campaign.id, Campaign.goes_first, Campaign.planned_at.is_(None)),
    "group": _groups,
    "merge": _pairs(MergeRecord.merged_id, MergeRecord.at, MergeRecord.state == "merged"),
    "offer": _pairs(Offer.key, Offer.state),
    "playbook": _pairs(Playbook.key, Playbook.state, Playbook.state != "retired"),
    "redemption": _redeemed,
    "sending": _pairs(Switch.name, Switch.at),
    "staff": _staff,
    "tag": _worn,
    "text": _texts,
}
