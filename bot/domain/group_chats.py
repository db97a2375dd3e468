"""Group chats: 福利群, 兴趣群, VIP 群, who may be in them, invites and what owners are asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row


class GroupRule(Row):
    """Who belongs into a family of group chats. The published version with the highest number counts."""

    __tablename__ = "group_rule"
    __table_args__ = (UniqueConstraint("key", "version"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    key: Mapped[str]
    version: Mapped[int]
    kind: Mapped[str]
    """benefit, interest or vip."""
    name: Mapped[str]
    rule: Mapped[dict[str, Any]]
    priority: Mapped[int]
    capacity: Mapped[int]
    grace_days: Mapped[int]
    settings: Mapped[dict[str, Any]]
    state: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]


class GroupChat(Row):
    __tablename__ = "group_chat"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    chat_id: Mapped[str] = mapped_column(unique=True)
    rule_key: Mapped[str | None] = mapped_column(index=True)
    kind: Mapped[str | None]
    name: Mapped[str]
    owner: Mapped[str]
    """userid of the owner."""
    capacity: Mapped[int] = mapped_column(default=200)
    members: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(default="open")
    """open, full or dismissed."""
    join_state: Mapped[str | None] = mapped_column(index=True)
    config_id: Mapped[str | None]
    qr_code: Mapped[str | None]
    version: Mapped[str | None]
    created_at: Mapped[datetime]


class GroupMember(Row):
    __tablename__ = "group_member"
    __table_args__ = (
        UniqueConstraint("group_chat_id", "member_id"),
        Index("ix_group_member_customer_id_left_at", "customer_id", "left_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    group_chat_id: Mapped[int] = mapped_column(ForeignKey("group_chat.id"))
    member_id: Mapped[str]
    """external_userid or userid."""
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    join_scene: Mapped[int | None]
    state: Mapped[str | None]
    flagged_at: Mapped[datetime | None]
    """When the owner was asked about this member; asked once."""
    flag_reason: Mapped[str | None]


class Invite(Row):
    """One customer asked into one family of group chats, until joined, refused or expired."""

    __tablename__ = "invite"
    __table_args__ = (UniqueConstraint("customer_id", "rule_key", "round"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    rule_key: Mapped[str] = mapped_column(index=True)
    round: Mapped[int] = mapped_column(default=1)
    group_chat_id: Mapped[int | None] = mapped_column(ForeignKey("group_chat.id"))
    touch_id: Mapped[int | None] = mapped_column(index=True)
    state: Mapped[str]
    """eligible, sent, joined, expired or withdrawn."""
    at: Mapped[datetime]
    expires_at: Mapped[datetime]
    joined_at: Mapped[datetime | None]
