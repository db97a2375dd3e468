"""Bugs, planted into a copy of the evidence: for each promise the ways it could have been broken."""

from __future__ import annotations

import copy
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bot.demo.check.evidence import moment

Log = list[dict[str, Any]]
Plant = Callable[[sqlite3.Connection, Log], None]


def sql(statement: str) -> Plant:
    def plant(db: sqlite3.Connection, log: Log) -> None:
        db.execute("PRAGMA ignore_check_constraints = ON")
        assert db.execute(statement).rowcount == 1, "nothing was planted"

    return plant


def one(table: str, where: str) -> str:
    return f"(SELECT min(id) FROM {table} WHERE {where})"


def touch(change: str, where: str) -> Plant:
    return sql(f"UPDATE touch SET {change} WHERE id = {one('touch', where)}")


def loosen(db: sqlite3.Connection, table: str) -> None:
    """Take away what the database itself would not let happen."""
    db.execute(f"CREATE TABLE loose AS SELECT * FROM {table}")
    db.execute(f"DROP TABLE {table}")
    db.execute(f"ALTER TABLE loose RENAME TO {table}")


def again(db: sqlite3.Connection, table: str, where: str, **changed: Any) -> int:
    """A second row like the first one found; its id."""
    row = dict(db.execute(f"SELECT * FROM {table} WHERE {where} ORDER BY id").fetchone())
    row |= {"id": db.execute(f"SELECT max(id) + 1 FROM {table}").fetchone()[0], **changed}
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))
    return int(row["id"])


def arrival(log: Log, **facts: Any) -> dict[str, Any]:
    return next(row for row in log if row["side"] == "arrival" and facts.items() <= row.items())


def touches(db: sqlite3.Connection, where: str) -> list[sqlite3.Row]:
    return db.execute(
        f"SELECT t.*, m.msgid FROM touch t LEFT JOIN mass_task m ON m.id = t.mass_task_id WHERE {where} ORDER BY t.id"
    ).fetchall()


PROMOTED = "t.state = 'delivered' AND t.purpose = 'marketing'"
LOYAL = "t.customer_id NOT IN (SELECT customer_id FROM consent_entry WHERE action = 'withdraw')"


def sent_by(log: Log, found: sqlite3.Row) -> dict[str, Any]:
    """The row of the log in which this touch arrived."""
    if found["channel"] == "kf":
        return next(
            row
            for row in log
            if row["side"] == "arrival" and str(row["msgid"]).startswith(f"t{found['id']}-")
        )
    return arrival(
        log, channel="wecom_mass", msgid=found["msgid"], external_userid=found["address"]
    )


def promoted(db: sqlite3.Connection, log: Log, channel: str) -> dict[str, Any]:
    return sent_by(log, touches(db, f"{PROMOTED} AND {LOYAL} AND t.channel = '{channel}'")[0])


# Touches


def twice(channel: str) -> Plant:
    def plant(db: sqlite3.Connection, log: Log) -> None:
        log.append(copy.deepcopy(promoted(db, log, channel)))

    return plant


def same_words(db: sqlite3.Connection, log: Log) -> None:
    """A second task, taken for a service message, with the words of the first."""
    found = touches(db, f"{PROMOTED} AND t.channel = 'wecom'")[0]
    task = again(
        db, "mass_task", f"id = {found['mass_task_id']}", msgid="msgAGAIN", purpose="service"
    )
    facts = {"campaign_id": None, "run_id": None, "purpose": "service", "mass_task_id": task}
    again(db, "touch", f"id = {found['id']}", **facts)
    log.append(sent_by(log, found) | {"msgid": "msgAGAIN"})


def never_came(where: str) -> Plant:
    def plant(db: sqlite3.Connection, log: Log) -> None:
        log.remove(sent_by(log, touches(db, where)[0]))

    return plant


def answer_never_came(db: sqlite3.Connection, log: Log) -> None:
    log.remove(
        next(
            row
            for row in log
            if row.get("channel") == "kf" and not str(row["msgid"]).startswith("t")
        )
    )


def nobody_owed_it(db: sqlite3.Connection, log: Log) -> None:
    answer = next(
        row for row in log if row.get("channel") == "kf" and "活动消息" not in row["text"]
    )
    log.append(answer | {"msgid": "stray"})


# Limits


def too_often(db: sqlite3.Connection, log: Log) -> None:
    """What went to one went to another who had been written to already."""
    hers = touches(db, f"{PROMOTED} AND {LOYAL} AND t.channel = 'wecom'")[0]
    other = next(
        row
        for row in touches(db, f"{PROMOTED} AND {LOYAL} AND t.channel = 'wecom'")
        if row["campaign_id"] != hers["campaign_id"] and row["customer_id"] != hers["customer_id"]
    )
    row, mine = sent_by(log, other), sent_by(log, hers)
    row["to"], row["external_userid"] = mine["to"], mine["external_userid"]
    db.execute(
        "UPDATE touch SET customer_id = ?, address = ?, consent_entry_id = ? WHERE id = ?",
        (hers["customer_id"], hers["address"], hers["consent_entry_id"], other["id"]),
    )


def over_quota(db: sqlite3.Connection, log: Log) -> None:
    log.append(promoted(db, log, "wecom") | {"status": "over_quota"})


def window_shut(db: sqlite3.Connection, log: Log) -> None:
    next(row for row in log if str(row.get("path")).endswith("/kf/send_msg"))["errcode"] = 95001


def never_wrote(db: sqlite3.Connection, log: Log) -> None:
    log.remove(
        next(row for row in log if row.get("act") == "say_kf" and "积分" in row["args"]["text"])
    )


def at_night(channel: str) -> Plant:
    def plant(db: sqlite3.Connection, log: Log) -> None:
        row = promoted(db, log, channel)
        row["t"] = row["t"][:11] + "22:30:00.000+08:00"

    return plant


# Consent


def after_she_left(*, heard: bool) -> Plant:
    """What had reached her before she left comes after it; perhaps the ledger knows of nothing."""

    def plant(db: sqlite3.Connection, log: Log) -> None:
        left = "t.customer_id IN (SELECT customer_id FROM consent_entry WHERE action = 'withdraw')"
        found = touches(db, f"{PROMOTED} AND {left}")[0]
        hers = f"customer_id = {found['customer_id']} AND action = 'withdraw'"
        at = db.execute(f"SELECT at FROM consent_entry WHERE {hers}").fetchone()[0]
        sent_by(log, found)["t"] = (moment(at) + timedelta(minutes=5)).isoformat()
        if not heard:
            db.execute(
                f"DELETE FROM consent_state WHERE entry_id IN (SELECT id FROM consent_entry WHERE {hers})"
            )
            db.execute(f"DELETE FROM consent_entry WHERE {hers}")

    return plant


def never_asked(db: sqlite3.Connection, log: Log) -> None:
    who = touches(db, f"{PROMOTED} AND {LOYAL}")[0]["customer_id"]
    for table in ("consent_entry", "consent_state"):
        db.execute(f"DELETE FROM {table} WHERE customer_id = {who}")


# Events, welcomes, groups, cases, tokens


def never_sent(db: sqlite3.Connection, log: Log) -> None:
    digest = next(row for row in log if row["side"] == "callback")["digest"]
    log[:] = [row for row in log if row.get("digest") != digest]


def late_welcome(db: sqlite3.Connection, log: Log) -> None:
    row = arrival(log, channel="welcome")
    row["t"] = (moment(row["t"]) + timedelta(seconds=25)).isoformat()


def second_welcome(db: sqlite3.Connection, log: Log) -> None:
    log.append(dict(arrival(log, channel="welcome")))


def second_invite(db: sqlite3.Connection, log: Log) -> None:
    loosen(db, "invite")
    again(db, "invite", "id > 0")


def invited_member(db: sqlite3.Connection, log: Log) -> None:
    invite = db.execute("SELECT * FROM invite ORDER BY id").fetchone()
    room = db.execute(
        "SELECT id FROM group_chat WHERE rule_key = ?", (invite["rule_key"],)
    ).fetchone()[0]
    facts = {"customer_id": invite["customer_id"], "member_id": "wm-planted", "left_at": None}
    again(
        db,
        "group_member",
        f"group_chat_id = {room}",
        joined_at="2026-01-01 00:00:00.000000",
        **facts,
    )


def crowded(db: sqlite3.Connection, log: Log) -> None:
    asked = [row for row in log if str(row.get("path")).endswith("/groupchat/get")]
    told = [row for row in asked if row["status"] == 200 and not row["errcode"]]
    told[-1]["response"]["group_chat"]["member_list"] *= 200


def redeemed_again(db: sqlite3.Connection, log: Log) -> None:
    again(db, "redemption", "voided_at IS NULL", live=None, alone=None)


def step_again(db: sqlite3.Connection, log: Log) -> None:
    loosen(db, "case_step")
    again(db, "case_step", "kind = 'warned'")


def asks_again(db: sqlite3.Connection, log: Log) -> None:
    asked = next(row for row in log if row.get("path") == "/cgi-bin/gettoken")
    log.insert(log.index(asked), dict(asked))


def of_case(change: str, where: str) -> Plant:
    return sql(f"{change} WHERE id = {one('case_step', where)}")


PLANTS: list[tuple[str, str, Plant]] = [
    ("no_touch_lost", "overlooked", touch("state = 'planned'", "state = 'excluded'")),
    ("no_touch_lost", "left with a guide", touch("state = 'handed_over'", "state = 'expired'")),
    ("no_touch_lost", "queued for nothing", touch("state = 'queued'", "state = 'expired'")),
    ("no_touch_lost", "ended in silence", touch("reason = NULL", "state = 'excluded'")),
    (
        "no_touch_lost",
        "debt forgotten",
        sql(
            f"UPDATE outbox SET state = 'owed' WHERE id = {one('outbox', 'kind = ' + repr('mark_tags'))}"
        ),
    ),
    ("no_touch_doubled", "a task twice", twice("wecom")),
    ("no_touch_doubled", "kf twice", twice("kf")),
    ("no_touch_doubled", "two tasks, the same words", same_words),
    ("delivered_is_arrived", "mass task lost", never_came(f"{PROMOTED} AND t.channel = 'wecom'")),
    ("delivered_is_arrived", "kf lost", never_came("t.state = 'delivered' AND t.channel = 'kf'")),
    ("delivered_is_arrived", "answer lost", answer_never_came),
    ("delivered_is_arrived", "from nowhere", nobody_owed_it),
    (
        "delivered_is_arrived",
        "mass task denied",
        touch(
            "state = 'refused', reason = 'refused'", "state = 'delivered' AND channel = 'wecom'"
        ),
    ),
    (
        "delivered_is_arrived",
        "kf denied",
        touch("state = 'cancelled', reason = 'stopped'", "state = 'delivered' AND channel = 'kf'"),
    ),
    (
        "delivered_is_arrived",
        "official lost",
        touch(
            "channel = 'official', address = 'o-nobody'",
            "state = 'delivered' AND channel = 'kf' AND purpose = 'service'",
        ),
    ),
    ("quotas_kept", "twice in a week", too_often),
    ("quotas_kept", "over the platform's", over_quota),
    ("windows_kept", "refused", window_shut),
    ("windows_kept", "nobody had written", never_wrote),
    ("quiet_hours_kept", "mass task at night", at_night("wecom")),
    ("quiet_hours_kept", "kf at night", at_night("kf")),
    ("opted_out_left_alone", "in spite of the ledger", after_she_left(heard=True)),
    ("opted_out_left_alone", "never heard", after_she_left(heard=False)),
    (
        "marketing_has_consent",
        "no proof",
        touch("consent_entry_id = NULL", "state = 'delivered' AND purpose = 'marketing'"),
    ),
    ("marketing_has_consent", "never asked", never_asked),
    (
        "coupons_within_budget",
        "over budget",
        sql(
            f"UPDATE offer SET budget_pieces = issued - 1 WHERE id = {one('offer', 'issued > 1')}"
        ),
    ),
    (
        "coupons_within_budget",
        "miscounted",
        sql(f"UPDATE offer SET issued = issued + 1 WHERE id = {one('offer', 'issued > 1')}"),
    ),
    (
        "coupons_redeemed_once",
        "twice",
        redeemed_again,
    ),
    (
        "coupons_redeemed_once",
        "for nothing",
        sql(f"DELETE FROM redemption WHERE id = {one('redemption', 'voided_at IS NULL')}"),
    ),
    (
        "points_are_their_ledger",
        "one too many",
        sql(
            "UPDATE points_account SET balance = balance + 1 "
            "WHERE customer_id = (SELECT min(customer_id) FROM points_account)"
        ),
    ),
    (
        "points_are_their_ledger",
        "entry lost",
        sql(f"DELETE FROM points_entry WHERE id = {one('points_entry', 'delta > 0')}"),
    ),
    *(
        (
            "acknowledged_is_handled",
            f"{source} lost",
            sql(
                f"DELETE FROM inbox WHERE id = (SELECT min(id) FROM inbox WHERE source = '{source}')"
            ),
        )
        for source in ("wecom", "official", "kf")
    ),
    ("acknowledged_is_handled", "made up", never_sent),
    (
        "acknowledged_is_handled",
        "never handled",
        sql(f"UPDATE inbox SET state = 'kept' WHERE id = {one('inbox', 'id > 0')}"),
    ),
    (
        "acknowledged_is_handled",
        "parked in silence",
        sql(
            f"UPDATE inbox SET state = 'parked', reason = NULL WHERE id = {one('inbox', 'id > 0')}"
        ),
    ),
    (
        "nothing_parked",
        "a bug",
        sql(
            f"UPDATE inbox SET state = 'parked', reason = 'KeyError' WHERE id = {one('inbox', 'id > 0')}"
        ),
    ),
    ("welcome_in_time", "late", late_welcome),
    ("welcome_in_time", "twice", second_welcome),
    ("cases_on_time", "warned twice", step_again),
    (
        "cases_on_time",
        "late",
        of_case("UPDATE case_step SET at = datetime(at, '+120 seconds')", "kind = 'warned'"),
    ),
    ("cases_on_time", "never breached", of_case("DELETE FROM case_step", "kind = 'breached'")),
    ("cases_on_time", "went nowhere", of_case("DELETE FROM case_step", "kind = 'escalated'")),
    ("tokens_fetched_once", "asked again", asks_again),
    ("invited_once", "twice in a round", second_invite),
    ("invited_once", "a member", invited_member),
    (
        "groups_within_capacity",
        "too small",
        sql(
            f"UPDATE group_chat SET capacity = members - 1 WHERE id = {one('group_chat', 'members > 1')}"
        ),
    ),
    ("groups_within_capacity", "told so", crowded),
    (
        "audit_chain_holds",
        "changed",
        sql(f"UPDATE audit SET actor = 'staff:9' WHERE id = {one('audit', 'id > 1')}"),
    ),
    (
        "audit_chain_holds",
        "taken out",
        sql(f"DELETE FROM audit WHERE id = {one('audit', 'id > 1')}"),
    ),
    (
        "consent_chain_holds",
        "changed",
        sql(
            f"UPDATE consent_entry SET channel = 'phone' WHERE id = {one('consent_entry', 'id > 0')}"
        ),
    ),
    (
        "consent_chain_holds",
        "another state",
        sql(
            "UPDATE consent_state SET granted = NOT granted WHERE rowid = (SELECT min(rowid) FROM consent_state)"
        ),
    ),
]
