"""Group chats: 福利群, 兴趣群, VIP 群, who may be in them, invites and what owners are asked."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.group_posts import ContentPlan
from bot.domain.mapping import BigKey, Row
from bot.tongue import _, listed


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

    @property
    def paused(self) -> bool:
        """Nobody new is invited, nobody is let go, and its calendar rests; who is in stays in."""
        return bool(self.settings.get(PAUSED))


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
    """no_invite, duplicate or demoted."""
    grace_until: Mapped[datetime | None]
    """Set when she no longer belongs here: she may stay until then."""


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
    """None while it is not written, and where she asked for it in chat."""
    reminder_id: Mapped[int | None]
    """The touch that reminded her, once."""
    state: Mapped[str]
    """eligible, sent, joined, expired or withdrawn."""
    at: Mapped[datetime]
    expires_at: Mapped[datetime]
    joined_at: Mapped[datetime | None]


PAUSED = "paused"
"""Stands in the settings of a family that rests."""


class GroupSpec(BaseModel):
    """One family of group chats as `content/groups.yaml` describes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,15}$")
    name: str = Field(min_length=1, max_length=12)
    kind: Literal["benefit", "interest", "vip"]
    rule: dict[str, Any]
    per: Literal["store", "city"] | None = None
    """One family for each store, or for each city that has one."""
    priority: int = 100
    """The lowest number invites first."""
    capacity: int = Field(default=200, ge=2, le=500)
    grace_days: int = Field(default=7, ge=0)
    owner: str | None = None
    """userid; else whoever runs the store."""
    room_base_name: str = Field(default="", max_length=30)
    """Rooms are called this and a number; by default the name."""
    invites_a_day: int = Field(default=200, ge=0)
    invite_days: int = Field(default=14, ge=1)
    max_groups_per_person: int | None = Field(default=None, ge=1, le=20)
    """Whoever is in so many families is not asked into this one; by default what all share."""
    round: int = Field(default=1, ge=1)
    """Raise it to invite everybody once more."""
    welcome: str = ""
    plan: ContentPlan | None = None
    """What its chats are written, and when."""
    template: str = ""
    """What the invite says; by default that of the kind."""


class GroupsFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    max_groups_per_person: int = Field(default=3, ge=1)
    groups: tuple[GroupSpec, ...] = ()

    @model_validator(mode="after")
    def _keys_differ(self) -> Self:
        keys = [group.key for group in self.groups]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise ValueError(_("这些 key 出现了两次：%(twice)s", twice=listed(sorted(twice))))
        return self


INVITES = {"benefit": "group/invite", "interest": "group/interest", "vip": "group/vip"}
KINDS = {"benefit": "福利群", "interest": "兴趣群", "vip": "VIP 群"}
REMINDER = "group/again"
TAGS = {"benefit": "社群/福利群", "interest": "社群/兴趣群", "vip": "社群/VIP群"}


def join_state(rule_key: str) -> str:
    """The short code by which a join tells where it came from; the platform allows 30 characters."""
    if len(rule_key) <= 26:
        return f"grp.{rule_key}"
    return f"grp.{hashlib.sha256(rule_key.encode()).hexdigest()[:26]}"


def health(*, members: int, active: int, left: int) -> str:
    """In one word, for a group nobody has time to read."""
    if members == 0:
        return "空群"
    if active / members < 0.1 or left / members > 0.1:
        return "危险"
    return "偏冷" if active / members < 0.3 else "健康"
