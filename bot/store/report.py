"""A stretch of time in figures: what came in, who is who, what went out and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Executable, and_, case, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Touch
from bot.domain.cases import Case, CaseStep
from bot.domain.customers import Customer
from bot.domain.delivery import Kept, ShortLink
from bot.domain.group_chats import GroupChat, GroupMember, Invite
from bot.domain.offers import Coupon, Redemption
from bot.domain.points import PointsEntry
from bot.domain.tags import CustomerTag
from bot.domain.tiers import CustomerTier, TierMove


async def month(session: AsyncSession, start: datetime, end: datetime) -> dict[str, Any]:
    """Everything between two moments, ready for JSON."""
    live = and_(Customer.merged_into.is_(None), Customer.erased_at.is_(None))
    heard = select(Kept.kind, func.count()).where(
        Kept.received_at >= start, Kept.received_at < end
    )
    planned = Touch.planned_at >= start
    return {
        "customers": await _one(session, select(func.count()).select_from(Customer).where(live)),
        "events": await _counts(session, heard.group_by(Kept.kind)),
        "tiers": await _counts(
            session, select(CustomerTier.tier, func.count()).group_by(CustomerTier.tier)
        ),
        "moves": await _moves(session, start),
        "tags": await _counts(
            session, select(CustomerTag.source, func.count()).group_by(CustomerTag.source)
        ),
        "groups": await _groups(session),
        "touches": {
            "planned": await _one(session, select(func.count()).select_from(Touch).where(planned)),
            "opened": await _one(
                session,
                select(func.count())
                .select_from(Touch)
                .where(planned, Touch.opened_at.is_not(None)),
            ),
            "links_opened": await _one(session, select(func.sum(ShortLink.opens))),
            "by_state": await _counts(
                session, select(Touch.state, func.count()).where(planned).group_by(Touch.state)
            ),
            "by_reason": await _counts(
                session,
                select(Touch.reason, func.count())
                .where(planned, Touch.reason.is_not(None))
                .group_by(Touch.reason),
            ),
        },
        "coupons": await _coupons(session),
        "points": await _counts(
            session,
            select(PointsEntry.kind, func.sum(PointsEntry.delta)).group_by(PointsEntry.kind),
        ),
        "cases": await _cases(session),
    }


async def _counts(session: AsyncSession, query: Executable) -> dict[str, int]:
    rows = (await session.execute(query)).all()
    return {str(name): int(count) for name, count in sorted(rows, key=lambda row: -row[1])}


async def _one(session: AsyncSession, query: Executable) -> int:
    return int(await session.scalar(query) or 0)


async def _moves(session: AsyncSession, start: datetime) -> dict[str, int]:
    rows = await session.execute(
        select(TierMove.before, TierMove.after, func.count())
        .where(TierMove.at >= start, TierMove.before.is_not(None))
        .group_by(TierMove.before, TierMove.after)
    )
    return {f"{before}→{after}": count for before, after, count in rows}


async def _groups(session: AsyncSession) -> list[dict[str, Any]]:
    """By kind: who sits there, who was asked in, who came of those."""
    seats = (
        select(GroupChat.kind, func.count(distinct(GroupMember.member_id)))
        .join(GroupMember, GroupMember.group_chat_id == GroupChat.id)
        .where(GroupMember.left_at.is_(None), GroupChat.kind.is_not(None))
        .group_by(GroupChat.kind)
    )
    members = await _counts(session, seats)
    kinds = select(GroupChat.rule_key, GroupChat.kind).distinct().subquery()
    asked = await session.execute(
        select(
            kinds.c.kind,
            func.sum(case((Invite.state != "eligible", 1), else_=0)),
            func.sum(case((Invite.state == "joined", 1), else_=0)),
        )
        .join(kinds, kinds.c.rule_key == Invite.rule_key)
        .group_by(kinds.c.kind)
    )
    invited = {kind: (int(sent), int(joined)) for kind, sent, joined in asked}
    return [
        {
            "kind": kind,
            "members": members.get(kind, 0),
            "invited": invited.get(kind, (0, 0))[0],
            "joined": invited.get(kind, (0, 0))[1],
        }
        for kind in sorted(members.keys() | invited.keys())
    ]


async def _coupons(session: AsyncSession) -> dict[str, int]:
    redeemed = select(func.count()).select_from(Redemption)
    return {
        "issued": await _one(session, select(func.count()).select_from(Coupon)),
        "redeemed": await _one(session, redeemed),
        "returned": await _one(session, redeemed.where(Redemption.voided_at.is_not(None))),
    }


async def _cases(session: AsyncSession) -> dict[str, int]:
    opened = await _one(session, select(func.count()).select_from(Case))
    states = await _counts(session, select(Case.state, func.count()).group_by(Case.state))
    steps = select(CaseStep.kind, func.count()).where(
        CaseStep.kind.in_(("warned", "breached", "escalated"))
    )
    return {"opened": opened} | states | await _counts(session, steps.group_by(CaseStep.kind))
