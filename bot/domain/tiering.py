"""The tier score: a decayed count and decayed money, weighed by how overdue a customer is. NumPy, no fitting."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from bot.domain.tiers import TierConfig

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DAY = 86_400
FAR = np.iinfo(np.int64).max
EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Purchases:
    """Money moved, one row per order entry: whose, when (seconds since the epoch), how much (fen, signed)."""

    customer: Ints
    at: Ints
    amount: Ints


@dataclass(frozen=True, slots=True)
class Habits:
    """What purchases come to: one row per customer who ever paid, and one per customer and day."""

    customer: Ints
    first_at: Ints
    last_at: Ints
    first: Ints
    """The first and last purchase day, counted from 1970-01-01 in the shop's zone."""
    last: Ints
    days: Ints
    orders: Ints
    paid: Ints
    """Fen, before refunds."""
    amount: Ints
    """Fen, net of refunds."""

    who: Ints
    """Per day: which row above."""
    day: Ints
    net: Ints
    visit: Bools
    """Whether something was paid that day: a refund makes no visit."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The brand's numbers at one moment: enough to place a single customer without the others."""

    gap: float
    basket: float
    half_life: float
    values: tuple[float, ...] = ()
    """V at even steps of the ranking, best first."""
    rest: tuple[float, ...] = ()
    """The same among those who are neither 核心 nor 沉睡."""
    shares: tuple[float, ...] = ()
    """The lowest V of 头部 and of 腰部."""
    recency: tuple[float, ...] = ()
    frequency: tuple[float, ...] = ()
    monetary: tuple[float, ...] = ()

    def written(self) -> dict[str, Any]:
        # Not `asdict`, which copies every one of the thousand numbers by itself.
        facts = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in facts.items()}

    @classmethod
    def read(cls, written: dict[str, Any]) -> Scale:
        facts: dict[str, Any] = {
            name: tuple(v) if isinstance(v, list) else v for name, v in written.items()
        }
        return cls(**facts)


@dataclass(frozen=True, slots=True)
class Scores:
    """Per customer, in the order of the habits."""

    gap: Floats
    overdue: Floats
    activity: Floats
    """A: who buys soon."""
    value: Floats
    """V: the order of tiers."""
    dearness: Floats | None = None
    """What a piece cost her on average, of those whose V is another's too: who buys dearer things goes first."""


def local_days(at: Ints, zone: ZoneInfo) -> Ints:
    """The shop's calendar day of each moment, counted from 1970-01-01."""
    if not len(at):
        return at
    hour = at // 3600
    first, span = int(hour.min()), int(hour.max() - hour.min()) + 1
    # Each hour once: years have few hours beside millions of orders, and one customer has few orders in years.
    if span <= len(hour):
        hours, place = np.arange(first, first + span), hour - first
    else:
        hours, place = np.unique(hour, return_inverse=True)
    offsets = [datetime.fromtimestamp(each * 3600, zone).utcoffset() for each in hours.tolist()]
    seconds = np.array([int(o.total_seconds()) if o else 0 for o in offsets], dtype=np.int64)
    days: Ints = (at + seconds[place]) // DAY
    return days


def day_after(moment: datetime, zone: ZoneInfo) -> int:
    """The day on which scores stand: of the first midnight that is not before this moment."""
    local = moment.astimezone(zone)
    return local.toordinal() - EPOCH + (local.time() != time.min)


def midnight(day: int, zone: ZoneInfo) -> datetime:
    """The moment at which a day begins in the shop's zone."""
    return datetime.combine(date.fromordinal(EPOCH + day), time.min, zone)


def habits(purchases: Purchases, zone: ZoneInfo) -> Habits:
    """Rows in any order, however an order is split within a day: the same habits."""
    day = local_days(purchases.at, zone)
    order = np.lexsort((day, purchases.customer))
    customer, at, amount = (
        column[order] for column in (purchases.customer, purchases.at, purchases.amount)
    )
    size, ever = _groups(customer, amount > 0)
    mine = np.repeat(ever, size)
    day, at, amount = day[order][mine], at[mine], amount[mine]
    size = size[ever]
    who = np.repeat(np.arange(len(size)), size)
    heads = np.cumsum(size) - size
    starts = np.flatnonzero(np.r_[True, (np.diff(who) != 0) | (np.diff(day) != 0)][: len(who)])
    positive = amount > 0
    visit = _sums(positive.astype(np.int64), starts) > 0
    by_who, by_day = who[starts], day[starts]
    edges = np.searchsorted(by_who[visit], np.arange(len(size) + 1))
    return Habits(
        customer=customer[mine][heads],
        first_at=_edge(np.minimum, np.where(positive, at, FAR), heads),
        last_at=_edge(np.maximum, np.where(positive, at, -FAR), heads),
        first=by_day[visit][edges[:-1]],
        last=by_day[visit][edges[1:] - 1],
        days=np.diff(edges),
        orders=_sums(positive.astype(np.int64), heads),
        paid=_sums(np.maximum(amount, 0), heads),
        amount=_sums(amount, heads),
        who=by_who,
        day=by_day,
        net=_sums(amount, starts),
        visit=visit,
    )


def _groups(customer: Ints, positive: Bools) -> tuple[Ints, Bools]:
    """Rows of each customer, who stand together, and whether she ever paid."""
    heads = np.flatnonzero(np.r_[True, np.diff(customer) != 0][: len(customer)])
    size = np.diff(np.r_[heads, len(customer)])
    return size, _sums(positive.astype(np.int64), heads) > 0


def measure(known: Habits, config: TierConfig) -> Scale:
    """The brand's mean gap, mean basket and the half-life that follows."""
    repeats = int((known.days - 1).sum())
    gap = float((known.last - known.first).sum()) / repeats if repeats else config.first_gap
    visits = int(known.days.sum())
    return Scale(
        gap=gap,
        basket=float(known.paid.sum()) / visits if visits else 0.0,
        half_life=min(
            max(config.gap_factor * gap, config.shortest_half_life), config.longest_half_life
        ),
    )


def score(known: Habits, today: int, scale: Scale) -> Scores:
    """Everybody's value on one day, by the brand's numbers."""
    decay = np.exp2(-(today - known.day) / scale.half_life)
    size = len(known.customer)
    count = np.bincount(known.who[known.visit], decay[known.visit], minlength=size)
    money = np.maximum(np.bincount(known.who, known.net * decay, minlength=size), 0.0)
    gap = (known.last - known.first + 2 * scale.gap) / (known.days + 1)
    overdue = (today - known.last) / gap
    activity = count / (1 + (overdue / 5) ** 2)
    value = activity * (money + scale.basket) / (count + 1)
    return Scores(gap=gap, overdue=overdue, activity=activity, value=value)


def _sums(values: Ints, starts: Ints) -> Ints:
    return np.add.reduceat(values, starts) if len(starts) else values[:0]


def _edge(ufunc: np.ufunc, at: Ints, heads: Ints) -> Ints:
    """The first or last moment at which each customer paid."""
    return ufunc.reduceat(at, heads) if len(heads) else at[:0]
