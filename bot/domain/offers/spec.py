"""An offer as people write it down."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from bot.domain.offers.words import SHOP_ZONE
from bot.tongue import _

ALWAYS = (datetime(2000, 1, 1, tzinfo=SHOP_ZONE), datetime(2100, 1, 1, tzinfo=SHOP_ZONE))

A_DAY = re.compile(r"\d{4}-\d\d-\d\d")
MOST = 10**9
"""Pieces, or fen of one piece."""


class OfferSpec(BaseModel):
    """One offer as it is written in `content/offers.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(min_length=1, max_length=64)
    name: str = Field(min_length=1, max_length=40)
    kind: Literal["amount", "percent", "gift", "shipping", "access", "exchange"]
    value: int = Field(default=0, ge=0, le=MOST)
    threshold_fen: int = Field(default=0, ge=0, le=MOST)
    budget_pieces: int = Field(ge=0, le=MOST)
    per_customer: int = Field(default=1, ge=1, le=MOST)
    per_household: int = Field(default=0, ge=0, le=MOST)
    """Together with those who gave the same phone as she; 0 knows no households."""
    valid_days: int = Field(ge=1, le=400)
    stores: tuple[str, ...] = ()
    """Store codes; `*` is any store but not the mall."""
    goods: tuple[str, ...] = ()
    """Skus or categories."""
    most_fen: int = Field(default=0, ge=0, le=MOST)
    cost_fen: int = Field(default=0, ge=0, le=MOST)
    """What one piece costs us, where it is not what it takes off."""
    budget_fen: int | None = Field(default=None, ge=0, le=10**15)
    stacks: bool = False
    first_order: bool = False
    after_return: Literal["back", "lost"] = "back"
    queue: bool = False
    claimable: bool = False
    team_size: int = Field(default=0, ge=0, le=50)
    """So many must come together; 0 is everybody for herself."""
    team_hours: int = Field(default=24, ge=1, le=240)
    cycle_days: int = Field(default=0, ge=0, le=366)
    """Customers may have it again every so many days; 0 is no such thing."""
    needs: str | None = None
    """An offer of which whoever begins a team must hold a coupon."""
    starts: datetime | date | None = None
    ends: datetime | date | None = None
    """A day as the end counts whole."""

    @field_validator("starts", "ends", mode="before")
    @classmethod
    def _a_day_is_a_day(cls, said: object) -> object:
        """Pages and JSON say it as text, which would be read as that day's midnight."""
        if isinstance(said, str) and A_DAY.fullmatch(said):
            return date.fromisoformat(said)
        return said

    @field_validator("starts", "ends")
    @classmethod
    def _in_our_time(cls, said: datetime | date | None) -> datetime | date | None:
        if said is not None and not ALWAYS[0].year <= said.year < ALWAYS[1].year:
            raise ValueError(_("写 2000 到 2099 年之间的一天"))
        return said

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.kind == "percent" and not 0 < self.value < 100:
            raise ValueError(_("percent: value 是减去的百分数，例如 8 折写 20"))
        if self.team_size == 1 or (self.team_size and self.claimable):
            raise ValueError(_("team_size 至少 2 个人；拼团的券不能再写 claimable"))
        if self.cycle_days and (self.team_size or self.claimable):
            raise ValueError(_("定期购的券不能再写 team_size 或 claimable"))
        if 0 < self.per_household < self.per_customer:
            raise ValueError(_("per_household 不能少于 per_customer：一家至少有一个人"))
        if self.needs and not self.team_size:
            raise ValueError(_("needs 只用在拼团的券上"))
        if self.span()[0] >= self.span()[1]:
            raise ValueError(_("ends 必须晚于 starts"))
        if self.budget_fen is not None and not self.piece_fen:
            raise ValueError(_("budget_fen 要知道一张最多花多少：写 most_fen 或 cost_fen"))
        return self

    @property
    def piece_fen(self) -> int:
        """What one piece may cost us at worst; 0 where nobody can say."""
        off = self.value if self.kind == "amount" else self.most_fen
        return max(off, self.cost_fen)

    @property
    def worst_of_all_fen(self) -> int:
        """What it may cost, were every piece used: never more than its budget."""
        every = self.budget_pieces * self.piece_fen
        return every if self.budget_fen is None else min(every, self.budget_fen)

    def span(self) -> tuple[datetime, datetime]:
        """Half-open: from the start, up to but not at the end."""
        starts = ALWAYS[0] if self.starts is None else _moment(self.starts)
        ends = ALWAYS[1] if self.ends is None else _moment(self.ends, whole_day=True)
        return starts, ends


def _moment(written: datetime | date, *, whole_day: bool = False) -> datetime:
    if isinstance(written, datetime):
        return written if written.tzinfo else written.replace(tzinfo=SHOP_ZONE)
    day = written + timedelta(days=1) if whole_day else written
    return datetime.combine(day, time(), SHOP_ZONE)
