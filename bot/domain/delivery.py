"""The inbox of kept events, the outbox of debts, conversations and windows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row


class Kept(Row):
    """One event as it came in, sealed; handled exactly once or parked with its reason."""

    __tablename__ = "inbox"
    __table_args__ = (Index("ix_inbox_state_id", "state", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the plaintext: the documented keys swallow different events of one second."""
    source: Mapped[str]
    """wecom, official, kf, shop, import or command: which parser reads the body."""
    body: Mapped[bytes]
    received_at: Mapped[datetime]
    state: Mapped[str]
    """kept, handled, parked or unknown."""
    kind: Mapped[str | None]
    handled_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    owner: Mapped[str | None]
    """The process that has it in hand, or had it last."""
    crashes: Mapped[int] = mapped_column(default=0)
    """How many died with it in hand."""


class Owed(Row):
    """A debt: one call that must be made, or end with an explicit reason."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_state_lane_due_at", "state", "lane", "due_at"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    effect: Mapped[str] = mapped_column(unique=True)
    """What this call is for; the same effect is owed once."""
    lane: Mapped[str]
    """express (welcome, replies), bulk, or alone (whoever had it in hand died again and again)."""
    kind: Mapped[str]
    body: Mapped[bytes]
    customer_id: Mapped[int | None] = mapped_column(index=True)
    touch_id: Mapped[int | None] = mapped_column(index=True)
    mass_task_id: Mapped[int | None] = mapped_column(index=True)
    purpose: Mapped[str] = mapped_column(default="service")
    state: Mapped[str]
    """owed, claimed, done, refused, expired, cancelled or unknown."""
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    owner: Mapped[str | None]
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[float | None]
    """On the monotonic-like wall of the machines, seconds since the epoch: never the movable clock."""
    attempts: Mapped[int] = mapped_column(default=0)
    crashes: Mapped[int] = mapped_column(default=0)
    """How often whoever had claimed it was never heard of again."""
    code: Mapped[int | None]
    reason: Mapped[str | None]
    answer: Mapped[dict[str, Any] | None]
    settled_at: Mapped[datetime | None]


class StaleCallback(Row):
    """A callback that somebody played again, or that our clock made late: signed, but not believed."""

    __tablename__ = "stale_callback"

    digest: Mapped[str] = mapped_column(primary_key=True)
    """Of its signature: what stands around the signed part could be varied without end."""
    platform: Mapped[str]
    at: Mapped[datetime]


class Message(Row):
    """One line of a conversation, sealed."""

    __tablename__ = "message"
    __table_args__ = (Index("ix_message_customer_id_at", "customer_id", "at"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    channel: Mapped[str]
    direction: Mapped[str]
    """in or out."""
    text: Mapped[bytes]
    intent: Mapped[str | None]
    at: Mapped[datetime]


class Window(Row):
    """When one may write to a customer on a channel, and how often still."""

    __tablename__ = "send_window"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    """kf or official."""
    address: Mapped[str]
    """open_kfid|external_userid, or openid."""
    closes_at: Mapped[datetime]
    left: Mapped[int]


class GuideTask(Row):
    """Something a person must do: a contact worth making, a member to remove, a case to answer."""

    __tablename__ = "guide_task"
    __table_args__ = (Index("ix_guide_task_guide_id_state", "guide_id", "state"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    guide_id: Mapped[int] = mapped_column(ForeignKey("guide.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    kind: Mapped[str]
    why: Mapped[str]
    words: Mapped[bytes | None]
    """Ready words to send, sealed."""
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    state: Mapped[str]
    """open, done, skipped or withdrawn."""
    done_at: Mapped[datetime | None]
    outcome: Mapped[str | None]


class ShortLink(Row):
    """A signed link in a message; opening it is the only 'read' we ever learn of."""

    __tablename__ = "short_link"

    token: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    touch_id: Mapped[int | None] = mapped_column(ForeignKey("touch.id"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"), index=True)
    """For one text to many: whoever opens it, it tells of the campaign."""
    target: Mapped[str]
    """A path of ours, or a whole address."""
    tag: Mapped[str | None]
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    opens: Mapped[int] = mapped_column(default=0)


class Task(Row):
    """A message of the SQL broker: it names work, the rows of that work are the truth."""

    __tablename__ = "task"

    name: Mapped[str] = mapped_column(primary_key=True)
    """One waiting message per kind of work is enough: it means "look"."""
    asked: Mapped[int] = mapped_column(default=1)


class Cursor(Row):
    """How far a pull has come; moved in the transaction that keeps the page."""

    __tablename__ = "cursor"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    at: Mapped[datetime]


class TickRun(Row):
    """One firing of one timetable entry: the unique key makes it run once over all processes."""

    __tablename__ = "tick_run"

    name: Mapped[str] = mapped_column(primary_key=True)
    fired_for: Mapped[datetime] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class Switch(Row):
    """Something an operator turned on or off, read by every process before it acts: the kill switch."""

    __tablename__ = "switch"

    name: Mapped[str] = mapped_column(primary_key=True)
    on: Mapped[bool]
    reason: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]
