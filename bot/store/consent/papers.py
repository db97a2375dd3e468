"""Consents that were given elsewhere, on paper or in the system before this one, taken over in sets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.consent import ConsentEntry, ConsentState
from bot.domain.customers import Customer
from bot.store.audit import link
from bot.store.consent.ledger import Act, facts, record
from bot.store.engine import table_of

AT_ONCE = 1_000


class Paper(NamedTuple):
    customer_id: int
    agreed: bool
    at: datetime
    dated: bool
    """False where the paper shows no day: `at` is then when we read it, which says nothing of when she agreed."""
    evidence: dict[str, Any]

    def is_news_to(self, known: ConsentState | None) -> bool:
        """A consent without a day never undoes what she has said; a refusal always holds, at one moment too."""
        if known is None:
            return self.agreed
        if known.granted == self.agreed:
            return False
        if self.agreed:
            return self.dated and known.since < self.at
        return known.since <= self.at


async def read_papers(
    session: AsyncSession, papers: Sequence[Paper], *, purpose: str, channel: str, actor: str
) -> int:
    """Write down what we do not know yet; what she said later stays. Returns how many were news.

    A refusal where nothing was agreed to is no news: without a consent nothing is sent.
    """
    in_order = sorted(papers, key=lambda paper: (paper.at, not paper.agreed))
    newest = {paper.customer_id: paper for paper in in_order}
    ids, news = sorted(newest), 0
    for start in range(0, len(ids), AT_ONCE):
        some = [newest[customer_id] for customer_id in ids[start : start + AT_ONCE]]
        acts = await _unknown(session, some, purpose, channel, actor)
        first = [act for act, alone in acts if not alone]
        await _write_first(session, first)
        for act, alone in acts:
            if alone:
                await record(session, **act)
        news += len(acts)
    return news


async def _unknown(
    session: AsyncSession, papers: Sequence[Paper], purpose: str, channel: str, actor: str
) -> list[tuple[Act, bool]]:
    """The acts that change something, and whether each must be written by itself: she has said something before,
    or her record stands for another one."""
    ids = [paper.customer_id for paper in papers]
    hers = select(Customer.id, Customer.merged_into).where(Customer.id.in_(ids))
    # Locked as `record` locks it: nobody says anything between our look and our writing.
    merged = dict((await session.execute(hers.order_by(Customer.id).with_for_update())).all())
    asked = select(ConsentState).where(
        ConsentState.customer_id.in_(ids), ConsentState.purpose == purpose
    )
    known = {state.customer_id: state for state in await session.scalars(asked)}
    acts = []
    for paper in papers:
        state = known.get(paper.customer_id)
        if not paper.is_news_to(state):
            continue
        act = Act(
            customer_id=paper.customer_id,
            purpose=purpose,
            action="grant" if paper.agreed else "withdraw",
            channel=channel,
            actor=actor,
            at=paper.at,
            evidence=paper.evidence,
        )
        folded = merged.get(paper.customer_id) is not None
        acts.append((act, state is not None or folded))
    return acts


async def _write_first(session: AsyncSession, acts: Sequence[Act]) -> None:
    """First words about this purpose: one statement for all entries, one for all states."""
    if not acts:
        return
    ids = [act["customer_id"] for act in acts]
    last = (
        select(func.max(ConsentEntry.id))
        .where(ConsentEntry.customer_id.in_(ids))
        .group_by(ConsentEntry.customer_id)
    )
    chained = select(ConsentEntry.customer_id, ConsentEntry.hash).where(ConsentEntry.id.in_(last))
    previous: dict[int, str] = dict((await session.execute(chained)).all())
    rows = []
    for act in acts:
        before = previous.get(act["customer_id"], "")
        rows.append({**act, "previous_hash": before, "hash": link(before, facts(act))})
    entry = table_of(ConsentEntry)
    written = await session.execute(insert(entry).returning(entry.c.customer_id, entry.c.id), rows)
    entries: dict[int, int] = dict(written.all())
    states = [
        {
            "customer_id": act["customer_id"],
            "purpose": act["purpose"],
            "granted": True,
            "since": act["at"],
            "entry_id": entries[act["customer_id"]],
        }
        for act in acts
    ]
    await session.execute(insert(table_of(ConsentState)), states)
