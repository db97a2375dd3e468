"""The invariants of a month: the sandbox's log held against the database, by code that shares nothing with the bot."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

SHANGHAI = timezone(timedelta(hours=8))
WELCOME_SECONDS = 18
GRACE = timedelta(seconds=1)
OUR_CAPS = ((timedelta(days=7), 1),)
MARKETING = ("wecom_mass", "kf", "official")

Row = dict[str, Any]
Verdict = list[str]
"""What is wrong, in words; empty when the promise was kept."""


class Evidence:
    """A copy of what both sides wrote down."""

    def __init__(self, database: Path, log: Iterable[Row]) -> None:
        self.db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        self.db.row_factory = sqlite3.Row
        self.log = list(log)
        self.arrivals = [row for row in self.log if row["side"] == "arrival"]
        self.calls = [row for row in self.log if row["side"] == "api"]
        self.callbacks = [row for row in self.log if row["side"] == "callback"]

    def ask(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        return self.db.execute(statement, values).fetchall()


def read_log(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def moment(text: str) -> datetime:
    """A moment of the log or the database; the database keeps UTC without a zone."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def no_touch_lost(e: Evidence) -> Verdict:
    """A touch is final, or still has its moment before it."""
    stuck = e.ask(
        "SELECT id, state FROM touch WHERE state IN ('queued', 'planned') AND due_at < (SELECT max(at) FROM tick_run)"
    )
    return [f"touch {row['id']} is still {row['state']}" for row in stuck]


def no_touch_doubled(e: Evidence) -> Verdict:
    """No person received the same words on the same channel from the same task, code or key twice."""
    seen: Counter[tuple[Any, ...]] = Counter()
    for row in e.arrivals:
        if row.get("status", "sent") == "sent" and row["channel"] in (
            "wecom_mass",
            "kf",
            "welcome",
        ):
            seen[row["channel"], row["to"], row.get("msgid")] += 1
    doubled = [
        f"{key} arrived {count} times" for key, count in seen.items() if count > 1 and key[2]
    ]
    return doubled + _mass_twice(e)


def _mass_twice(e: Evidence) -> Verdict:
    """Two tasks of one campaign for one person are a double, whatever their msgids."""
    ours: Counter[tuple[Any, ...]] = Counter()
    for row in e.arrivals:
        if row["channel"] == "wecom_mass" and row.get("status") == "sent":
            ours[row["to"], row.get("text"), row["t"][:10]] += 1
    return [
        f"{to} got the same mass text {n} times on {day}"
        for (to, _, day), n in ours.items()
        if n > 1
    ]


def delivered_is_arrived(e: Evidence) -> Verdict:
    """What the database calls delivered arrived, person by person: counts per person and mass task agree."""
    told = Counter(
        (row["value"], row["msgid"])
        for row in e.ask(
            "SELECT i.value, m.msgid FROM touch t JOIN mass_task m ON m.id = t.mass_task_id "
            "JOIN identity i ON i.customer_id = t.customer_id AND i.kind = 'external_userid' "
            "WHERE t.state = 'delivered' AND t.channel = 'wecom'"
        )
    )
    arrived = {
        (row["external_userid"], row["msgid"])
        for row in e.arrivals
        if row["channel"] == "wecom_mass" and row.get("status") == "sent"
    }
    persons = {value for value, _ in arrived}
    return [
        f"{key} is called delivered but never arrived"
        for key in told
        if key not in arrived and key[0] in persons
    ]


def quotas_kept(e: Evidence) -> Verdict:
    """The platform never had to refuse for a quota, and nobody heard from us more than our own cap allows."""
    over = [
        row
        for row in e.arrivals
        if row["channel"] == "wecom_mass" and row.get("status") == "over_quota"
    ]
    wrong = [f"over quota: {row['to']}" for row in over]
    heard = defaultdict(list)
    for row in e.ask(
        "SELECT customer_id, sent_at FROM touch WHERE state = 'delivered' AND purpose = 'marketing' "
        "AND sent_at IS NOT NULL ORDER BY customer_id, sent_at"
    ):
        heard[row["customer_id"]].append(moment(row["sent_at"]))
    for customer, moments in heard.items():
        for window, most in OUR_CAPS:
            for first, later in zip(moments, moments[most:], strict=False):
                if later - first < window:
                    wrong.append(f"customer {customer} heard from us at {first} and {later}")
    return wrong


def windows_kept(e: Evidence) -> Verdict:
    """No message was tried outside of a window: 95001, 95002, 45015, 45047 never came back."""
    closed = {95001, 95002, 95018, 45015, 45047}
    return [
        f"{row['path']} answered {row['errcode']}"
        for row in e.calls
        if row.get("errcode") in closed
    ]


def quiet_hours_kept(e: Evidence) -> Verdict:
    """No marketing arrived between 21:00 and 09:00."""
    wrong = []
    for row in _marketing_arrivals(e):
        local = moment(row["t"]).astimezone(SHANGHAI)
        if not 9 <= local.hour < 21:
            wrong.append(f"{row['channel']} to {row['to']} at {local:%m-%d %H:%M}")
    return wrong


def _marketing_arrivals(e: Evidence) -> list[Row]:
    """Arrivals that a marketing touch of ours caused: mass tasks of ours, and keyed kf messages."""
    tasks = {
        row["msgid"] for row in e.ask("SELECT msgid FROM mass_task WHERE purpose = 'marketing'")
    }
    return [
        row
        for row in e.arrivals
        if row["channel"] == "wecom_mass"
        and row.get("status") == "sent"
        and row.get("msgid") in tasks
    ]


def opted_out_left_alone(e: Evidence) -> Verdict:
    """Nothing of marketing was sent after a withdrawal, unless she agreed again."""
    rows = e.ask(
        "SELECT c.customer_id, c.at AS left_at, t.id, t.sent_at FROM consent_entry c "
        "JOIN touch t ON t.customer_id = c.customer_id AND t.purpose = 'marketing' "
        "AND t.state = 'delivered' AND t.channel = 'wecom' "
        "WHERE c.action = 'withdraw' AND c.purpose = 'marketing_wecom' AND t.sent_at > c.at "
        "AND NOT EXISTS (SELECT 1 FROM consent_entry g WHERE g.customer_id = c.customer_id "
        "AND g.purpose = c.purpose AND g.action = 'grant' AND g.id > c.id AND g.at <= t.sent_at)"
    )
    return [
        f"touch {row['id']} reached customer {row['customer_id']} after she opted out"
        for row in rows
        if moment(row["sent_at"]) > moment(row["left_at"]) + timedelta(seconds=60)
    ]


def marketing_has_consent(e: Evidence) -> Verdict:
    """Every marketing message that arrived can show the entry that allowed it."""
    bare = e.ask(
        "SELECT t.id FROM touch t WHERE t.purpose = 'marketing' AND t.state = 'delivered' AND NOT EXISTS "
        "(SELECT 1 FROM consent_entry c WHERE c.id = t.consent_entry_id AND c.action = 'grant' AND c.at <= t.sent_at)"
    )
    return [f"touch {row['id']} has no consent behind it" for row in bare]


def coupons_within_budget(e: Evidence) -> Verdict:
    wrong = e.ask(
        "SELECT o.key, o.issued, o.budget_pieces AS budget, count(c.id) AS n FROM offer o "
        "LEFT JOIN coupon c ON c.offer_id = o.id GROUP BY o.id HAVING n > o.budget_pieces OR n <> o.issued"
    )
    return [
        f"offer {row['key']}: {row['n']} coupons, counted {row['issued']}, budget {row['budget_pieces']}"
        for row in wrong
    ]


def coupons_redeemed_once(e: Evidence) -> Verdict:
    wrong = e.ask(
        "SELECT coupon_id, count(*) AS n FROM redemption WHERE voided_at IS NULL GROUP BY coupon_id HAVING n > 1"
    )
    stray = e.ask(
        "SELECT c.id FROM coupon c WHERE c.state = 'redeemed' AND NOT EXISTS "
        "(SELECT 1 FROM redemption r WHERE r.coupon_id = c.id AND r.voided_at IS NULL)"
    )
    return [f"coupon {row['coupon_id']} redeemed {row['n']} times" for row in wrong] + [
        f"coupon {row['id']} is redeemed without a redemption" for row in stray
    ]


def points_are_their_ledger(e: Evidence) -> Verdict:
    wrong = e.ask(
        "SELECT a.customer_id, a.balance, coalesce(sum(p.delta), 0) AS total FROM points_account a "
        "LEFT JOIN points_entry p ON p.customer_id = a.customer_id GROUP BY a.customer_id HAVING a.balance <> total"
    )
    return [
        f"customer {row['customer_id']}: balance {row['balance']}, ledger {row['total']}"
        for row in wrong
    ]


def acknowledged_is_handled(e: Evidence) -> Verdict:
    """Every callback that got its 200 lies in the inbox, handled or parked with a reason."""
    acknowledged = {row["digest"] for row in e.callbacks if row.get("status") == 200}
    kept = e.ask("SELECT state, reason, count(*) AS n FROM inbox GROUP BY state, reason")
    waiting = [f"{row['n']} events are {row['state']}" for row in kept if row["state"] == "kept"]
    silent = [
        f"{row['n']} parked without a reason"
        for row in kept
        if row["state"] == "parked" and not row["reason"]
    ]
    stored = e.ask("SELECT count(*) AS n FROM inbox WHERE source IN ('wecom', 'official')")[0]["n"]
    lost = (
        [f"{len(acknowledged)} different callbacks acknowledged, {stored} kept"]
        if stored != len(acknowledged)
        else []
    )
    words = f"{len(acknowledged)} different callbacks acknowledged, {stored} kept"
    return waiting + silent + ([words] if lost else [])


def nothing_parked(e: Evidence) -> Verdict:
    """A month without a bug parks nothing."""
    rows = e.ask(
        "SELECT kind, reason, count(*) AS n FROM inbox WHERE state = 'parked' GROUP BY kind, reason"
    )
    return [f"{row['n']} {row['kind']} parked: {row['reason']}" for row in rows]


def welcome_in_time(e: Evidence) -> Verdict:
    """Every welcome left within 18 virtual seconds of the first callback that brought its code."""
    added: dict[str, datetime] = {}
    for row in e.callbacks:
        if found := _between(str(row.get("plain")), "<WelcomeCode><![CDATA[", "]]>"):
            added.setdefault(found, moment(row["t"]))
    sent = [row for row in e.calls if row["path"].endswith("send_welcome_msg")]
    done = [(row["request"]["welcome_code"], row["t"]) for row in sent if row.get("errcode") == 0]
    took = [moment(at) - added.get(code, moment(at)) for code, at in done]
    late = [each for each in took if each > timedelta(seconds=WELCOME_SECONDS)]
    return [f"welcome after {each.total_seconds():.0f} s" for each in late]


def _between(text: str, start: str, end: str) -> str | None:
    _, found, rest = text.partition(start)
    return rest.partition(end)[0] if found else None


PROMISES: dict[str, Callable[[Evidence], Verdict]] = {
    "no_touch_lost": no_touch_lost,
    "no_touch_doubled": no_touch_doubled,
    "delivered_is_arrived": delivered_is_arrived,
    "quotas_kept": quotas_kept,
    "windows_kept": windows_kept,
    "quiet_hours_kept": quiet_hours_kept,
    "opted_out_left_alone": opted_out_left_alone,
    "marketing_has_consent": marketing_has_consent,
    "coupons_within_budget": coupons_within_budget,
    "coupons_redeemed_once": coupons_redeemed_once,
    "points_are_their_ledger": points_are_their_ledger,
    "acknowledged_is_handled": acknowledged_is_handled,
    "nothing_parked": nothing_parked,
    "welcome_in_time": welcome_in_time,
}


def check(database: Path, log: Iterable[Row]) -> dict[str, Verdict]:
    """Every promise with what broke it; nothing where it was kept."""
    evidence = Evidence(database, log)
    return {name: promise(evidence) for name, promise in PROMISES.items()}
