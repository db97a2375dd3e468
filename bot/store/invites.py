"""Invites into group chats: chosen by one statement, joined or expired, never given twice in a round."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Touch
from bot.domain.consent import ConsentState
from bot.domain.customers import Customer, Follow
from bot.domain.group_chats import GroupChat, GroupMember, GroupRule, Invite
from bot.domain.segments import parse
from bot.store import segments
from bot.store.engine import upsert

LIVE = ("eligible", "sent")
NOT_BACK_FOR = timedelta(days=90)
"""Whoever left a group by herself is not asked back at once."""
_COLUMNS = ("customer_id", "rule_key", "round", "state", "at", "expires_at")


async def choose(
    session: AsyncSession,
    rule: GroupRule,
    now: datetime,
    *,
    since: datetime,
    at_most: int,
    only: Collection[int] | None = None,
) -> int:
    """Invite everybody who belongs here (or those of `only`), up to the day's number counted from `since`."""
    room = min(at_most, int(rule.settings["invites_a_day"]) - await _invited(session, rule, since))
    if room <= 0:
        return 0
    until = now + timedelta(days=int(rule.settings["invite_days"]))
    who = select(
        Customer.id,
        literal(rule.key),
        literal(_round(rule)),
        literal("eligible"),
        literal(now, Invite.at.type),
        literal(until, Invite.expires_at.type),
    ).where(segments.clause(parse(rule.rule), now), *_may_be_invited(rule, now))
    if only is not None:
        who = who.where(Customer.id.in_(only))
    insert = upsert(session, Invite).from_select(
        _COLUMNS, who.order_by(Customer.last_active_at.desc(), Customer.id).limit(room)
    )
    made = await session.execute(insert.on_conflict_do_nothing())
    return made.rowcount if isinstance(made, CursorResult) else 0


async def without_touch(session: AsyncSession, *, limit: int) -> Sequence[Invite]:
    found = select(Invite).where(Invite.state == "eligible", Invite.touch_id.is_(None))
    return (await session.scalars(found.order_by(Invite.id).limit(limit))).all()


async def unanswered(
    session: AsyncSession, rule: GroupRule, now: datetime, *, limit: int
) -> Sequence[Invite]:
    """Those that she has had for half their time, and was not reminded of."""
    half = timedelta(days=int(rule.settings["invite_days"])) / 2
    found = select(Invite).where(
        Invite.rule_key == rule.key,
        Invite.state == "sent",
        Invite.reminder_id.is_(None),
        Invite.at <= now - half,
        Invite.expires_at > now,
    )
    return (await session.scalars(found.order_by(Invite.id).limit(limit))).all()


async def ask_herself(
    session: AsyncSession, rule: GroupRule, customer_id: int, now: datetime
) -> bool:
    """She asked for it: an invite like any other, but never refused because an older one ran out.
    False where she is in, or asked into, as many families as one person may be."""
    others = select(_families_of_hers(besides=rule.key)).where(Customer.id == customer_id)
    if (await session.scalar(others) or 0) >= int(rule.settings["max_groups_per_person"]):
        return False
    until = now + timedelta(days=int(rule.settings["invite_days"]))
    again = {"state": "sent", "at": now, "expires_at": until, "joined_at": None}
    fresh = {"customer_id": customer_id, "rule_key": rule.key, "round": _round(rule)}
    insert = upsert(session, Invite).values(**fresh, **again)
    await session.execute(
        insert.on_conflict_do_update(
            index_elements=list(fresh),
            set_=again | {"reminder_id": None},
            where=Invite.state.not_in(LIVE),
        )
    )
    return True


async def joined(
    session: AsyncSession, room: GroupChat, customer_ids: Collection[int], now: datetime
) -> set[int]:
    """Those of them who came by an invite of ours; each invite is used once."""
    found = await session.scalars(
        select(Invite).where(
            Invite.rule_key == room.rule_key,
            Invite.customer_id.in_(customer_ids),
            Invite.state.in_((*LIVE, "expired")),
        )
    )
    came = set()
    for invite in found:
        invite.state, invite.joined_at, invite.group_chat_id = "joined", now, room.id
        came.add(invite.customer_id)
    return came


async def settle(session: AsyncSession, now: datetime) -> int:
    """Let invites follow their touches, and run out."""
    arrived = _touch_in("delivered")
    stopped = _touch_in("excluded", "cancelled", "expired", "not_friend", "over_quota", "refused")
    changed = 0
    for condition, state in (
        (and_(Invite.state == "eligible", arrived), "sent"),
        (and_(Invite.state == "eligible", stopped), "withdrawn"),
        (and_(Invite.state.in_(LIVE), Invite.expires_at <= now), "expired"),
    ):
        result = await session.execute(
            update(Invite)
            .where(condition)
            .values(state=state)
            .execution_options(synchronize_session=False)
        )
        changed += result.rowcount if isinstance(result, CursorResult) else 0
    return changed


def _touch_in(*states: str) -> ColumnElement[bool]:
    return exists().where(Touch.id == Invite.touch_id, Touch.state.in_(states))


async def _invited(session: AsyncSession, rule: GroupRule, since: datetime) -> int:
    counted = select(func.count()).where(Invite.rule_key == rule.key, Invite.at >= since)
    return await session.scalar(counted) or 0


def _round(rule: GroupRule) -> int:
    return int(rule.settings.get("round", 1))


def _may_be_invited(rule: GroupRule, now: datetime) -> list[ColumnElement[bool]]:
    asked = exists().where(
        Invite.customer_id == Customer.id,
        Invite.rule_key == rule.key,
        or_(Invite.round == _round(rule), Invite.state.in_(LIVE)),
    )
    return [
        Customer.merged_into.is_(None),
        ~Customer.marketing_held,
        exists().where(Follow.customer_id == Customer.id, Follow.ended_at.is_(None)),
        exists().where(
            ConsentState.customer_id == Customer.id,
            ConsentState.purpose == "marketing_wecom",
            ConsentState.granted,
        ),
        ~_sat_here(
            rule, or_(GroupMember.left_at.is_(None), GroupMember.left_at > now - NOT_BACK_FOR)
        ),
        ~asked,
        _families_of_hers() < int(rule.settings["max_groups_per_person"]),
    ]


def _sat_here(rule: GroupRule, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        GroupMember.customer_id == Customer.id,
        GroupMember.group_chat_id == GroupChat.id,
        GroupChat.rule_key == rule.key,
        *conditions,
    )


def _families_of_hers(*, besides: str = "") -> Any:
    """Families that she sits in or is asked into."""
    sits = (
        select(GroupChat.rule_key.label("family"))
        .join(GroupMember, GroupMember.group_chat_id == GroupChat.id)
        .where(
            GroupMember.customer_id == Customer.id,
            GroupMember.left_at.is_(None),
            GroupChat.rule_key != besides,
        )
        .correlate(Customer)
    )
    asked = (
        select(Invite.rule_key.label("family"))
        .where(
            Invite.customer_id == Customer.id,
            Invite.state.in_(LIVE),
            Invite.rule_key != besides,
        )
        .correlate(Customer)
    )
    both = union(sits, asked).subquery()
    return select(func.count()).select_from(both).scalar_subquery()
