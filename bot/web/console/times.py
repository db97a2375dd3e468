"""How long something has, and how long ago it was, in the words of the console."""

from __future__ import annotations

from datetime import datetime, timedelta

SOON = timedelta(minutes=30)
TODAY = timedelta(hours=4)


def left(due: datetime | None, now: datetime) -> str:
    """`还剩 1:24`, `超时 2 小时`; the clock that stands still has no time."""
    if due is None:
        return "等顾客回"
    rest = due - now
    if rest < timedelta():
        return f"超时 {_span(-rest)}"
    return f"还剩 {_span(rest)}"


def urgency(due: datetime | None, now: datetime) -> str:
    """bad, warn or nothing: always shown beside words."""
    if due is None or due - now > TODAY:
        return ""
    return "bad" if due - now <= SOON else "warn"


def ago(at: datetime, now: datetime) -> str:
    passed = now - at
    return f"{_span(passed)}前" if passed >= timedelta(minutes=1) else "刚刚"


def _span(rest: timedelta) -> str:
    minutes = int(rest.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} 分钟"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} 小时 {minutes} 分" if minutes else f"{hours} 小时"
    return f"{hours // 24} 天"
