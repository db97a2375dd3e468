"""Group chats as periodic work: invite who belongs, let go who does not, find rooms without an owner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.group_chats import REMINDER, GroupChat, GroupRule, Invite
from bot.outbound import group_sync  # noqa: F401 - registers what outcomes of calls change
from bot.outbound.group_requests import ask_about_stranger, ask_to_take_over
from bot.store import group_chats, invites, touches
from bot.store.touches import Plan
from bot.store.vault import Vault
from bot.work.context import Work

SHOP = ZoneInfo("Asia/Shanghai")
AT_ONCE = 50
AT_MOST = 500
"""Invites of one family in one statement: a short transaction, whatever the day's number is."""
LEAVING = "groups/leaving"


@dataclass(slots=True)
class Asking:
    session: AsyncSession
    vault: Vault
    now: datetime


async def invite_due(work: Work) -> int:
    """Invite the day's number into every family that takes people; how many messages are planned."""
    async with work.sessions.begin() as session:
        await invites.settle(session, work.now())
        rules = await group_chats.active_rules(session)
    reminded = 0
    for rule in rules:
        async with work.sessions.begin() as session:
            now = work.now()
            if await group_chats.open_code(session, rule) is not None:
                await invites.choose(session, rule, now, since=_midnight(now), at_most=AT_MOST)
                reminded += await _remind(session, rule, now)
    return reminded + await _plan(work)


async def _remind(session: AsyncSession, rule: GroupRule, now: datetime) -> int:
    """Once, at half of its time: a message like any other, with the same gate and caps."""
    waiting = await invites.unanswered(session, rule, now, limit=AT_MOST)
    hers = {invite.customer_id: invite for invite in waiting}
    plans: list[Plan] = [
        {
            "customer_id": customer_id,
            "template": REMINDER,
            "purpose": "marketing",
            "due_at": now,
            "step": f"again:{rule.key}",
        }
        for customer_id in hers
    ]
    for touch in await touches.plan(session, plans, now):
        hers[touch.customer_id].reminder_id = touch.id
    return len(plans)


async def _plan(work: Work) -> int:
    planned = 0
    while True:
        async with work.sessions.begin() as session:
            now = work.now()
            rules = {rule.key: rule for rule in await group_chats.live_rules(session)}
            waiting = await invites.without_touch(session, limit=AT_ONCE)
            planned += await _write_to(session, waiting, rules, now)
        if len(waiting) < AT_ONCE:
            return planned


async def _write_to(
    session: AsyncSession, waiting: Sequence[Invite], rules: Mapping[str, GroupRule], now: datetime
) -> int:
    """A message for each invite whose family still takes people."""
    asked = {}
    for invite in waiting:
        if invite.rule_key in rules:
            asked[invite.customer_id, f"invite:{invite.rule_key}"] = invite
        else:
            invite.state = "withdrawn"
    plans: list[Plan] = [
        {
            "customer_id": invite.customer_id,
            "template": str(rules[invite.rule_key].settings["template"]),
            "purpose": "marketing",
            "due_at": now,
            "step": step,
        }
        for (_, step), invite in asked.items()
    ]
    for touch in await touches.plan(session, plans, now):
        asked[touch.customer_id, touch.step or ""].touch_id = touch.id
    return len(plans)


async def demote_due(work: Work) -> int:
    """Tell members who no longer belong, and after their grace ask the owner; how many changed."""
    async with work.sessions.begin() as session:
        rules = await group_chats.active_rules(session)
    done = 0
    for rule in rules:
        while (moved := await _demote(work, rule)) > 0:
            done += moved
    return done


async def _demote(work: Work, rule: GroupRule) -> int:
    async with work.sessions.begin() as session:
        now = work.now()
        back = await group_chats.back_in(session, rule, now, limit=AT_ONCE)
        for member in back:
            member.grace_until = None
        over = await group_chats.overstayed(session, rule, now, limit=AT_ONCE)
        for member in over:
            member.flagged_at, member.flag_reason = now, "demoted"
            room = await session.get(GroupChat, member.group_chat_id)
            if room is not None:
                await ask_about_stranger(Asking(session, work.vault, now), room, member)
        told = await group_chats.outgrown(session, rule, now, limit=AT_ONCE)
        for member in told:
            member.grace_until = now + timedelta(days=rule.grace_days)
        plans: list[Plan] = [
            {
                "customer_id": member.customer_id or 0,
                "template": LEAVING,
                "purpose": "service",
                "due_at": now,
                "step": f"leaving:{rule.key}",
            }
            for member in told
        ]
        await touches.plan(session, plans, now)
        return len(back) + len(over) + len(told)


async def tend_due(work: Work) -> int:
    """Once a day: find a successor for every room whose owner has left."""
    async with work.sessions.begin() as session:
        asking = Asking(session, work.vault, work.now())
        rooms = await group_chats.orphans(session)
        return sum([await ask_to_take_over(asking, room) for room in rooms])


def _midnight(now: datetime) -> datetime:
    return now.astimezone(SHOP).replace(hour=0, minute=0, second=0, microsecond=0)
