"""Being in time: welcomes, the clocks of cases; and not asking for tokens that one has."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bot.demo.check.evidence import Evidence, Row, Verdict, moment

WELCOME_SECONDS = 18
CODE = re.compile(r"<WelcomeCode><!\[CDATA\[(.+?)\]\]>")
CREATED = re.compile(r"<CreateTime>(\d+)</CreateTime>")


def welcome_in_time(e: Evidence) -> Verdict:
    """A welcome arrives within 18 virtual seconds after she was added, and once."""
    added = {code: at for row in e.callbacks for code, at in _added(row)}
    welcomes = [row for row in e.arrivals if row["channel"] == "welcome"]
    took = [
        (row["to"], (moment(row["t"]) - added[row["msgid"]]).total_seconds()) for row in welcomes
    ]
    seen = Counter((row["to"], row["msgid"]) for row in welcomes)
    return [
        f"{to} was welcomed after {seconds:.0f} s"
        for to, seconds in took
        if seconds > WELCOME_SECONDS
    ] + [f"{to} was welcomed {n} times for one code" for (to, _), n in seen.items() if n > 1]


def _added(row: Row) -> Iterator[tuple[str, datetime]]:
    """Code of a new friend and when she was added, however late we were told."""
    plain = str(row.get("plain"))
    code, created = CODE.search(plain), CREATED.search(plain)
    if code and created:
        yield code[1], datetime.fromtimestamp(int(created[1]), UTC)


CLOCKED = ("warned", "breached", "escalated")
LATE = timedelta(seconds=60)
WARN_BEFORE = timedelta(hours=4)


def cases_on_time(e: Evidence) -> Verdict:
    """No moment of a case's clocks is passed twice, late, early or not at all."""
    steps: dict[int, list[sqlite3.Row]] = defaultdict(list)
    for row in e.ask("SELECT case_id, kind, level, at FROM case_step ORDER BY at, id"):
        steps[row["case_id"]].append(row)
    wrong = []
    for case in e.ask("SELECT * FROM service_case"):
        hers = steps[case["id"]]
        seen = Counter((row["kind"], row["level"]) for row in hers if row["kind"] in CLOCKED)
        wrong += [
            f"case {case['id']} was {kind} {n} times at level {level}"
            for (kind, level), n in seen.items()
            if n > 1
        ]
        wrong += [
            sentence for mark in _marks(e, case, hers) for sentence in _passed(case, hers, *mark)
        ]
        wrong += _raised(case, hers)
    return wrong


def _marks(
    e: Evidence, case: sqlite3.Row, steps: list[sqlite3.Row]
) -> Iterator[tuple[str, int, datetime]]:
    """Kind, level and moment of what this case must have passed by the end."""
    if any(row["kind"].startswith("waiting") for row in steps):
        return  # the clock stood still for a while
    closed = moment(case["closed_at"]) if case["closed_at"] else e.end
    answered = moment(case["answered_at"]) if case["answered_at"] else e.end
    for level, due, over in ((1, case["answer_due"], answered), (2, case["resolve_due"], closed)):
        for kind, at in (("warned", moment(due) - WARN_BEFORE), ("breached", moment(due))):
            if at + LATE < min(over, closed, e.end):
                yield kind, level, at


def _passed(
    case: sqlite3.Row, steps: list[sqlite3.Row], kind: str, level: int, due: datetime
) -> Iterator[str]:
    at = next(
        (moment(row["at"]) for row in steps if (row["kind"], row["level"]) == (kind, level)), None
    )
    if at is None:
        yield f"case {case['id']} was never {kind} at level {level}"
    elif not due <= at <= due + LATE:
        yield f"case {case['id']} was {kind} {(at - due).total_seconds():.0f} s after its moment"


def _raised(case: sqlite3.Row, steps: list[sqlite3.Row]) -> Iterator[str]:
    """A breach goes up: to the level above its own, at once or before."""
    for breach in (row for row in steps if row["kind"] == "breached"):
        until = moment(breach["at"]) + LATE
        if not any(
            row["kind"] == "escalated"
            and row["level"] > breach["level"]
            and moment(row["at"]) <= until
            for row in steps
        ):
            yield f"case {case['id']} was breached at level {breach['level']} and went nowhere"


TOKENS = {
    "/cgi-bin/gettoken": "wecom",
    "/cgi-bin/stable_token": "official",
    "/cgi-bin/token": "official",
}
BAD_TOKEN = ("errcode:40001", "errcode:40014", "errcode:42001")
MOST_OF_ITS_LIFE = 0.9
"""A token near its end may be replaced before it fails."""


def tokens_fetched_once(e: Evidence) -> Verdict:
    """A token is asked for when there is none, when it ran out, or when it was revoked: fetches ≤ those."""
    fine: dict[str, datetime | None] = {}
    """Platform → until when what we hold is good; absent when there is reason to ask."""
    wrong = []
    for row in sorted([*e.calls, *e.acts], key=lambda row: int(row["seq"])):
        platform = TOKENS.get(str(row.get("path")))
        if platform is not None:
            until = fine.get(platform)
            if until is not None and moment(row["t"]) < until:
                wrong.append(
                    f"a {platform} token was asked for at {row['t']} although the last was good"
                )
            fine[platform] = _good_until(row)
        elif _revokes(row):
            fine.pop(str(row.get("platform") or "wecom"), None)
    return wrong


def _good_until(row: Row) -> datetime | None:
    if row["status"] != 200 or row.get("errcode") or not isinstance(row["response"], dict):
        return None
    return moment(row["t"]) + timedelta(
        seconds=row["response"].get("expires_in", 0) * MOST_OF_ITS_LIFE
    )


def _revokes(row: Row) -> bool:
    fault = str(row.get("fault") or "")
    return row.get("act") == "revoke_token" or fault == "revoke_token" or fault in BAD_TOKEN
