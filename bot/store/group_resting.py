"""A family of group chats that rests: what was to bring new faces in is taken back, and given out again later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, CompoundSelect, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import MassTask, Touch
from bot.domain.group_chats import GroupChat, Invite
from bot.store import calling_back
from bot.store.touches import changed
from bot.store.vault import Vault

REASON = "group_paused"
ON_ITS_WAY = ("queued", "handed_over")


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of the invites of a family that rests."""

    stopped: int = 0
    """Nobody will see them."""
    waiting: int = 0
    """A guide still holds them: the platform is asked to take them from her."""
    arrived: int = 0
    """She has them; whoever comes by one is let in."""


async def rest(session: AsyncSession, vault: Vault, rule_key: str, now: datetime) -> TakenBack:
    """Stop the invites on their way and the posts that no owner has confirmed; tasks at guides are called back."""
    invited = Touch.id.in_(_invited(rule_key)) & Touch.reason.is_(None)
    # A message on its way to one person is stopped by the last look, which reads the reason.
    await session.execute(
        update(Touch).where(invited, Touch.state.in_(ON_ITS_WAY)).values(reason=REASON)
    )
    waiting = Touch.id.in_(_invited(rule_key)) & (Touch.state == "planned")
    await session.execute(
        update(Touch).where(waiting).values(state="cancelled", reason=REASON, settled_at=now)
    )
    unwritten = Invite.rule_key == rule_key, Invite.touch_id.is_(None)
    await session.execute(
        update(Invite).where(*unwritten, Invite.state == "eligible").values(state="withdrawn")
    )
    await calling_back.withdraw(session, vault, now)
    await take_posts_back(session, vault, rule_key, now)
    return (await taken_back(session)).get(rule_key, TakenBack())


async def take_posts_back(
    session: AsyncSession, vault: Vault, rule_key: str, now: datetime
) -> None:
    """Posts that no owner has confirmed yet; what stands in a chat stays there."""
    for task in await _unconfirmed_posts(session, rule_key):
        await calling_back.call_back(session, vault, task, reason="withdrawn", now=now)


async def wake(session: AsyncSession, rule_key: str, now: datetime) -> int:
    """What was taken back and would still be good is planned anew. Returns how many."""
    mine = Invite.rule_key == rule_key, Invite.expires_at > now
    again = select(Invite.touch_id).where(*mine, Invite.state.in_(("eligible", "withdrawn")))
    # She has her invite and has not come yet: she is reminded of it after all.
    reminds = select(Invite.reminder_id).where(*mine, Invite.state == "sent")
    paused = Touch.id.in_(again.union_all(reminds)) & (Touch.reason == REASON)
    await session.execute(
        update(Touch).where(paused, Touch.state.in_(ON_ITS_WAY)).values(reason=None)
    )
    gone = select(Touch.id).where(Touch.state == "cancelled", Touch.reason == REASON)
    await session.execute(
        update(Invite)
        .where(*mine, Invite.state.in_(("eligible", "withdrawn")))
        .where(Invite.touch_id.in_(gone) | Invite.touch_id.is_(None))
        .values(state="eligible")
    )
    return await changed(
        session,
        update(Touch)
        .where(paused, Touch.state == "cancelled")
        .values(state="planned", reason=None, settled_at=None, mass_task_id=None, due_at=now),
    )


async def taken_back(session: AsyncSession) -> dict[str, TakenBack]:
    """By family, for those that were taken back from."""
    stopped = (Touch.state == "cancelled") & (Touch.reason == REASON)
    waiting = Touch.state.in_(ON_ITS_WAY) & (Touch.reason == REASON)
    arrived = (Touch.state == "delivered") & Invite.state.in_(("eligible", "sent"))
    query = (
        select(Invite.rule_key, _many(stopped), _many(waiting), _many(arrived))
        .join(Touch, Touch.id == Invite.touch_id)
        .group_by(Invite.rule_key)
    )
    return {key: TakenBack(*counts) for key, *counts in await session.execute(query)}


def _many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)


def _invited(rule_key: str) -> CompoundSelect[int | None]:
    """The messages that are to bring people in: invites that have not arrived, and what reminds of those that have."""
    hers = select(Invite.touch_id).where(
        Invite.rule_key == rule_key, Invite.state == "eligible", Invite.touch_id.is_not(None)
    )
    again = select(Invite.reminder_id).where(
        Invite.rule_key == rule_key, Invite.reminder_id.is_not(None)
    )
    return hers.union_all(again)


async def _unconfirmed_posts(session: AsyncSession, rule_key: str) -> list[MassTask]:
    query = (
        select(MassTask)
        .join(GroupChat, GroupChat.id == MassTask.group_chat_id)
        .where(GroupChat.rule_key == rule_key, MassTask.state.in_(("owed", "waiting")))
    )
    return list(await session.scalars(query.order_by(MassTask.id)))
