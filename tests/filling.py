"""Rows of one customer in every table that names customers, so that nothing about her is forgotten."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from itertools import count
from typing import Any

from sqlalchemy import JSON, Boolean, DateTime, Float, LargeBinary, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.mapping import Moment, Row
from bot.store.vault import Vault
from tests.builders import LONG_AGO

WORDS: dict[tuple[str, str], Any] = {
    ("customer", "stage"): "buys",
    ("customer_tag", "source"): "rule",
    ("coupon", "trigger"): "order:1",
    ("coupon", "state"): "held",
    ("invite", "rule_key"): "福利群",
    ("invite", "round"): 1,
    ("send_window", "channel"): "kf",
    ("conversation", "channel"): "kf",
    ("run", "playbook"): "welcome",
    ("run", "entry"): "once",
    ("run", "state"): "active",
    ("touch", "state"): "planned",
    ("touch", "purpose"): "marketing",
    ("touch", "due_at"): LONG_AGO + timedelta(days=60),
    ("touch", "settled_at"): None,
    ("touch", "reason"): None,
    ("guide_task", "state"): "open",
    ("service_case", "state"): "open",
    ("points_account", "level"): "青铜",
    ("offer", "issued"): 0,
    ("offer", "owed_fen"): 0,
    ("points_request", "state"): "open",
    ("customer_tier", "tier"): "核心",
    ("customer_tier", "share_class"): "头部",
    ("order_entry", "kind"): "paid",
    ("identity", "home"): None,
}
ELSEWHERE = {"customer", "secret", "merge_record", "consent_entry", "consent_state"}
"""Made by the code that owns them, or only ever added to."""
SEALED = {("follow", "remark"): "follow.remark", ("guide_task", "words"): "guide_task.words"}
OWN = {"channel", "rule_key", "playbook"}
"""Part of what tells the rows of one person apart."""
APPENDED = {"merge_record", "consent_entry"}


def tables() -> list[Table]:
    """Those that name a customer, parents first."""
    return [table for table in Row.metadata.sorted_tables if _names(table)]


def _names(table: Table) -> list[str]:
    return [
        column.name
        for column in table.columns
        if any(key.column.table.name == "customer" for key in column.foreign_keys)
    ]


class Filler:
    def __init__(self, session: AsyncSession, vault: Vault) -> None:
        self.session, self.vault = session, vault
        self.number = count(1)
        self.parents: dict[tuple[str, str], Any] = {}

    async def fill(self, customer_id: int) -> None:
        """One row with neighbours that others share, and one with her own, wherever there may be two."""
        for table in tables():
            if table.name in ELSEWHERE:
                continue
            alone = {column.name for column in table.primary_key.columns} <= {"customer_id"}
            for salt in ("shared",) if alone else ("shared", f"own{customer_id}"):
                await self._made(table, salt, customer_id)

    async def _row(self, table: Table, salt: str, customer_id: int | None) -> Any:
        values = {
            column.name: await self._value(table, column, salt, customer_id)
            for column in table.columns
            if not (column.name == "id" and column.primary_key)
        }
        if salt != "shared":
            values |= dict.fromkeys(OWN & values.keys(), salt)
        made = await self.session.execute(insert(table).values(values))
        return made.inserted_primary_key[0]

    async def _value(self, table: Table, column: Any, salt: str, customer_id: int | None) -> Any:
        if customer_id is not None and column.name in _names(table):
            return customer_id
        if column.foreign_keys:
            parent = next(iter(column.foreign_keys)).column.table
            return await self._made(parent, salt, customer_id)
        if about := SEALED.get((table.name, column.name)):
            return await self.vault.seal_for(self.session, customer_id, "她", about=about)
        return WORDS.get((table.name, column.name), self._any(column))

    async def _made(self, table: Table, salt: str, customer_id: int | None) -> Any:
        if table.name == "customer":
            return None
        hers = customer_id if _names(table) else None
        name = (table.name, f"{salt}{hers or ''}")
        if name not in self.parents:
            self.parents[name] = None
            self.parents[name] = await self._row(table, salt, hers)
        return self.parents[name]

    def _any(self, column: Any) -> Any:
        number = next(self.number)
        match column.type:
            case Moment() | DateTime():
                return LONG_AGO + timedelta(minutes=number)
            case Boolean():
                return False
            case JSON():
                return {}
            case LargeBinary():
                return str(number).encode()
            case Float():
                return number / 8
        return number if column.type.python_type is int else f"w{number}"


async def everything(session: AsyncSession, customer_ids: Collection[int]) -> dict[str, Any]:
    """Every row that names these people, byte for byte."""
    await session.flush()
    found = {}
    for table in tables():
        if table.name in APPENDED:
            continue
        names = ["id"] if table.name == "customer" else _names(table)
        rows = await session.execute(select(table).where(table.c[names[0]].in_(customer_ids)))
        found[table.name] = sorted(repr(dict(row)) for row in rows.mappings())
    return found
