"""Numbers, money and moments as people of each language write them."""

from __future__ import annotations

from datetime import datetime

from bot.tongue import many, tongue

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_PATTERNS = {
    "%-m 月 %-d 日 %H:%M": "MMM d, HH:mm",
    "%-m 月 %-d 日": "MMM d",
    "%m-%d %H:%M": "MMM d, HH:mm",
    "%m-%d": "MMM d",
    "%-m-%-d": "MMM d",
    "%Y-%m-%d %H:%M": "MMM d, y, HH:mm",
    "%Y-%m-%d": "MMM d, y",
    "%Y 年 %-m 月 %-d 日": "MMM d, y",
    "%Y 年 %-m 月": "MMMM y",
    "%-m 月": "MMMM",
    "%-m 月 %-d 日 %a": "EEE, MMM d",
    "%m-%d %a %H:%M": "EEE, MMM d, HH:mm",
}
"""What Babel writes in place of each Chinese form; a bare time of day is the same everywhere."""


def written(at: datetime, form: str) -> str:
    """A local moment; `form` is the Chinese one, after strftime."""
    pattern = _PATTERNS.get(form)
    if tongue() == "zh" or pattern is None:
        return at.strftime(form.replace("%a", WEEKDAYS[at.weekday()]))
    from babel.dates import format_datetime

    # The moment is local already: told without its zone, Babel leaves it where it is.
    return format_datetime(at.replace(tzinfo=None), pattern, locale=tongue())


def yuan(fen: int | float) -> str:
    """¥1,234 or ¥1,234.50."""
    whole = fen / 100
    return f"¥{whole:,.0f}" if float(whole).is_integer() else f"¥{whole:,.2f}"


def people(count: int) -> str:
    return many("%(n)s 人", "%(n)s 人", count, n=f"{count:,}")
