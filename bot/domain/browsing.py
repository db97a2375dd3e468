"""What people looked at, and what goes with what they have: reasons to tell them of one certain thing."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row


class Glance(Row):
    """What she looked at on one day, how often and how long. Kept only while she agrees to profiling."""

    __tablename__ = "glance"
    __table_args__ = (
        UniqueConstraint("customer_id", "of", "what", "day"),
        Index("ix_glance_of_what", "of", "what"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    of: Mapped[str]
    """item, page or link."""
    what: Mapped[str]
    """The sku, the page's path, or the name of the link that led there."""
    day: Mapped[str]
    """YYYY-MM-DD, for people."""
    times: Mapped[int]
    seconds: Mapped[int]
    """How long it was on her screen; 0 where nobody told."""
    at: Mapped[datetime]
    """The last time on that day."""


MEMORY = timedelta(days=180)
MOST_TIMES, MOST_SECONDS = 20, 3_600
"""Of one thing on one day: nobody becomes somebody else by leaving a page open."""
LONGEST_STAY = 600
"""Seconds that one sign may tell of."""


class Pairing(BaseModel):
    """Whoever has bought only of these categories may like one of those, in her own style."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")
    bought: tuple[str, ...] = Field(min_length=1)
    lacking: tuple[str, ...] = Field(min_length=1)


SEEN, MATCH = "seen", "match"
ABOUT_GOODS = frozenset({SEEN, MATCH})
"""Facts that a run brings along from where it began, and that must still be true when they are told."""
