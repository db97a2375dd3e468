"""Whether a customer is the colleague herself, or lives with her: known by the phone that stands beside her account."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import StaffUser
from bot.domain.customers import Identity
from bot.events import Actor
from bot.store import households
from bot.store.family import family, surviving

NOBODY = frozenset({"customer", "integration", "system"})
"""Who acts as these is no colleague with a phone."""


async def is_hers(session: AsyncSession, actor: Actor, customer_id: int) -> bool:
    if actor.kind in NOBODY:
        return False
    name = StaffUser.userid if actor.kind == "guide" else StaffUser.name
    known = (
        select(Identity.customer_id)
        .join(StaffUser, StaffUser.phone == Identity.value)
        .where(name == actor.id, Identity.kind == "phone", Identity.account == "")
    )
    holder = await session.scalar(known)
    if holder is None:
        return False
    her = await surviving(session, holder)
    lives_with = await households.homes(session, [her])
    return customer_id in lives_with.get(her, ()) or customer_id in await family(session, her)
