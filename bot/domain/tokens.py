"""Access tokens of the platforms, shared by all processes through one row per account."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import Row


@dataclass(frozen=True, slots=True)
class Token:
    version: int
    """Grows by one with every refresh; who saw version n fail may only replace version n."""
    value: str = field(repr=False)
    expires_at: datetime


class PlatformToken(Row):
    __tablename__ = "platform_token"

    key: Mapped[str] = mapped_column(primary_key=True)
    """Platform and account: a token never serves another app."""
    version: Mapped[int] = mapped_column(default=0)
    sealed: Mapped[bytes | None]
    expires_at: Mapped[datetime | None]
    refresher: Mapped[str | None]
    lease_until: Mapped[float] = mapped_column(default=0.0)
    """Real seconds since the epoch, never the movable clock."""
