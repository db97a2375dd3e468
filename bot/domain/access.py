"""Who may do what: people who sign in, their sessions, API keys and till devices."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row

SHORTEST_PASSWORD = 10
PIN = re.compile("[0-9]{4,8}", re.ASCII)
"""Of a till."""


class StaffUser(Row):
    __tablename__ = "staff_user"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    """owner, admin, operator, care, auditor, manager or clerk."""
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    password_hash: Mapped[str | None]
    userid: Mapped[str | None] = mapped_column(unique=True)
    """As whom WeCom knows her: then WeCom may say who she is, with a password or without."""
    phone: Mapped[str | None]
    """Her own number as a blind index: whose coupons she may neither redeem nor give."""
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class WebSession(Row):
    """Keyed by the hash of the cookie, so that a stolen table opens nothing."""

    __tablename__ = "web_session"

    hash: Mapped[str] = mapped_column(primary_key=True)
    actor_kind: Mapped[str]
    actor_id: Mapped[str]
    store: Mapped[str | None]
    csrf: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    """Within the minute."""
    idle_seconds: Mapped[int]
    """How long it lasts with nobody at it."""
    expires_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]


class StoreDevice(Row):
    """A till that is paired once and opened by its PIN from then on."""

    __tablename__ = "store_device"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    hash: Mapped[str] = mapped_column(unique=True)
    """Of the link that pairs, then of the cookie that the pairing left."""
    name: Mapped[str]
    store: Mapped[str]
    pin_hash: Mapped[str]
    created_at: Mapped[datetime]
    paired_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ApiKey(Row):
    __tablename__ = "api_key"

    hash: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    role: Mapped[str]
    """As whom it acts: the matrix bounds it like a person of this role."""
    scope: Mapped[str]
    """pos, or what it may touch: `customer:read campaign:write`."""
    store: Mapped[str | None]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Proposal(Row):
    """An act that waits for a second person, exactly as it was asked for."""

    __tablename__ = "proposal"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    kind: Mapped[str]
    body: Mapped[dict[str, Any]]
    """The command, written down."""
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(index=True)
    """open, agreed, refused, or used: what was allowed once was done."""
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
