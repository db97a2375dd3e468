"""The hash chains of the audit log and of the consent ledger, computed anew."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from bot.demo.check.evidence import Evidence, Verdict, moment


def audit_chain_holds(e: Evidence) -> Verdict:
    """One chain over all that people did."""
    rows = e.ask("SELECT * FROM audit ORDER BY id")
    return [
        f"audit {row['id']} does not fit its chain"
        for row in _breaks(rows, ("actor", "action", "object", "detail"))
    ]


def consent_chain_holds(e: Evidence) -> Verdict:
    """One chain per person, and the newest state is what the newest entries say."""
    names = ("customer_id", "purpose", "action", "channel", "evidence", "actor")
    chains: dict[int, list[sqlite3.Row]] = {}
    for row in e.ask("SELECT * FROM consent_entry ORDER BY id"):
        chains.setdefault(row["customer_id"], []).append(row)
    broken = [row for rows in chains.values() for row in _breaks(rows, names)]
    states = e.ask(
        "SELECT s.customer_id, s.purpose FROM consent_state s LEFT JOIN consent_entry c ON c.id = s.entry_id "
        "WHERE c.id IS NULL OR c.purpose <> s.purpose OR s.granted <> (c.action IN ('grant', 'resume'))"
    )
    return [f"consent {row['id']} does not fit its chain" for row in broken] + [
        f"customer {row['customer_id']}: nothing in the ledger says what {row['purpose']} is"
        for row in states
    ]


def _breaks(rows: Sequence[sqlite3.Row], names: Iterable[str]) -> Iterable[sqlite3.Row]:
    previous = ""
    for row in rows:
        facts = {name: _value(row, name) for name in names} | {"at": moment(row["at"]).isoformat()}
        if row["previous_hash"] != previous or row["hash"] != _link(previous, facts):
            yield row
        previous = row["hash"]


def _value(row: sqlite3.Row, name: str) -> Any:
    return json.loads(row[name]) if name in ("detail", "evidence") else row[name]


def _link(previous: str, facts: dict[str, Any]) -> str:
    written = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{written}".encode()).hexdigest()
