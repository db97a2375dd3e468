"""How often the platforms let an API be called, and permits for that: taken by the handful, shared by all processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import Document, Row

SPANS = {"minute": 60, "hour": 3600}
"""Any span of so many seconds; days and months are the platform's own, from midnight to midnight."""
GRAINS = {"minute": 10, "hour": 600, "day": 3600, "month": 86_400}
"""Permits are counted as spent when the grain of time ends in which they were: late, so never too many."""
HANDFULS, MOST = 50, 500
"""A handful is a fiftieth of the limit, and never more than whoever dies may take along."""
LEASE_SECONDS = 600.0
"""For so long may somebody keep permits."""
_ZONE = ZoneInfo("Asia/Shanghai")


class CallLimit(BaseModel):
    """What a platform allows of one API from a day on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    platform: Literal["wecom", "official"]
    api: str = Field(pattern=r"^(\*|/[\w/.-]+)$")
    """A path; `*` is each of them by itself."""
    most: int = Field(ge=1)
    per: Literal["minute", "hour", "day", "month"]
    each: str | None = None
    """A field of the request that names receivers: it holds for every one of them by herself."""
    valid_from: date
    source: str


class CallPermit(Row):
    """What was taken of one API, or for one receiver."""

    __tablename__ = "call_permit"

    key: Mapped[str] = mapped_column(primary_key=True)
    taken: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    """`kept`: by who holds permits, how many and until when by the machine's clock; `spent`: [moment, how many]."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A handful of permits, please."""

    key: str
    limits: tuple[CallLimit, ...]
    last_used: datetime | None = None
    """When the last permit of the handful before was used."""
    unused: int = 0
    """How many of it were not, and will not be."""


class Handful(NamedTuple):
    permits: int
    until: float
    """By the machine's clock, not the business clock: a month may be played in a minute."""


class Shut(NamedTuple):
    """None are left; some may be from then on."""

    opens_at: datetime


def in_force(limits: Iterable[CallLimit], platform: str, day: date) -> list[CallLimit]:
    """Of every rule the newest that holds on that day."""
    newest: dict[tuple[str, str, str | None], CallLimit] = {}
    for limit in sorted(limits, key=lambda limit: limit.valid_from):
        if limit.platform == platform and limit.valid_from <= day:
            newest[limit.api, limit.per, limit.each] = limit
    return list(newest.values())


def take(
    taken: Mapping[str, Any], asked: Asked, *, owner: str, now: datetime, real: float
) -> tuple[dict[str, Any], Handful | Shut]:
    """As many as one handful, fewer when fewer are left; with what is to be written down of it."""
    grain = min(GRAINS[limit.per] for limit in asked.limits)
    kept, spent = _settled(taken, asked, grain, owner=owner, now=now, real=real)
    held = sum(permits for permits, _ in kept.values())
    left = [limit.most - held - _counted(spent, limit, now) for limit in asked.limits]
    if min(left) < 1:
        full = [limit for limit, room in zip(asked.limits, left, strict=True) if room < 1]
        return dict(taken), Shut(max(_opens(spent, held, limit, now) for limit in full))
    handful = max(1, min(MOST, min(limit.most for limit in asked.limits) // HANDFULS))
    given = Handful(min(handful, *left), real + LEASE_SECONDS)
    kept[owner] = (given.permits, given.until)
    return _written(kept, spent), given


def _settled(
    taken: Mapping[str, Any],
    asked: Asked,
    grain: int,
    *,
    owner: str,
    now: datetime,
    real: float,
) -> tuple[dict[str, tuple[int, float]], Counter[int]]:
    """What others may still use, and what has been used: mine before this, and whatever was kept too long."""
    spent = Counter[int](dict(taken.get("spent", ())))
    kept = {}
    for holder, (permits, until) in taken.get("kept", {}).items():
        if holder == owner:
            used = max(permits - asked.unused, 0)
            spent[_stamp(asked.last_used or now, grain)] += used
        elif until <= real:
            spent[_stamp(now, grain)] += permits
        else:
            kept[holder] = (permits, until)
    return kept, _remembered(spent, asked.limits, now, grain)


def _remembered(
    spent: Counter[int], limits: Collection[CallLimit], now: datetime, grain: int
) -> Counter[int]:
    """What still counts. A clock that was put back counts from there."""
    oldest = min(_since(limit, now) for limit in limits)
    newest = _stamp(now, grain) + grain
    return Counter({at: count for at, count in spent.items() if oldest < at <= newest})


def _stamp(at: datetime, grain: int) -> int:
    return (int(at.timestamp()) // grain + 1) * grain


def _since(limit: CallLimit, now: datetime) -> float:
    if span := SPANS.get(limit.per):
        return now.timestamp() - span
    midnight = now.astimezone(_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight if limit.per == "day" else midnight.replace(day=1)).timestamp()


def _counted(spent: Counter[int], limit: CallLimit, now: datetime) -> int:
    since = _since(limit, now)
    return sum(count for at, count in spent.items() if at > since)


def _opens(spent: Counter[int], held: int, limit: CallLimit, now: datetime) -> datetime:
    """When enough of what was spent is so long ago that one more is allowed."""
    span = SPANS.get(limit.per)
    if span is None:
        following = now.astimezone(_ZONE) + timedelta(days=1 if limit.per == "day" else 32)
        return datetime.fromtimestamp(_since(limit, following), UTC)
    over, since = held + _counted(spent, limit, now) - limit.most + 1, _since(limit, now)
    for at in sorted(at for at in spent if at > since):
        over -= spent[at]
        if over <= 0:
            return datetime.fromtimestamp(at + span, UTC)
    return now + timedelta(seconds=span)  # others hold them all: theirs run out


def _written(kept: Mapping[str, tuple[int, float]], spent: Counter[int]) -> dict[str, Any]:
    return {
        "kept": {holder: list(permits) for holder, permits in kept.items()},
        "spent": sorted([at, count] for at, count in spent.items()),
    }
