"""Greetings of group chats: one template of the platform for each family, as its published rule says.

The platform keeps at most a hundred, lists none, and only an owner can pick one in her client.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import AddGroupWelcome, Call, DeleteGroupWelcome, EditGroupWelcome
from bot.domain.delivery import Cursor
from bot.domain.group_chats import GroupRule
from bot.store import cursors, group_chats, group_posts, guide_tasks, outbox
from bot.store.vault import Vault

PREFIX = "group_welcome:"
EFFECT = "group-welcome:"


async def owe_due(session: AsyncSession, vault: Vault, now: datetime) -> int:
    """What the platform must be told so that it has these greetings and no other; asked again, nothing new."""
    rules = {rule.key: rule for rule in await group_chats.live_rules(session)}
    known = await _known(session)
    owed = 0
    for key in sorted(rules.keys() | known.keys()):
        call = _due(rules.get(key), known.get(key))
        if call is not None:
            version = rules[key].version if key in rules else 0
            effect = f"{EFFECT}{key}:{version}:{type(call).__name__}"
            owed += await outbox.owe(session, vault, call, effect=effect, now=now) is not None
    return owed


def _due(rule: GroupRule | None, known: tuple[str, str] | None) -> Call | None:
    text = words_of(rule)
    if known is None:
        return AddGroupWelcome(text=text) if text else None
    template_id, digest = known
    if not text:
        return DeleteGroupWelcome(template_id=template_id)
    if digest == digest_of(text):
        return None
    return EditGroupWelcome(template_id=template_id, text=text)


def words_of(rule: GroupRule | None) -> str:
    return str(rule.settings.get("welcome") or "").strip() if rule else ""


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def family_of(effect: str) -> str:
    """Whose greeting this debt was about."""
    return effect.removeprefix(EFFECT).split(":")[0]


async def _known(session: AsyncSession) -> Mapping[str, tuple[str, str]]:
    rows = await session.execute(
        select(Cursor.name, Cursor.value).where(Cursor.name.startswith(PREFIX))
    )
    return {
        name.removeprefix(PREFIX): (template_id, digest)
        for name, value in rows
        for template_id, _, digest in [value.partition("|")]
    }


async def keep(
    session: AsyncSession, vault: Vault, key: str, *, template_id: str, text: str, now: datetime
) -> None:
    """It is there now: every owner of the family's rooms is asked to pick it, as only she can."""
    value = f"{template_id}|{digest_of(text)}"
    await cursors.changed(session, f"{PREFIX}{key}", value, now=now)
    for room in await group_chats.rooms_of(session, key):
        owner = await group_posts.owner_of(session, room)
        if owner is not None:
            await guide_tasks.ask(
                session,
                vault,
                key=f"{PREFIX}{room.id}:{template_id}",
                guide_id=owner.id,
                customer_id=None,
                kind="group_welcome",
                why=f"「{room.name}」有入群欢迎语了：请在企业微信的群设置里选用它",
                words=text,
                now=now,
            )


async def forget(session: AsyncSession, key: str) -> None:
    await session.execute(delete(Cursor).where(Cursor.name == f"{PREFIX}{key}"))
