"""Chance that can be had again: one stream per thing, never by order of arrival."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

SLOT = timedelta(hours=1)
"""People of the demo do things on the hour: more of a day fits into one step. The bot and the platform do not."""
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def stream(seed: int, *about: object) -> Random:
    """The dice of one person on one day, of one message, of one order."""
    return Random(f"{seed}|" + "|".join(str(part) for part in about))


def slot(moment: datetime) -> datetime:
    """The next hour on the clock."""
    return moment + (_EPOCH - moment) % SLOT
