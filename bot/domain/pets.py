"""Pets, by what their owner tells us of them: a kind and a day. Nothing is kept of children."""

from __future__ import annotations

import re
from calendar import isleap
from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row

KINDS = ("猫", "狗", "其他")
MOST = 5
_DAY = re.compile(r"(\d{1,2})\s*(?:月|-|/|\.)\s*(\d{1,2})\s*[日号]?")
LEAP_YEAR = 2024


class Pet(Row):
    """It is no person: its day may be looked up by, and goes when its owner ends the consent to profiling."""

    __tablename__ = "pet"
    __table_args__ = (UniqueConstraint("customer_id", "kind", "day"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    kind: Mapped[str]
    day: Mapped[str] = mapped_column(index=True)
    """MM-DD; 02-29 is a day like any other here."""
    since: Mapped[datetime]


def read_day(said: str) -> str | None:
    """`3月5日`, `3-5` or `03/05` as MM-DD; None for a day that no year has."""
    found = _DAY.search(said)
    if found is None:
        return None
    try:
        day = date(LEAP_YEAR, int(found[1]), int(found[2]))
    except ValueError:
        return None
    return f"{day:%m-%d}"


def kind_in(said: str) -> str:
    return next((kind for kind in KINDS if kind in said), KINDS[-1])


def kept_on(day: date) -> list[str]:
    """The birthdays kept on this day: in a common year whoever was born on 29 February has hers on the 28th."""
    days = [f"{day:%m-%d}"]
    if days == ["02-28"] and not isleap(day.year):
        days.append("02-29")
    return days
