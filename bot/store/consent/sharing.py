"""Two records become one person, and two again: a refusal of either holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.consent.ledger import Act, append, record, states


async def carry_over(
    session: AsyncSession, *, kept_id: int, merged_id: int, by: str
) -> dict[str, Any]:
    """Two records become one person: a refusal of either holds. Returns what `give_back` needs."""
    ours, theirs = await states(session, kept_id), await states(session, merged_id)
    before: dict[str, Any] = {}
    entries = []
    for purpose, said in sorted(theirs.items()):
        own = ours.get(purpose)
        if own is not None and (own.granted == said.granted or not own.granted):
            continue
        before[purpose] = own and [own.granted, own.since.isoformat(), own.entry_id]
        entry = await record(
            session,
            customer_id=kept_id,
            purpose=purpose,
            action="grant" if said.granted else "withdraw",
            channel="merge",
            actor=by,
            at=max(said.since, own.since) if own else said.since,
            evidence={"merged": merged_id, "entry": said.entry_id},
        )
        entries.append(entry.id)
    return {"before": before, "entries": entries}


async def give_back(
    session: AsyncSession, *, kept_id: int, moved: dict[str, Any], by: str, at: datetime
) -> None:
    """The merge is undone: what she said since then holds, the rest is as it was."""
    found = await states(session, kept_id)
    for purpose, before in moved["before"].items():
        state = found.get(purpose)
        if state is None or state.entry_id not in moved["entries"]:
            continue
        act = Act(
            customer_id=kept_id,
            purpose=purpose,
            action="resume" if before and before[0] else "withdraw",
            channel="unmerge",
            actor=by,
            at=at,
            evidence={"entry": state.entry_id},
        )
        await append(session, act)
        if before is None:
            await session.delete(state)
        else:
            granted, since, state.entry_id = before
            state.granted, state.since = granted, datetime.fromisoformat(since)
