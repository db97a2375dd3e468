"""Consent: every promotional message was allowed, and nobody who refused heard from us again."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.demo.check.evidence import Evidence, Heard, Row, Verdict, local, moment

PURPOSE = {
    "kf": "marketing_wecom",
    "wecom": "marketing_wecom",
    "wecom_mass": "marketing_wecom",
    "official": "marketing_official",
}
GIVING = ("grant", "resume")
AT_A_GUIDE = timedelta(seconds=60)
"""A task that waits for a guide's tap must be called back so soon."""
AT_ONCE = timedelta(seconds=1)
HEARING = timedelta(minutes=3)
"""A callback may be late; by then every word of hers has been heard."""
REFUSING = {"退订", "td", "t", "取消订阅", "不要再发", "stop"}
AGREEING = {"订阅", "同意接收"}
KEYS = {"consent_no": False, "consent_yes": True}


class Said(NamedTuple):
    at: datetime
    """Since when it holds for us: when we could know."""
    allows: bool


def opted_out_left_alone(e: Evidence) -> Verdict:
    """By the ledger from the moment she was heard; by her own words even if the ledger never heard them."""
    ledger = _by_ledger(e)
    words = _by_words(e)
    wrong = []
    for heard in _personal(e):
        key = e.persons.get(heard.address, 0), PURPOSE[heard.channel]
        grace = AT_A_GUIDE if heard.channel == "wecom_mass" else AT_ONCE
        for said, patience in ((ledger.get(key, []), grace), (words.get(heard.to, []), HEARING)):
            left = _refused_before(said, heard.at, patience)
            if left is not None:
                wrong.append(f"{heard}, although she left at {local(left)}")
                break
    return wrong


def _personal(e: Evidence) -> list[Heard]:
    return [heard for heard in e.marketing if heard.channel in PURPOSE]


def _refused_before(said: list[Said], at: datetime, patience: timedelta) -> datetime | None:
    """When she refused for the last time before this moment, unless she has agreed again since."""
    before = [one for one in said if one.at <= at]
    last = max(before, key=lambda one: (one.at, not one.allows), default=None)
    if last is None or last.allows or at <= last.at + patience:
        return None
    return last.at


def _by_ledger(e: Evidence) -> dict[tuple[int, str], list[Said]]:
    """Person and purpose → what the ledger says, each entry from when we heard it."""
    heard = _hearings(e)
    found = defaultdict(list)
    for row in e.ask(
        "SELECT customer_id, purpose, action, at, evidence FROM consent_entry ORDER BY id"
    ):
        at = max(
            moment(row["at"]), heard.get(str(_evidence(row).get("message")), moment(row["at"]))
        )
        person = e.survivors[row["customer_id"]]
        found[person, row["purpose"]].append(Said(at, row["action"] in GIVING))
    return found


def _evidence(row: sqlite3.Row) -> Row:
    said = json.loads(row["evidence"] or "{}")
    return said if isinstance(said, dict) else {}


def _hearings(e: Evidence) -> dict[str, datetime]:
    """msgid of a customer's word → when the platform first told us of it."""
    found: dict[str, datetime] = {}
    for row in e.calls:
        if row["path"].endswith("/kf/sync_msg") and isinstance(row.get("response"), dict):
            for message in row["response"].get("msg_list") or ():
                found.setdefault(str(message["msgid"]), moment(row["t"]))
    for row in e.callbacks:
        if row.get("status") == 200 and (
            msgid := _between(str(row.get("plain")), "<MsgId>", "</MsgId>")
        ):
            found.setdefault(msgid, moment(row["t"]))
    return found


def _between(text: str, start: str, end: str) -> str | None:
    _, found, rest = text.partition(start)
    return rest.partition(end)[0] if found else None


def _by_words(e: Evidence) -> dict[str, list[Said]]:
    """Who → what she said herself about hearing from us, in as many words."""
    found = defaultdict(list)
    for row in e.acts:
        allows = _meant(row)
        if allows is not None and row["result"].get("ok"):
            found[row["args"]["customer"]].append(Said(moment(row["t"]), allows))
    return found


def _meant(row: Row) -> bool | None:
    args = row.get("args") or {}
    if row["act"] == "click_menu":
        return KEYS.get(str(args.get("key")))
    if row["act"] not in ("say_kf", "say_official"):
        return None
    words = str(args.get("text")).strip().casefold()
    return True if words in AGREEING else False if words in REFUSING else None


def marketing_has_consent(e: Evidence) -> Verdict:
    """Every promotional message that arrived had a consent behind it, and its touch names a fitting one."""
    return _unproven(e) + _never_agreed(e)


def _never_agreed(e: Evidence) -> Verdict:
    granted: dict[tuple[int, str], datetime] = {}
    for row in e.ask(
        "SELECT customer_id, purpose, at FROM consent_entry WHERE action IN ('grant', 'resume') ORDER BY at"
    ):
        granted.setdefault((e.survivors[row["customer_id"]], row["purpose"]), moment(row["at"]))
    wrong = []
    for heard in _personal(e):
        first = granted.get((e.persons.get(heard.address, 0), PURPOSE[heard.channel]))
        if first is None or first > heard.at:
            wrong.append(f"{heard}, who never agreed before")
    return wrong


def _unproven(e: Evidence) -> Verdict:
    entries = {
        row["id"]: row
        for row in e.ask("SELECT id, customer_id, purpose, action, at FROM consent_entry")
    }
    wrong = []
    for touch in e.touches.values():
        if (
            touch["purpose"] != "marketing"
            or touch["state"] != "delivered"
            or touch["channel"] not in PURPOSE
        ):
            continue
        if not _proves(e, entries.get(touch["consent_entry_id"]), touch):
            wrong.append(f"touch {touch['id']} has no consent behind it")
    return wrong


def _proves(e: Evidence, entry: sqlite3.Row | None, touch: sqlite3.Row) -> bool:
    return (
        entry is not None
        and entry["action"] in GIVING
        and entry["purpose"] == PURPOSE[touch["channel"]]
        and e.survivors[entry["customer_id"]] == e.survivors[touch["customer_id"]]
        and moment(entry["at"]) <= moment(touch["sent_at"])
    )
