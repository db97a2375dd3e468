"""Tags: what we know of a customer, each with its source, evidence and expiry."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row


class TagGroup(Row):
    __tablename__ = "tag_group"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    exclusive: Mapped[bool] = mapped_column(default=False)
    """At most one of its tags per customer: the newest wins."""
    consent: Mapped[str | None]
    """Its tags are said by the customer alone, under this purpose, and go with it."""
    corp_group_id: Mapped[str | None]


class Tag(Row):
    __tablename__ = "tag"
    __table_args__ = (UniqueConstraint("group_id", "name"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("tag_group.id"))
    name: Mapped[str] = mapped_column(index=True)
    corp_tag_id: Mapped[str | None] = mapped_column(unique=True)
    mirrored: Mapped[bool] = mapped_column(default=True)
    """Kept equal with a WeCom corp tag."""


class CustomerTag(Row):
    """One tag on one customer from one source."""

    __tablename__ = "customer_tag"
    __table_args__ = (
        # Who wears a tag is answered from this alone.
        Index("ix_customer_tag_tag_id_customer_id", "tag_id", "customer_id", "expires_at"),
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id"), primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    """contact_way, menu, keyword, link, group, purchase, guide, answer, platform or rule."""
    evidence: Mapped[dict[str, Any]]
    confidence: Mapped[float] = mapped_column(default=1.0)
    at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    by: Mapped[str] = mapped_column(default="system:siyu")


class FollowTag(Row):
    """What we believe stands on one follow at the platform, which never tells us of our own writes."""

    __tablename__ = "follow_tag"

    follow_id: Mapped[int] = mapped_column(ForeignKey("follow.id"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id"), primary_key=True)
    state: Mapped[str]
    """adding, marked, removing, or declined: the guide took it off, so we leave it off."""
    at: Mapped[datetime]


class FollowMirror(Row):
    """Whether a follow's marks must be looked at, and that one writer at a time does something about them."""

    __tablename__ = "follow_mirror"

    follow_id: Mapped[int] = mapped_column(ForeignKey("follow.id"), primary_key=True)
    dirty: Mapped[bool] = mapped_column(default=True, index=True)
    """Her tags or the tie changed since somebody looked."""
    round: Mapped[int] = mapped_column(default=0)
    busy: Mapped[bool] = mapped_column(default=False)
    """A marking is under way; the next one waits until it is settled."""
    not_before: Mapped[datetime | None]
    """After a refusal we do not ask again before this moment."""


class TagRule(Row):
    """A tag that people made in the console, and what gives it there; beside those of `content/tags.yaml`."""

    __tablename__ = "tag_rule"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    tag: Mapped[str]
    """组/名."""
    rule: Mapped[dict[str, Any]]
    """As one rule of the file; empty when the tag is only given by hand."""
    state: Mapped[str]
    """published or retired."""
    at: Mapped[datetime]
    by: Mapped[str]
