"""The consent ledger: append-only and chained per person, with its newest state beside it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.consent import (
    GIVING,
    MARKETING,
    PURPOSES,
    ConsentEntry,
    ConsentState,
    Suppression,
)
from bot.domain.customers import Customer, Identity
from bot.domain.refusals import Refusal
from bot.store import touches
from bot.store.audit import link
from bot.store.engine import upsert
from bot.store.family import family, surviving
from bot.store.tags.labels import forget_answers, forget_own
from bot.store.vault import Vault
from bot.tongue import _

AT_ONCE = 500
_ANY_SUPPRESSION = select(Suppression.hash).limit(1)


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
    if act["purpose"] not in PURPOSES:
        raise Refusal(
            "unknown_purpose", _("没有“%(purpose)s”这种用途", purpose=act["purpose"]), status=422
        )
    act["customer_id"] = await surviving(session, act["customer_id"])
    entry = await _append(session, act)
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


async def suppressed(
    session: AsyncSession, vault: Vault, customer_ids: Collection[int]
) -> set[int]:
    """Of these living customers, those one of whose ids asked never to be contacted again."""
    if not customer_ids or await session.scalar(_ANY_SUPPRESSION) is None:
        return set()
    person = func.coalesce(Customer.merged_into, Customer.id)
    ids = await session.execute(
        select(person, Identity.kind, Identity.value)
        .join(Customer, Customer.id == Identity.customer_id)
        .where(or_(Customer.id.in_(customer_ids), Customer.merged_into.in_(customer_ids)))
    )
    owners = {_hash(vault, kind, value): owner for owner, kind, value in ids}
    hashes, found = list(owners), set[int]()
    for start in range(0, len(owners), AT_ONCE):
        some = hashes[start : start + AT_ONCE]
        hit = await session.scalars(select(Suppression.hash).where(Suppression.hash.in_(some)))
        found |= {owners[one] for one in hit}
    return found


async def suppress(
    session: AsyncSession, vault: Vault, customer_id: int, *, reason: str, at: datetime
) -> None:
    """Never again, whoever of her ids turns up later and wherever."""
    for hashed in await _hashes(session, vault, customer_id):
        row = upsert(session, Suppression).values(hash=hashed, at=at, reason=reason)
        await session.execute(row.on_conflict_do_nothing())
    for hers in await family(session, customer_id):
        await touches.cancel_for(
            session, customer_id=hers, reason="suppressed", now=at, purpose=None
        )


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
        if entry.previous_hash != previous or entry.hash != link(previous, _facts(entry)):
            return entry.id
        previous = entry.hash
    return None


async def carry_over(
    session: AsyncSession, *, kept_id: int, merged_id: int, by: str
) -> dict[str, Any]:
    """Two records become one person: a refusal of either holds. Returns what `give_back` needs."""
    ours, theirs = await _states(session, kept_id), await _states(session, merged_id)
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
    states = await _states(session, kept_id)
    for purpose, before in moved["before"].items():
        state = states.get(purpose)
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
        await _append(session, act)
        if before is None:
            await session.delete(state)
        else:
            granted, since, state.entry_id = before
            state.granted, state.since = granted, datetime.fromisoformat(since)


async def _append(session: AsyncSession, act: Act) -> ConsentEntry:
    hers = act["customer_id"]
    # Two acts of one person queue here, or both would continue the same link.
    await session.execute(select(Customer.id).where(Customer.id == hers).with_for_update())
    previous = await session.scalar(
        select(ConsentEntry.hash)
        .where(ConsentEntry.customer_id == hers)
        .order_by(ConsentEntry.id.desc())
        .limit(1)
    )
    entry = ConsentEntry(**act, previous_hash=previous or "")
    entry.hash = link(entry.previous_hash, _facts(entry))
    session.add(entry)
    await session.flush()
    return entry


def _facts(entry: ConsentEntry) -> dict[str, Any]:
    names = ("customer_id", "purpose", "action", "channel", "evidence", "actor")
    # One moment has one spelling: it comes back from the database in UTC.
    at = entry.at.astimezone(UTC).isoformat()
    return {name: getattr(entry, name) for name in names} | {"at": at}


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
    if entry.purpose not in MARKETING:
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


async def _states(session: AsyncSession, customer_id: int) -> dict[str, ConsentState]:
    found = await session.scalars(
        select(ConsentState)
        .where(ConsentState.customer_id == customer_id)
        .execution_options(populate_existing=True)
    )
    return {state.purpose: state for state in found}


async def _hashes(session: AsyncSession, vault: Vault, customer_id: int) -> list[str]:
    hers = await family(session, await surviving(session, customer_id))
    ids = await session.execute(
        select(Identity.kind, Identity.value).where(Identity.customer_id.in_(hers))
    )
    return [_hash(vault, kind, value) for kind, value in ids]


def _hash(vault: Vault, kind: str, value: str) -> str:
    # kf and 客户联系 share one id space: she is as suppressed on the one as on the other.
    return vault.blind(f"{kind.replace('kf', 'external_userid')}|{value}", about="suppression")
