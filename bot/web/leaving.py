"""A guide's leave in words, for her and for those who plan with her."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.customers import Guide
from bot.domain.leave import last_day
from bot.tongue import _


def leave_words(guide: Guide, now: datetime, zone: ZoneInfo) -> str:
    """ "" when she is there and plans to be."""
    if guide.away_until is None or guide.away_until <= now:
        return ""
    last = last_day(guide.away_until, zone)
    if guide.away_from is None or guide.away_from <= now:
        return _("请假到 %(last)s（含）", last=f"{last:%m-%d}")
    first = guide.away_from.astimezone(zone)
    return _("%(first)s 到 %(last)s 请假", first=f"{first:%m-%d}", last=f"{last:%m-%d}")
