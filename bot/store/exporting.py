"""Everything that is known of one person, as the inventory lists it: for her own eyes, and for machines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import masks, phones
from bot.domain.customers import Customer, Identity
from bot.domain.inventory_words import TITLES
from bot.domain.refusals import Refusal
from bot.store import inventory, tables
from bot.store.family import family, surviving
from bot.store.inventory import Entry, Person
from bot.store.vault import Vault
from bot.tongue import _

Facts = dict[str, Any]
NAMES = {"guide": "name", "store": "name", "offer": "name", "tag": "name", "group_chat": "name"}
"""Things of ours that are told by name beside their number."""
MASKS = {"name": masks.name, "phone": masks.phone}
IDS = frozenset({"value", "external_userid", "member_id", "address"})
"""Ids of hers on a platform, in clear in their tables."""
SHOWN_END = 4


async def who(session: AsyncSession, vault: Vault, said: str) -> Customer:
    """By public ref, number, phone or any id of hers. Raises Refusal unknown_customer | several."""
    named = [Identity.value == said, Identity.value == vault.blind(phones.digits(said) or said)]
    hers = [Customer.ref == said, Customer.id.in_(select(Identity.customer_id).where(or_(*named)))]
    if said.isascii() and said.isdecimal() and len(said) < 11:  # longer ones are phones
        hers.append(Customer.id == int(said))
    rows = await session.scalars(select(Customer.id).where(or_(*hers)))
    found = {await surviving(session, one) for one in rows}
    if not found:
        raise Refusal("unknown_customer", _("没有「%(who)s」这位顾客", who=said), status=404)
    if len(found) > 1:
        refs = await session.scalars(select(Customer.ref).where(Customer.id.in_(found)))
        listed = "、".join(sorted(refs))
        raise Refusal("several", _("「%(who)s」是好几位：%(refs)s", who=said, refs=listed))
    return await session.get_one(Customer, found.pop(), populate_existing=True)


async def person(session: AsyncSession, customer_id: int) -> Person:
    """She and every record that was folded into hers."""
    ids = await family(session, customer_id)
    refs = await session.scalars(select(Customer.ref).where(Customer.id.in_(ids)))
    return Person(ids, list(refs))


async def everything(
    session: AsyncSession,
    vault: Vault,
    customer: Customer,
    *,
    now: datetime,
    zone: ZoneInfo,
    masked: bool = False,
) -> Facts:
    """What a page shows and a file holds; `masked` for whoever may not know how to reach her."""
    her = await person(session, customer.id)
    names = {table: await _names(session, table) for table in NAMES}
    sections = []
    for entry in (one for one in inventory.entries().values() if one.hers is not None):
        telling = _Telling(entry, vault, zone, names, masked=masked)
        if rows := await telling.rows(session, her):
            sections.append({"table": entry.name, "title": _(TITLES[entry.name]), "rows": rows})
    return {"customer": customer.ref, "at": now.astimezone(zone).isoformat(), "known": sections}


async def _names(session: AsyncSession, table: str) -> Mapping[int, str]:
    thing = tables.by_name()[table]
    rows = await session.execute(select(thing.c.id, thing.c[NAMES[table]]))
    return dict(rows.all())


class _Telling:
    """One table's rows in words."""

    def __init__(
        self,
        entry: Entry,
        vault: Vault,
        zone: ZoneInfo,
        names: Mapping[str, Mapping[int, str]],
        *,
        masked: bool,
    ) -> None:
        self.entry, self.vault, self.zone = entry, vault, zone
        self.names, self.masked = names, masked

    async def rows(self, session: AsyncSession, her: Person) -> list[Facts]:
        entry = self.entry
        told = [entry.table.c[name] for name in (*entry.plain, *entry.sealed)]
        if not told:
            return []
        query = select(*told).where(entry.of(her)).order_by(*entry.table.primary_key)
        if not entry.sealed:
            return [self._plain(row) for row in (await session.execute(query)).mappings()]
        whose = await self._with_owner(session, her)
        await self.vault.load_keys(session, {owner for owner, _row in whose})
        return [self._plain(row) | self._opened(owner, row) for owner, row in whose]

    async def _with_owner(self, session: AsyncSession, her: Person) -> list[tuple[int, Any]]:
        """Each row with the record under whose key it was sealed."""
        entry, owner = self.entry, self.entry.whose.label("its_owner")
        told = [entry.table.c[name] for name in (*entry.plain, *entry.sealed)]
        query = select(owner, *told).where(entry.of(her)).order_by(*entry.table.primary_key)
        if entry.whose.table is not entry.table:
            ((column, parent),) = entry.hers.items()
            above = inventory.entries()[parent].table
            query = query.join_from(entry.table, above, entry.table.c[column] == above.c.id)
        return [(row["its_owner"], row) for row in (await session.execute(query)).mappings()]

    def _plain(self, row: Mapping[Any, Any]) -> Facts:
        facts: Facts = {}
        for name in self.entry.plain:
            if row[name] is None or (name == "value" and row["kind"] == "phone"):
                continue  # of a phone only a keyed hash stands there; the number is told elsewhere
            facts[name] = self._said(name, row[name])
            facts |= self._name_of(name, row[name])
        return facts

    def _said(self, name: str, value: Any) -> Any:
        if self.masked and name in IDS:
            return f"…{str(value)[-SHOWN_END:]}"
        return value.astimezone(self.zone).isoformat() if isinstance(value, datetime) else value

    def _name_of(self, column: str, value: Any) -> Facts:
        keys = self.entry.table.c[column].foreign_keys
        names = next((self.names[k.column.table.name] for k in keys if _has_name(k)), {})
        return {column.removesuffix("_id"): names[value]} if names and value in names else {}

    def _opened(self, owner: int, row: Mapping[Any, Any]) -> Facts:
        facts = {}
        for name in self.entry.sealed:
            if row[name] is not None:
                about = f"{self.entry.name}.{name}"
                facts[name] = self._shown(
                    name, self.vault.unseal_known(owner, row[name], about=about)
                )
        return facts

    def _shown(self, name: str, said: str) -> str:
        if not self.masked:
            return said
        return MASKS[name](said) if name in MASKS else "…"


def _has_name(key: Any) -> bool:
    return key.column.table.name in NAMES
