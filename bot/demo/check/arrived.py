"""Touches: none lost, none doubled, and what is called delivered is what arrived."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

from bot.demo.check.evidence import SAME_MOMENT, Evidence, Row, Verdict, local, moment

A_DAY = timedelta(days=1)
ASKED_WITHIN = timedelta(minutes=75)
"""The platform is asked what became of a mass task at least so often."""
IN_WINDOWS = ("send_kf", "send_kf_on_event")


def no_touch_lost(e: Evidence) -> Verdict:
    """A touch is final with its reason, or its moment is still to come; and so is every debt."""
    end = _written(e)
    waiting = e.ask("SELECT id, state FROM touch WHERE state = 'planned' AND due_at < ?", end)
    unpaid = e.ask(
        "SELECT t.id, t.state FROM touch t WHERE t.state = 'queued' AND NOT EXISTS "
        "(SELECT 1 FROM outbox o WHERE o.state IN ('owed', 'claimed') "
        "AND (o.touch_id = t.id OR o.mass_task_id = t.mass_task_id)) AND NOT EXISTS "
        "(SELECT 1 FROM mass_task m WHERE m.id = t.mass_task_id AND m.state IN ('unknown', 'cancelling'))"
    )
    left = e.ask(
        "SELECT t.id, t.state FROM touch t LEFT JOIN mass_task m ON m.id = t.mass_task_id "
        "WHERE t.state = 'handed_over' AND (m.id IS NULL OR "
        "m.state NOT IN ('waiting', 'confirmed', 'cancelling') OR m.check_at IS NULL OR m.check_at < ?)",
        end,
    )
    silent = e.ask(
        "SELECT id, state FROM touch WHERE reason IS NULL AND state NOT IN "
        "('planned', 'queued', 'handed_over', 'delivered')"
    )
    debts = e.ask(
        "SELECT kind, effect FROM outbox WHERE state IN ('owed', 'claimed') AND due_at < ?", end
    )
    return [
        *(f"touch {row['id']} is still {row['state']}" for row in (*waiting, *unpaid, *left)),
        *(f"touch {row['id']} is {row['state']} without a reason" for row in silent),
        *(f"{row['kind']} for {row['effect']} was never made" for row in debts),
    ]


def _written(e: Evidence) -> str:
    """The end as the database writes moments."""
    return e.end.astimezone(moment("2026-01-01").tzinfo).strftime("%Y-%m-%d %H:%M:%S.%f")


def no_touch_doubled(e: Evidence) -> Verdict:
    """No one received one message twice, nor the same promotion by two messages within a day."""
    sent = [row for row in e.arrivals if row.get("status", "sent") == "sent"]
    seen = Counter((row["channel"], row["to"], row["msgid"]) for row in sent if _is_named(row))
    again = [
        f"{to} got {channel} {msgid} {n} times"
        for (channel, to, msgid), n in seen.items()
        if n > 1
    ]
    return again + _said_twice([row for row in sent if row["channel"] == "wecom_mass"])


def _is_named(row: Row) -> bool:
    return row["channel"] in ("wecom_mass", "kf") and bool(row.get("msgid"))


def _said_twice(sent: list[Row]) -> Verdict:
    """Two tasks with the same words for one person are a double, whatever their names."""
    last: dict[tuple[str, str], Row] = {}
    wrong = []
    for row in sent:
        before = last.get((row["to"], row["text"]))
        if (
            before
            and before["msgid"] != row["msgid"]
            and moment(row["t"]) - moment(before["t"]) < A_DAY
        ):
            wrong.append(f"{row['to']} got the same words by {before['msgid']} and {row['msgid']}")
        last[row["to"], row["text"]] = row
    return wrong


def delivered_is_arrived(e: Evidence) -> Verdict:
    """Person by person and task by task, in both directions."""
    return _mass(e) + _official(e) + _kf(e)


def _mass(e: Evidence) -> Verdict:
    rows = e.ask(
        "SELECT t.state, t.address, m.msgid FROM touch t JOIN mass_task m ON m.id = t.mass_task_id "
        "WHERE m.msgid IS NOT NULL"
    )
    became = {(row["address"], row["msgid"]): row["state"] for row in rows}
    told = {key for key, state in became.items() if state == "delivered"}
    arrived = {
        (row["external_userid"], row["msgid"]): moment(row["t"])
        for row in e.arrivals
        if row["channel"] == "wecom_mass" and row["status"] == "sent"
    }
    denied = {
        (who, msgid)
        for (who, msgid), at in arrived.items()
        if not _may_be_open(became.get((who, msgid)), e.end - at)
    }
    return [
        f"{msgid} to {who} is called delivered and never arrived"
        for who, msgid in sorted(told - arrived.keys())
    ] + [
        f"{msgid} arrived with {who} and is not called delivered" for who, msgid in sorted(denied)
    ]


def _may_be_open(state: str | None, ago: timedelta) -> bool:
    """What arrived just before the end need not have been asked about yet."""
    fresh = state in ("queued", "handed_over") and ago < ASKED_WITHIN
    return fresh or state in ("delivered", "unknown")


def _official(e: Evidence) -> Verdict:
    moments: dict[str, list[Row]] = {}
    for row in e.arrivals:
        if row["channel"] == "official" and not row.get("passive"):
            moments.setdefault(str(row.get("openid")), []).append(row)
    wrong = []
    for openid, touches in e.official_touches.items():
        for touch in touches:
            at = moment(touch["sent_at"])
            if not any(
                abs(moment(row["t"]) - at) <= SAME_MOMENT for row in moments.get(openid, ())
            ):
                wrong.append(f"touch {touch['id']} is called delivered and never arrived")
    unknown = e.ask(
        "SELECT count(*) AS n FROM touch WHERE channel = 'official' AND state = 'unknown'"
    )[0]["n"]
    strays = [row for rows in moments.values() for row in rows if row in _promotions(e, rows)]
    return wrong + (_unclaimed(strays) if len(strays) > unknown else [])


def _promotions(e: Evidence, rows: list[Row]) -> list[Row]:
    """Promotional messages of these behind which there is no touch."""
    times = {(heard.address, heard.at) for heard in e.marketing if heard.channel == "official"}
    return [
        row
        for row in rows
        if e.touch_of(row) is None and (row["openid"], moment(row["t"])) in times
    ]


def _kf(e: Evidence) -> Verdict:
    """Replies too: every message that a debt calls sent has arrived, and the other way round."""
    debts = e.ask(
        f"SELECT touch_id, state, answer FROM outbox WHERE kind IN ({', '.join('?' * len(IN_WINDOWS))})",
        *IN_WINDOWS,
    )
    paid = [json.loads(row["answer"])["msgid"] for row in debts if row["state"] == "done"]
    there = [
        row
        for row in e.arrivals
        if row["channel"] == "kf" and row["sender"] == row.get("open_kfid")
    ]
    arrived = {row["msgid"] for row in there}
    lost = [
        f"kf {msgid} is called sent and never arrived" for msgid in paid if msgid not in arrived
    ]
    strays = [row for row in there if row["msgid"] not in set(paid)]
    doubtful = sum(row["state"] == "unknown" for row in debts)
    unclaimed = _unclaimed(strays) if len(strays) > doubtful else []
    return lost + unclaimed + _kf_touches(e, there)


def _kf_touches(e: Evidence, there: list[Row]) -> Verdict:
    arrived = {
        touch["id"]: touch["state"] for row in there if (touch := e.touch_of(row)) is not None
    }
    told = {
        touch["id"]
        for touch in e.touches.values()
        if touch["channel"] == "kf" and touch["state"] == "delivered"
    }
    return [
        f"touch {id_} is called delivered and never arrived"
        for id_ in sorted(told - arrived.keys())
    ] + [
        f"touch {id_} arrived and is called {state}"
        for id_, state in sorted(arrived.items())
        if state not in ("delivered", "unknown")
    ]


def _unclaimed(rows: list[Row]) -> Verdict:
    return [
        f"{row['channel']} to {row['to']} at {local(moment(row['t']))} arrived and nobody owed it"
        for row in rows
    ]
