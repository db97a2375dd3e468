"""Posts to group chats: planned once a day and chat, held or owed to the owner as a task of hers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import CreateMassTask
from bot.domain.campaigns import MassTask
from bot.domain.customers import Guide
from bot.domain.group_chats import GroupChat
from bot.domain.group_posts import IN_A_ROW, Post, why_held
from bot.store import outbox
from bot.store.engine import upsert
from bot.store.mass_tasks import ABOUT
from bot.store.vault import Vault

LOST = ("held", "cancelled", "refused", "expired")
"""Posts that nobody in the chat has seen."""


async def count(session: AsyncSession, room_id: int) -> int:
    """How many were planned for this chat, held ones among them."""
    planned = select(func.count()).where(
        MassTask.group_chat_id == room_id, MassTask.sort.is_not(None)
    )
    return await session.scalar(planned) or 0


async def sorts(session: AsyncSession, room_id: int) -> Sequence[str]:
    """What the chat got last, the newest first."""
    got = select(MassTask.sort).where(
        MassTask.group_chat_id == room_id,
        MassTask.sort.is_not(None),
        MassTask.state.not_in(LOST),
    )
    newest = got.order_by(MassTask.created_at.desc(), MassTask.id.desc()).limit(IN_A_ROW)
    return [sort for sort in await session.scalars(newest) if sort]


async def owner_of(session: AsyncSession, room: GroupChat) -> Guide | None:
    """Nobody but the owner can confirm; a chat whose owner has left gets nothing."""
    owned = select(Guide).where(Guide.userid == room.owner, Guide.active)
    return (await session.scalars(owned)).first()


async def plan(  # noqa: PLR0913 - the facts of a post, all by name
    session: AsyncSession,
    vault: Vault,
    room: GroupChat,
    owner: Guide,
    post: Post,
    *,
    text: str,
    day: date,
    due_at: datetime,
    expires_at: datetime,
    now: datetime,
) -> str | None:
    """The state it begins in: owed, or held; None when this chat has its post of the day."""
    held = why_held(post.sort, await sorts(session, room.id))
    written = (
        upsert(session, MassTask)
        .values(
            guide_id=owner.id,
            group_chat_id=room.id,
            purpose="marketing",
            text=vault.seal(text, about=ABOUT),
            customers=room.members,
            sort=post.sort,
            slot=f"{room.id}:{day}",
            state="held" if held else "owed",
            cancel_reason=held,
            created_at=now,
            expires_at=expires_at,
            attempts=1,
            reminders=0,
            cancels=0,
        )
        .on_conflict_do_nothing(index_elements=["slot"])
        .returning(MassTask.id)
    )
    task_id = await session.scalar(written)
    if task_id is None or held:
        return None if task_id is None else "held"
    await outbox.owe(
        session,
        vault,
        CreateMassTask(sender=owner.userid, text=text, chat_ids=(room.chat_id,)),
        effect=f"mass:{task_id}",
        now=now,
        due_at=due_at,
        mass_task_id=task_id,
        purpose="marketing",
        expires_at=expires_at,
    )
    return "owed"
