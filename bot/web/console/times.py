"""How long something has, and how long ago it was, in the words of the console."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.tongue import _

SOON = timedelta(minutes=30)
TODAY = timedelta(hours=4)


def left(due: datetime | None, now: datetime) -> str:
    """`还剩 1 小时 24 分`, `超时 2 小时`; the clock that stands still has no time."""
    if due is None:
        return _("等顾客回")
    rest = due - now
    if rest < timedelta():
        return _("超时 %(span)s", span=span_words(-rest))
    return _("还剩 %(span)s", span=span_words(rest))


def urgency(due: datetime | None, now: datetime) -> str:
    """bad, warn or nothing: always shown beside words."""
    if due is None or due - now > TODAY:
        return ""
    return "bad" if due - now <= SOON else "warn"


def ago(at: datetime, now: datetime) -> str:
    passed = now - at
    if passed < timedelta(minutes=1):
        return _("刚刚")
    return _("%(span)s前", span=span_words(passed))


def span_words(rest: timedelta) -> str:
    minutes = int(rest.total_seconds() // 60)
    if minutes < 60:
        return _("%(n)s 分钟", n=minutes)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return _("%(n)s 天", n=hours // 24)
    if not minutes:
        return _("%(n)s 小时", n=hours)
    return _("%(hours)s 小时 %(minutes)s 分", hours=hours, minutes=minutes)
