"""What only a person can do in a group chat: remove somebody, open a room, take over."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Guide
from bot.domain.group_chats import GroupChat, GroupMember, GroupRule
from bot.store import customers, guide_tasks
from bot.store.cases import in_charge
from bot.store.vault import Vault

WHY = {
    "no_invite": "没有收到邀请、也不符合「{group}」的条件，可能是二维码外传",
    "duplicate": "同时在两个「{group}」里，占了别人的位置",
    "demoted": "已经不符合「{group}」的条件，宽限期也过了",
}
WORDS = {
    "no_invite": "你好呀，这个群是给受邀的朋友开的，名额有限，先请你让出位置；想加入的话私信我，我帮你看看哪个群合适。",
    "duplicate": "你好，看到你在我们两个同样的群里，内容是一样的，留一个就好，我先帮你退这一个。",
    "demoted": "这个群的名额按月更新，这次先把位置让给别的朋友啦，你的券和积分都不受影响，之后随时可以再进。",
}


class Asking(Protocol):
    """A settling debt or periodic work in its transaction."""

    session: AsyncSession
    vault: Vault
    now: datetime


async def ask_about_stranger(turn: Asking, room: GroupChat, member: GroupMember) -> None:
    """Ask the owner to remove a member: no program can."""
    reason = member.flag_reason or "no_invite"
    owner = await _owner(turn.session, room)
    if owner is None:
        return
    await guide_tasks.ask(
        turn.session,
        turn.vault,
        key=f"group_member:{member.id}:{reason}",
        guide_id=owner.id,
        customer_id=member.customer_id,
        kind="group_remove",
        why=WHY[reason].format(group=room.name),
        words=WORDS[reason],
        now=turn.now,
    )


async def ask_for_room(turn: Asking, room: GroupChat, rule: GroupRule) -> None:
    owner = await _owner(turn.session, room)
    if owner is None:
        return
    base = rule.settings["room_base_name"]
    await guide_tasks.ask(
        turn.session,
        turn.vault,
        key=f"group_room:{room.id}",
        guide_id=owner.id,
        customer_id=None,
        kind="group_room",
        why=f"「{room.name}」满了，请再建一个客户群，名字以「{base}」开头",
        now=turn.now,
    )


async def ask_to_take_over(turn: Asking, room: GroupChat) -> bool:
    """False when nobody is left to ask."""
    successor = await in_charge(turn.session)
    if successor is None:
        return False
    await guide_tasks.ask(
        turn.session,
        turn.vault,
        key=f"group_owner:{room.id}:{room.owner}",
        guide_id=successor.id,
        customer_id=None,
        kind="group_owner",
        why=f"「{room.name}」的群主已经离职，请在企业微信后台把群转给在职的同事",
        now=turn.now,
    )
    return True


async def _owner(session: AsyncSession, room: GroupChat) -> Guide | None:
    """The owner, or whoever is in charge when she has gone."""
    owner = await customers.guide_by_userid(session, room.owner, create=False)
    return owner if owner is not None and owner.active else await in_charge(session)
