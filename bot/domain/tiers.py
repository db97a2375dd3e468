"""Tiers: 核心 / 潜力 / 普通 / 沉睡 by value and activity, and 头部 / 腰部 / 大众 by share of value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.influence import Influence
from bot.domain.mapping import BigKey, Row
from bot.domain.stars import Stars, nested
from bot.tongue import _

TIERS = ("核心", "潜力", "普通", "沉睡")
SHARES = ("头部", "腰部", "大众")
CELLS = 5
"""Of R, of F and of M."""


class PurchaseStats(Row):
    """Kept aggregates of one customer's purchases, as of `as_of`."""

    __tablename__ = "purchase_stats"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    days: Mapped[int]
    """Purchase days: orders of one day are one visit."""
    orders: Mapped[int]
    amount_fen: Mapped[int]
    """Net of refunds."""
    top_category: Mapped[str | None]
    as_of: Mapped[datetime]


class CustomerTier(Row):
    __tablename__ = "customer_tier"
    # Each night writes every row: half of a page is left for it, so that no index has to learn where rows went.
    __table_args__ = ({"postgresql_with": {"fillfactor": 50}},)

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    tier: Mapped[str] = mapped_column(index=True)
    share_class: Mapped[str]
    """头部, 腰部 or 大众."""
    score: Mapped[float]
    """V: higher is better."""
    activity: Mapped[float]
    overdue: Mapped[float]
    rank: Mapped[float]
    """0 best, 1 last."""
    recency: Mapped[int]
    frequency: Mapped[int]
    monetary: Mapped[int]
    """Classic RFM cells, 1-5."""
    star: Mapped[int] = mapped_column(default=1)
    """1-5, by frequency, amount and interest."""
    reason: Mapped[str]
    since: Mapped[datetime]


class TierMove(Row):
    """One change of tier. The first tier that a full run gives is no move; that of a first order is."""

    __tablename__ = "tier_move"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    before: Mapped[str | None]
    after: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)


class TierRun(Row):
    """One full run: its brand-wide numbers, by which single customers are re-tiered until the next."""

    __tablename__ = "tier_run"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    as_of: Mapped[datetime]
    timezone: Mapped[str]
    """Purchase days are days of this zone."""
    customers: Mapped[int]
    scale: Mapped[dict[str, Any]]
    """`bot.domain.tiering.Scale`, written down."""
    config: Mapped[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Rfm:
    """Where the five cells of R, F and M end; without cuts of the shop's own they are fifths of its customers."""

    days: int = 0
    """F and M count so many days back; 0 counts everything."""
    recency: tuple[int, ...] = ()
    """At most so many days ago: 5, 4, 3, 2; later is 1."""
    frequency: tuple[int, ...] = ()
    """At most so many purchase days: 1, 2, 3, 4; more is 5."""
    monetary: tuple[int, ...] = ()

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Rfm:
        found = nested(cls, "rfm", {name: said for name, said in written.items() if said})
        for name, cuts in found.items():
            if name != "days" and len(cuts) != CELLS - 1:
                raise ValueError(
                    f"tiers.yaml 的「rfm.{name}」要写 {CELLS - 1} 道线，分成 {CELLS} 档"
                )
        return cls(**found)


@dataclass(frozen=True, slots=True)
class TierConfig:
    """The cuts, as `content/tiers.yaml` may set them."""

    core: float = 0.20
    """Share of customers, by value."""
    upper: float = 0.50
    """Share of the rest that is 潜力."""
    keep: float = 0.03
    """How far a customer's rank may leave her band before she moves."""
    asleep_overdue: float = 3.0
    asleep_activity: float = 0.35
    asleep_anyway: float = 8.0
    gap_factor: float = 4.0
    shortest_half_life: float = 180.0
    longest_half_life: float = 730.0
    first_gap: float = 90.0
    """The mean gap in days as long as nobody has bought twice."""
    head: float = 0.20
    """Share of all value that 头部 holds."""
    waist: float = 0.30
    rfm: Rfm = field(default_factory=Rfm)
    stars: Stars = field(default_factory=Stars)
    influence: Influence = field(default_factory=Influence)

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> TierConfig:
        """Raises ValueError naming the first key that cannot be used."""
        known = {field.name for field in fields(cls)}
        for name in written:
            if name not in known:
                raise ValueError(_("tiers.yaml 不认识「%(name)s」", name=name))
        return cls(**{name: _part(name, value) for name, value in written.items()})


def _part(name: str, value: Any) -> Any:
    if name == "rfm":
        return Rfm.read(value)
    if name == "stars":
        return Stars.read(value)
    if name == "influence":
        return Influence.read(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(_("tiers.yaml 的「%(name)s」应是不小于 0 的数", name=name))
    return float(value)
