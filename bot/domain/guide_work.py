"""Whom a guide should contact today, and why in words: her value times how pressing it is, as far as she may hear
from us, for the minutes it takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.tongue import _

WORDS_FOR = {
    "case": "guide/case",
    "birthday": "guide/birthday",
    "coupon": "guide/coupon",
    "overdue": "guide/overdue",
    "newcomer": "guide/newcomer",
    "care": "guide/vip",
}
"""The template of the ready words, by the kind of reason."""

MINUTES = {"case": 10, "birthday": 3, "coupon": 2, "overdue": 5, "newcomer": 5, "care": 4}
"""What one contact takes of a guide's day, by the kind of reason."""
PROMOTES = frozenset({"coupon", "overdue", "newcomer"})
"""Kinds that want to sell: to her they count like any other promotion."""

REST = timedelta(days=3)
"""Whoever was talked to or written to since is left in peace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What there is to know about one customer of a guide."""

    customer_id: int
    followed_since: datetime
    last_contact: datetime | None = None
    tier: str | None = None
    rank: float = 1.0
    overdue: float = 0.0
    days_since_order: int | None = None
    usual_gap_days: int | None = None
    birthday: str | None = None
    """MM-DD."""
    birthday_month: int | None = None
    coupon_until: datetime | None = None
    weary: bool = False
    """The last messages she got were all offers."""
    answer_due: datetime | None = None
    """Of her open case that nobody has answered yet."""
    room: float = 1.0
    """The share of this month's promotions that she may still get; nought where she has had this week's."""


@dataclass(frozen=True, slots=True)
class Reason:
    kind: str
    why: str
    score: float


def reason_for(known: Known, now: datetime, today: date) -> Reason | None:
    """The best reason to contact her today; None when there is none or she needs rest."""
    if known.answer_due is not None:
        return Reason("case", _case_words(known.answer_due, now), 1000.0)
    if known.last_contact is not None and now - known.last_contact < REST:
        return None
    found = [
        _birthday(known, today),
        _coupon(known, now),
        _overdue(known),
        _newcomer(known, now),
        _care(known, now),
    ]
    weighed = [Reason(r.kind, r.why, _weight(r, known)) for r in found if r]
    best = max(weighed, key=lambda reason: reason.score, default=None)
    return best if best is not None and best.score > 0 else None


def _weight(reason: Reason, known: Known) -> float:
    value = 0.2 + (1 - known.rank)
    return round(reason.score * value * (known.room if reason.kind in PROMOTES else 1.0), 4)


def in_a_day(
    found: Iterable[tuple[int, Reason]], *, minutes: int, most: int
) -> list[tuple[int, Reason]]:
    """Those of these (customer, reason) that are worth most for a guide's minutes; every case, and one at least."""
    ranked = sorted(found, key=lambda one: (-one[1].score / MINUTES[one[1].kind], one[0]))
    chosen: list[tuple[int, Reason]] = []
    for who, reason in ranked:
        takes = MINUTES[reason.kind]
        if reason.kind == "case" or takes <= minutes or not chosen:
            chosen.append((who, reason))
            minutes -= takes
    return chosen[:most]


def _case_words(due: datetime, now: datetime) -> str:
    left = due - now
    if left <= timedelta():
        return _("有一件反馈已经超时，先回她")
    hours, minutes = divmod(int(left.total_seconds()) // 60, 60)
    return _("有一件反馈等你回，还剩 %(hours)s:%(minutes)s", hours=hours, minutes=f"{minutes:02d}")


def _birthday(known: Known, today: date) -> Reason | None:
    days = days_until(known.birthday, today) if known.birthday else None
    if days is not None and days <= 7:
        soon = {0: _("生日就在今天"), 1: _("生日就在明天")}
        return Reason("birthday", soon.get(days, _("生日%(days)s 天后", days=days)), 4 - days / 7)
    if known.birthday is None and known.birthday_month == today.month:
        return Reason("birthday", _("这个月过生日"), 1.5)
    return None


def days_until(birthday: str, today: date) -> int | None:
    """Days to the next MM-DD; 29 February is kept on the 28th in other years. None when it is no day."""
    try:
        month, day = (int(part) for part in birthday.split("-"))
        return min(
            (here - today).days
            for year in (today.year, today.year + 1)
            if (here := _in_year(year, month, day)) >= today
        )
    except ValueError:
        return None


def _in_year(year: int, month: int, day: int) -> date:
    if (month, day) == (2, 29):
        return date(year, 3, 1) - timedelta(days=1)
    return date(year, month, day)


def _coupon(known: Known, now: datetime) -> Reason | None:
    if known.coupon_until is None or known.coupon_until - now > timedelta(days=5):
        return None
    days = max(0, (known.coupon_until - now).days)
    return Reason(
        "coupon",
        _("手上的券还有 %(days)s 天到期", days=days) if days else _("手上的券今天到期"),
        2.5,
    )


def _overdue(known: Known) -> Reason | None:
    if known.days_since_order is None or known.usual_gap_days is None or known.overdue < 1.3:
        return None
    why = _(
        "平时约 %(usual)s 天来一次，这次 %(days)s 天没来",
        usual=known.usual_gap_days,
        days=known.days_since_order,
    )
    return Reason("overdue", why, min(known.overdue, 4.0) / 2)


def _newcomer(known: Known, now: datetime) -> Reason | None:
    days = (now - known.followed_since).days
    if known.days_since_order is not None or not 2 <= days <= 14:
        return None
    return Reason("newcomer", _("加好友 %(days)s 天，还没买过", days=days), 1.8)


def _care(known: Known, now: datetime) -> Reason | None:
    if known.weary:
        return Reason("care", _("最近几条都是优惠，先问候一句"), 1.2)
    last = known.last_contact or known.followed_since
    if known.tier != "核心" or (days := (now - last).days) < 30:
        return None
    return Reason("care", _("常客，%(days)s 天没联系了", days=days), 1.0)
