"""What people looked at, and what goes with what they have: reasons to tell them of one certain thing."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row


class ItemView(Row):
    """She looked at this; the last time counts. Kept only while she agrees to profiling."""

    __tablename__ = "item_view"
    __table_args__ = (UniqueConstraint("customer_id", "sku"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    sku: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime]


class Pairing(BaseModel):
    """Whoever has bought only of these categories may like one of those, in her own style."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")
    bought: tuple[str, ...] = Field(min_length=1)
    lacking: tuple[str, ...] = Field(min_length=1)


SEEN, MATCH = "seen", "match"
ABOUT_GOODS = frozenset({SEEN, MATCH})
"""Facts that a run brings along from where it began, and that must still be true when they are told."""
