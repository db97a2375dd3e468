"""What came in: every event that was acknowledged is kept, and handled or parked with its reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from bot.demo.check.evidence import Evidence, Verdict

HANDLED = ("handled", "unknown")
"""An event of a kind that nobody knows is kept and counted; there is nothing more to do with it."""


def acknowledged_is_handled(e: Evidence) -> Verdict:
    """By the digest of what was sent: nothing lost, nothing swallowed as a double, nothing made up."""
    kept = {row["digest"]: row for row in e.ask("SELECT digest, source, state, reason FROM inbox")}
    told = dict(_told(e))
    lost = [
        f"{what} was acknowledged and is not kept"
        for digest, what in told.items()
        if digest not in kept
    ]
    heard = {
        digest for digest, row in kept.items() if row["source"] in ("wecom", "official", "kf")
    }
    made_up = [
        f"{kept[digest]['source']} {digest[:12]} was never sent"
        for digest in sorted(heard - told.keys())
    ]
    waiting = [
        f"a {row['source']} event is {row['state']}"
        for row in kept.values()
        if _is_open(row["state"])
    ]
    silent = [
        f"a {row['source']} event is parked without a reason"
        for row in kept.values()
        if row["state"] == "parked" and not row["reason"]
    ]
    return lost + made_up + waiting + silent


def _is_open(state: str) -> bool:
    return state not in HANDLED and state != "parked"


def _told(e: Evidence) -> Iterator[tuple[str, str]]:
    """Digest and name of everything the platforms told us: callbacks answered 200, and messages pulled."""
    for row in e.callbacks:
        if row.get("status") == 200 and row["platform"] != "shop":
            yield (
                _digest(row["platform"], str(row["plain"])),
                f"{row['event']} {row['digest'][:12]}",
            )
    for call in e.calls:
        if (
            call["path"].endswith("/kf/sync_msg")
            and call["status"] == 200
            and not call.get("errcode")
        ):
            for message in call["response"].get("msg_list") or ():
                written = json.dumps(message, ensure_ascii=False, sort_keys=True)
                yield _digest("kf", written), f"kf message {message['msgid'][:12]}"


def _digest(source: str, plain: str) -> str:
    return hashlib.sha256(f"{source}\0{plain}".encode()).hexdigest()


def nothing_parked(e: Evidence) -> Verdict:
    """A month without a bug parks nothing."""
    rows = e.ask(
        "SELECT kind, reason, count(*) AS n FROM inbox WHERE state = 'parked' AND reason <> '' GROUP BY kind, reason"
    )
    return [f"{row['n']} {row['kind']} parked: {row['reason']}" for row in rows]
