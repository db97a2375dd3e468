"""Colleagues come, change what they may, and go; somebody who owns the house always stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import StaffUser
from bot.domain.customers import Store
from bot.domain.refusals import Refusal


async def hire(session: AsyncSession, user: StaffUser, store: str | None) -> None:
    """Raises Refusal no_such_store | user_exists."""
    if store is not None:
        user.store_id = await session.scalar(select(Store.id).where(Store.code == store))
        if user.store_id is None:
            raise Refusal("no_such_store", f"没有代码为 {store} 的门店", status=422)
    try:
        async with session.begin_nested():
            session.add(user)
    except IntegrityError:
        raise Refusal("user_exists", "已经有叫这个名字、或绑了这个企业微信账号的人") from None


async def change(session: AsyncSession, user: StaffUser, changes: Mapping[str, Any]) -> None:
    """Raises Refusal last_owner | userid_taken."""
    owns = user.role == "owner" and user.active
    stays = changes.get("role", "owner") == "owner" and changes.get("active", True)
    if owns and not stays and not await _another_owner(session, user):
        raise Refusal("last_owner", "至少要留一位店主，先请另一位当店主")
    wanted = {k: v or None if k in ("userid", "phone") else v for k, v in changes.items()}
    try:
        async with session.begin_nested():
            for name, value in wanted.items():
                setattr(user, name, value)
    except IntegrityError:
        await session.refresh(user)
        raise Refusal("userid_taken", "这个企业微信账号已经绑定了别人") from None


async def _another_owner(session: AsyncSession, user: StaffUser) -> bool:
    """Locked, so that two owners cannot take leave of each other at once."""
    owners = select(StaffUser.id).where(StaffUser.role == "owner", StaffUser.active)
    found = await session.scalars(owners.order_by(StaffUser.id).with_for_update())
    return any(one != user.id for one in found)
