"""What members agreed to before they were ours, as a file says it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.imports import PersonRow
from bot.store import consent
from bot.store.consent import Paper

PURPOSE = "marketing_wecom"


async def take_consents(
    session: AsyncSession,
    rows: Sequence[PersonRow],
    ids: Sequence[int],
    *,
    source: str,
    now: datetime,
) -> int:
    """The row of the file is the evidence; a consent without its day counts from now, and
    only for whom we know nothing of. Returns how many were news."""
    papers = [
        Paper(
            customer_id,
            row.agreed,
            row.agreed_at or now,
            row.agreed_at is not None,
            {"import": source, "row": row.number},
        )
        for row, customer_id in zip(rows, ids, strict=True)
        if row.agreed is not None
    ]
    return await consent.read_papers(
        session, papers, purpose=PURPOSE, channel="import", actor=f"import:{source}"
    )
