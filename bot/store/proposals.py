"""Acts that wait for a second person: asked, decided once within a day, and used once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Proposal
from bot.domain.refusals import Refusal

GOOD_FOR = timedelta(hours=24)


async def ask(
    session: AsyncSession, *, kind: str, body: dict[str, Any], by: str, now: datetime
) -> int:
    made = Proposal(kind=kind, body=body, asked_by=by, asked_at=now, state="open")
    session.add(made)
    await session.flush()
    return made.id


async def waiting(session: AsyncSession, now: datetime) -> Sequence[Proposal]:
    query = select(Proposal).where(Proposal.state == "open", Proposal.asked_at > now - GOOD_FOR)
    return (await session.scalars(query.order_by(Proposal.id.desc()))).all()


async def decide(
    session: AsyncSession, proposal_id: int, *, agreed: bool, by: str, now: datetime
) -> Proposal:
    """Raises Refusal unknown_proposal | own_proposal | decided | stale."""
    found = await session.get(Proposal, proposal_id, with_for_update=True)
    if found is None:
        raise Refusal("unknown_proposal", "没有这件等批准的事", status=404)
    if found.asked_by == by:
        raise Refusal("own_proposal", "要由另一个人批准", status=403)
    if found.state != "open":
        raise Refusal("decided", "已经有人决定过了")
    if found.asked_at + GOOD_FOR <= now:
        raise Refusal("stale", "超过 24 小时了，请重新提交")
    found.state, found.decided_by = "agreed" if agreed else "refused", by
    found.decided_at = now
    await session.flush()
    return found


async def of(
    session: AsyncSession, *, kind: str, facts: dict[str, Any], by: str, now: datetime
) -> Proposal | None:
    """What this person asked for within the day, open or agreed to; the newest of exactly this."""
    query = select(Proposal).where(
        Proposal.kind == kind,
        Proposal.asked_by == by,
        Proposal.state.in_(("open", "agreed")),
        func.coalesce(Proposal.decided_at, Proposal.asked_at) > now - GOOD_FOR,
    )
    for found in await session.scalars(query.order_by(Proposal.id.desc())):
        if {name: found.body.get(name) for name in facts} == facts:
            return found
    return None


async def use(session: AsyncSession, proposal_id: int) -> bool:
    """Once: whoever comes second finds it used."""
    used = update(Proposal).where(Proposal.id == proposal_id, Proposal.state == "agreed")
    return await session.scalar(used.values(state="used").returning(Proposal.id)) is not None
