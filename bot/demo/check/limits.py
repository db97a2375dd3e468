"""How often and when: our caps, the platforms' quotas and windows, quiet hours."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter, defaultdict
from datetime import datetime, timedelta

from bot.demo.check.evidence import SHANGHAI, Evidence, Heard, Row, Verdict, local, moment

WEEK, IN_WEEK, IN_MONTH = timedelta(days=7), 1, 4
"""One promotional message in seven days and four in a calendar month, over all channels."""
OPENS, CLOSES = 9, 21
CLOSED = {95001, 95002, 95018, 45015, 45047}
"""What the platforms answer to a message outside of a window."""
TWO_DAYS, A_MINUTE = timedelta(hours=48), timedelta(minutes=1)
OPENINGS = {
    "kf": {"say_kf": (TWO_DAYS, 5), "enter_kf": (TWO_DAYS, 5)},
    "official": {
        "say_official": (TWO_DAYS, 5),
        "click_menu": (A_MINUTE, 3),
        "follow_official": (A_MINUTE, 3),
        "scan_official": (A_MINUTE, 3),
    },
}
"""Which acts of hers let us write, how long and how often."""


def quotas_kept(e: Evidence) -> Verdict:
    """Nobody heard from us more often than our caps allow, and no platform had to refuse for its quota."""
    refused = [
        f"{row['to']} was over the platform's quota at {local(moment(row['t']))}"
        for row in e.arrivals
        if row.get("status") == "over_quota"
    ]
    heard: dict[str, dict[str, Heard]] = defaultdict(dict)
    for message in e.marketing:
        if message.channel != "group_mass":
            heard[message.to].setdefault(message.key, message)
    ours = [
        wrong for messages in heard.values() for wrong in _over_our_caps(list(messages.values()))
    ]
    return refused + ours + _over_the_platforms(e)


def _over_our_caps(messages: list[Heard]) -> Verdict:
    often = [
        f"{later} comes less than 7 days after {first.channel} at {local(first.at)}"
        for first, later in zip(messages, messages[IN_WEEK:], strict=False)
        if later.at - first.at < WEEK
    ]
    months = Counter(f"{message.at.astimezone(SHANGHAI):%Y-%m}" for message in messages)
    return often + [
        f"{messages[0].to} heard from us {n} times in {month}"
        for month, n in months.items()
        if n > IN_MONTH
    ]


def _over_the_platforms(e: Evidence) -> Verdict:
    """Mass messages, whoever sent them: as many as the month has days."""
    months: Counter[tuple[str, int, int]] = Counter()
    for row in e.arrivals:
        if row["channel"] == "wecom_mass" and row["status"] == "sent":
            at = moment(row["t"]).astimezone(SHANGHAI)
            months[row["to"], at.year, at.month] += 1
    return [
        f"{to} got {n} mass messages in {year}-{month:02}"
        for (to, year, month), n in months.items()
        if n > monthrange(year, month)[1]
    ]


def windows_kept(e: Evidence) -> Verdict:
    """No message was tried outside of a window, and none arrived there."""
    tried = [
        f"{row['path']} was answered {row['errcode']}"
        for row in e.calls
        if row.get("errcode") in CLOSED
    ]
    return tried + _in_no_window(e, "kf") + _in_no_window(e, "official")


def _in_no_window(e: Evidence, channel: str) -> Verdict:
    opened: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for row in e.acts:
        if row["act"] in OPENINGS[channel] and row["result"].get("ok"):
            opened[row["args"]["customer"]].append((moment(row["t"]), row["act"]))
    sent: dict[str, list[datetime]] = defaultdict(list)
    wrong = []
    for row in e.arrivals:
        if not _by_us(row, channel):
            continue
        sent[row["to"]].append(at := moment(row["t"]))
        if not any(_allows(channel, act, sent[row["to"]], at) for act in opened[row["to"]]):
            wrong.append(f"{channel} to {row['to']} at {local(at)} had no window")
    return wrong


def _by_us(row: Row, channel: str) -> bool:
    """Written by the bot, not by a person who serves and not as the passive reply."""
    ours = channel == "official" or row["sender"] == row.get("open_kfid")
    return (
        row["channel"] == channel
        and ours
        and not row.get("passive")
        and row.get("status", "sent") == "sent"
    )


def _allows(channel: str, act: tuple[datetime, str], sent: list[datetime], at: datetime) -> bool:
    since, name = act
    lasts, most = OPENINGS[channel][name]
    return since <= at < since + lasts and sum(since <= moment <= at for moment in sent) <= most


def quiet_hours_kept(e: Evidence) -> Verdict:
    """No promotional message arrived between 21:00 and 09:00, on any channel."""
    return [
        f"{heard}"
        for heard in e.marketing
        if not OPENS <= heard.at.astimezone(SHANGHAI).hour < CLOSES
    ]
