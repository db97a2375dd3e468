"""What each person agreed to: append-only and chained, with its newest state beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypedDict, Unpack, cast

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.consent import GIVING, MARKETING, PURPOSES, ConsentEntry, ConsentState
from bot.domain.customers import Customer
from bot.domain.refusals import Refusal
from bot.domain.topics import TOPICS
from bot.store import touches
from bot.store.audit import link
from bot.store.engine import upsert
from bot.store.family import family, surviving
from bot.store.tags.labels import forget_answers, forget_own
from bot.tongue import _

OUR_PAGE = "h5"


class Act(TypedDict):
    """Who agreed or refused, to what, where, and what shows it."""

    customer_id: int
    purpose: str
    action: str
    channel: str
    actor: str
    at: datetime
    evidence: dict[str, Any]


async def record(session: AsyncSession, **act: Unpack[Act]) -> ConsentEntry:
    """Write down one act. A refusal holds at once, for every record of hers, and stops what is on its way;
    a consent older than the newest refusal changes nothing any more."""
    if act["purpose"] not in (*PURPOSES, *TOPICS):
        raise Refusal(
            "unknown_purpose", _("没有“%(purpose)s”这种用途", purpose=act["purpose"]), status=422
        )
    act["customer_id"] = await surviving(session, act["customer_id"])
    entry = await append(session, act)
    if act["action"] in GIVING:
        await _allow(session, entry)
    else:
        await _refuse(session, entry)
    return entry


async def granted(session: AsyncSession, customer_id: int, purpose: str) -> ConsentState | None:
    """Her standing consent, whose entry is the proof; None without one."""
    hers = await surviving(session, customer_id)
    found = await session.get(ConsentState, (hers, purpose), populate_existing=True)
    return found if found is not None and found.granted else None


async def paused(session: AsyncSession, customer_id: int) -> list[str]:
    """The purposes that wait for somebody to read what she wrote."""
    found = await session.scalars(
        select(ConsentState.purpose)
        .join(ConsentEntry, ConsentEntry.id == ConsentState.entry_id)
        .where(ConsentState.customer_id == customer_id, ConsentEntry.action == "pause")
    )
    return sorted(found)


async def verify(session: AsyncSession, customer_id: int) -> int | None:
    """The id of the first entry that does not fit her chain, or None when all do."""
    previous = ""
    entries = await session.scalars(
        select(ConsentEntry)
        .where(ConsentEntry.customer_id == customer_id)
        .order_by(ConsentEntry.id)
        .execution_options(populate_existing=True)
    )
    for entry in entries:
        if entry.previous_hash != previous or entry.hash != link(previous, facts(_act(entry))):
            return entry.id
        previous = entry.hash
    return None


async def append(session: AsyncSession, act: Act) -> ConsentEntry:
    hers = act["customer_id"]
    # Two acts of one person queue here, or both would continue the same link.
    await session.execute(select(Customer.id).where(Customer.id == hers).with_for_update())
    previous = await session.scalar(
        select(ConsentEntry.hash)
        .where(ConsentEntry.customer_id == hers)
        .order_by(ConsentEntry.id.desc())
        .limit(1)
    )
    before = previous or ""
    entry = ConsentEntry(**act, previous_hash=before, hash=link(before, facts(act)))
    session.add(entry)
    await session.flush()
    return entry


def facts(act: Act) -> dict[str, Any]:
    """What the link of an act is made of."""
    # One moment has one spelling: it comes back from the database in UTC.
    return {**act, "at": act["at"].astimezone(UTC).isoformat()}


def _act(entry: ConsentEntry) -> Act:
    return cast("Act", {name: getattr(entry, name) for name in Act.__annotations__})


async def _allow(session: AsyncSession, entry: ConsentEntry) -> None:
    hers = [entry.customer_id]
    state = await _write_state(session, hers, entry, granted=True)
    if state and entry.purpose == "profiling":
        await _personalise(session, hers, allowed=True)


async def _refuse(session: AsyncSession, entry: ConsentEntry) -> None:
    hers = await family(session, entry.customer_id)
    if not await _write_state(session, hers, entry, granted=False):
        return
    if entry.purpose == "profiling":
        await _personalise(session, hers, allowed=False)
        await forget_answers(session, hers)
    if entry.purpose not in (*MARKETING, *TOPICS):
        await forget_own(session, hers, entry.purpose)
    if entry.purpose in MARKETING and entry.action != "pause":
        for customer_id in hers:
            await touches.cancel_for(
                session, customer_id=customer_id, reason="opted_out", now=entry.at
            )


async def _write_state(
    session: AsyncSession, hers: Sequence[int], entry: ConsentEntry, *, granted: bool
) -> bool:
    """True when this is the newest news; of two acts at one moment the refusal counts, but our own page
    hears her taps in their order."""
    row = {"purpose": entry.purpose, "granted": granted, "since": entry.at, "entry_id": entry.id}
    insert = upsert(session, ConsentState).values([{"customer_id": i} | row for i in hers])
    older = ConsentState.since < insert.excluded.since
    if not granted or entry.channel == OUR_PAGE:
        older = ConsentState.since <= insert.excluded.since
    written = await session.scalars(
        insert.on_conflict_do_update(
            index_elements=["customer_id", "purpose"],
            set_={name: insert.excluded[name] for name in ("granted", "since", "entry_id")},
            where=older,
        ).returning(ConsentState.customer_id)
    )
    return entry.customer_id in written.all()


async def _personalise(session: AsyncSession, hers: Sequence[int], *, allowed: bool) -> None:
    await session.execute(
        update(Customer).where(Customer.id.in_(hers)).values(personalised=allowed)
    )


async def states(session: AsyncSession, customer_id: int) -> dict[str, ConsentState]:
    found = await session.scalars(
        select(ConsentState)
        .where(ConsentState.customer_id == customer_id)
        .execution_options(populate_existing=True)
    )
    return {state.purpose: state for state in found}
