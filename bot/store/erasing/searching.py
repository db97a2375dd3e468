"""What names her where no column says so: kept bodies and debts are sealed under the house key, one by one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import String, Table, case, cast, delete, false, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Proposal
from bot.domain.audit import StoredAnswer
from bot.domain.customers import Follow, Identity, Secret
from bot.domain.delivery import Kept, Owed
from bot.domain.file_imports import FileImport
from bot.domain.webhooks import Notice
from bot.store import inbox, outbox
from bot.store.customers.people import PHONE
from bot.store.engine import table_of
from bot.store.inventory import Person
from bot.store.vault import Vault

AT_ONCE = 500
SHORTEST = 5
"""A shorter id would be found in everybody's events."""
UNSETTLED = ("kept", "owed", "claimed", "unknown")
UNDER_WAY = ("claimed",)
"""When it is about everybody nothing else is waited for."""


class Place(NamedTuple):
    table: Table
    about: str
    also: Sequence[str]
    """Columns in clear beside the body."""


class Found(NamedTuple):
    last: int | None
    """How far was looked; None at the end."""
    settled: Sequence[int]
    busy: int
    """Those that nobody may touch yet."""


PLACES = (
    Place(table_of(Kept), inbox.ABOUT, ()),
    Place(table_of(Owed), outbox.ABOUT, ("effect", "answer")),
)


async def needles(session: AsyncSession, vault: Vault, person: Person) -> frozenset[str]:
    """Every id by which she could be found in what was said about her."""
    ids = select(Identity.value).where(
        Identity.customer_id.in_(person.ids), Identity.kind != "phone"
    )
    ties = select(Follow.external_userid).where(Follow.customer_id.in_(person.ids))
    found = {*await session.scalars(ids), *await session.scalars(ties)}
    for secret in await session.scalars(select(Secret).where(Secret.customer_id.in_(person.ids))):
        if secret.phone is not None:
            vault.learn(secret.customer_id, secret.wrapped_key)
            found.add(vault.unseal_known(secret.customer_id, secret.phone, about=PHONE))
    return frozenset(one for one in found if len(one) >= SHORTEST)


async def look(
    session: AsyncSession,
    vault: Vault,
    place: Place,
    *,
    after: int,
    wanted: Collection[str] | None,
) -> Found:
    """The next rows of a place that name her; `wanted` None means everybody."""
    table = place.table
    told = [table.c[name] for name in ("id", "state", "body", *place.also)]
    query = select(*told).where(table.c.id > after).order_by(table.c.id).limit(AT_ONCE)
    rows = (await session.execute(query)).all()
    named = [row for row in rows if wanted is None or _names(vault, place, row, wanted)]
    waits = UNSETTLED if wanted is not None else UNDER_WAY
    settled = [row.id for row in named if row.state not in waits]
    last = rows[-1].id if len(rows) == AT_ONCE else None
    return Found(last, settled, len(named) - len(settled))


def _names(vault: Vault, place: Place, row: Any, wanted: Collection[str]) -> bool:
    said = vault.unseal(row.body, about=place.about)
    beside = [str(getattr(row, name)) for name in place.also]
    return any(one in text for one in wanted for text in (said, *beside))


async def empty(session: AsyncSession, vault: Vault, place: Place, ids: Sequence[int]) -> int:
    """That something came in or went out stays known; what it said does not."""
    table = place.table
    emptied: dict[str, Any] = {"body": vault.seal("{}", about=place.about)}
    if "effect" in table.c:
        unpaid = case((table.c.state == "owed", "cancelled"), else_=table.c.state)
        emptied |= {"state": unpaid, "answer": null()}
        emptied |= {"effect": "erased:" + cast(table.c.id, String)}
    else:
        emptied |= {"state": "handled", "reason": "erased"}
    if ids:
        await session.execute(update(table).where(table.c.id.in_(ids)).values(**emptied))
    return len(ids)


async def sweep(session: AsyncSession, wanted: Collection[str] | None) -> int:
    """Papers of the house that may quote her: what waits for a second person, notices, answers, reports."""
    swept = 0
    for entity, column in (
        (Notice, Notice.data),
        (Proposal, Proposal.body),
        (StoredAnswer, StoredAnswer.answer),
    ):
        quoted = _quotes(column, wanted)
        kept = Proposal.state == "open" if entity is Proposal else false()
        result: Any = await session.execute(delete(entity).where(quoted, ~kept))
        swept += result.rowcount
    for report in (FileImport.report, FileImport.trouble):
        told = update(FileImport).where(report.is_not(None), _quotes(report, wanted))
        result = await session.execute(told.values({report.key: null()}))
        swept += result.rowcount
    return swept


def _quotes(column: Any, wanted: Collection[str] | None) -> Any:
    if wanted is None:
        return column.is_not(None)
    return or_(false(), *(cast(column, String).contains(one, autoescape=True) for one in wanted))
