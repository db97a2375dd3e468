"""What both sides wrote down, and who is who in it."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path
from typing import Any, Self

SHANGHAI = timezone(timedelta(hours=8))
FOOTER = re.compile(r"退订[”」\"']?\s*不再接收")
"""The line under every promotional text: a message says by itself what it is."""
OF_TOUCH = re.compile(r"t(\d+)-\d+")
"""The msgid under which the bot sends a touch through 微信客服."""
SAME_MOMENT = timedelta(seconds=2)

Row = dict[str, Any]
Verdict = list[str]
"""What is wrong, in plain sentences; empty when the promise was kept."""


def read_log(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def moment(text: str) -> datetime:
    """A moment of the log or the database; the database keeps UTC without a zone."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def local(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%m-%d %H:%M:%S}"


@dataclass(frozen=True, slots=True)
class Heard:
    """One marketing message that reached somebody."""

    to: str
    """Her name in the sandbox's world: the same on every channel."""
    channel: str
    at: datetime
    key: str
    """What makes it this message and no other: a copy of it has the same."""
    address: str

    def __str__(self) -> str:
        return f"{self.channel} to {self.to} at {local(self.at)}"


class Evidence:
    """The database, opened for reading only, and the sandbox's log."""

    def __init__(self, database: Path, log: Iterable[Row]) -> None:
        self.db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        self.db.row_factory = sqlite3.Row
        sides: dict[str, list[Row]] = defaultdict(list)
        for row in log:
            sides[row["side"]].append(row)
        self.arrivals, self.calls = sides["arrival"], sides["api"]
        self.callbacks, self.acts = sides["callback"], sides["act"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.db.close()

    def ask(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        with closing(self.db.execute(statement, values)) as cursor:
            return cursor.fetchall()

    @cached_property
    def end(self) -> datetime:
        """The last moment that either side wrote down."""
        last = [moment(rows[-1]["t"]) for rows in (self.arrivals, self.calls) if rows]
        told = self.ask(
            "SELECT max(at) AS at FROM (SELECT max(at) AS at FROM tick_run UNION ALL "
            "SELECT max(settled_at) FROM outbox UNION ALL SELECT max(handled_at) FROM inbox)"
        )[0]["at"]
        return max(
            [*last, *([moment(told)] if told else [])], default=datetime.min.replace(tzinfo=UTC)
        )

    @cached_property
    def survivors(self) -> dict[int, int]:
        """Customer → the record that this person was folded into, or the customer itself."""
        folded = {
            row["id"]: row["merged_into"]
            for row in self.ask("SELECT id, merged_into FROM customer")
        }
        found = {}
        for customer in folded:
            kept = customer
            while folded.get(kept):
                kept = folded[kept]
            found[customer] = kept
        return found

    @cached_property
    def persons(self) -> dict[str, int]:
        """Platform id → person. 客户联系 and 微信客服 share one space of ids."""
        rows = self.ask(
            "SELECT value, customer_id FROM identity WHERE kind IN ('external_userid', 'kf', 'openid')"
        )
        return {row["value"]: self.survivors[row["customer_id"]] for row in rows}

    @cached_property
    def purposes(self) -> dict[str, str]:
        """msgid of a mass task → its purpose."""
        return {
            row["msgid"]: row["purpose"]
            for row in self.ask("SELECT msgid, purpose FROM mass_task WHERE msgid IS NOT NULL")
        }

    @cached_property
    def touches(self) -> dict[int, sqlite3.Row]:
        """Every touch that was ever on its way."""
        return {
            row["id"]: row for row in self.ask("SELECT * FROM touch WHERE channel IS NOT NULL")
        }

    @cached_property
    def official_touches(self) -> dict[str, list[sqlite3.Row]]:
        """openid → touches delivered there: the platform gives these messages no name."""
        found = defaultdict(list)
        for touch in self.touches.values():
            if touch["channel"] == "official" and touch["state"] == "delivered":
                found[touch["address"]].append(touch)
        return found

    @cached_property
    def marketing(self) -> list[Heard]:
        """Every promotional message that reached a customer, on whichever channel, in order of arrival."""
        found = [
            _heard(row)
            for row in self.arrivals
            if row.get("status", "sent") == "sent" and self._promotes(row)
        ]
        return sorted(found, key=lambda heard: heard.at)

    def _promotes(self, row: Row) -> bool:
        """By the touch or task behind it, or by what its words say; a task that nobody knows is no excuse."""
        if row["channel"] in ("wecom_mass", "group_mass"):
            return self.purposes.get(row["msgid"]) != "service"
        if row["channel"] not in ("kf", "official") or row.get("passive"):
            return False
        touch = self.touch_of(row)
        return FOOTER.search(row["text"]) is not None or (
            touch is not None and touch["purpose"] == "marketing"
        )

    def touch_of(self, row: Row) -> sqlite3.Row | None:
        """The touch behind a message in a window."""
        if row["channel"] == "kf":
            named = OF_TOUCH.fullmatch(str(row.get("msgid")))
            return self.touches.get(int(named[1])) if named else None
        at = moment(row["t"])
        for touch in self.official_touches.get(str(row.get("openid")), ()):
            if abs(moment(touch["sent_at"]) - at) <= SAME_MOMENT:
                return touch
        return None


def _heard(row: Row) -> Heard:
    address = str(row.get("external_userid") or row.get("openid") or row.get("chat_id"))
    key = f"{row['channel']}|{row.get('msgid') or row['t']}"
    return Heard(row["to"], row["channel"], moment(row["t"]), key, address)
