"""Customers, their identities, the guides who follow them and the stores those belong to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row

STAGES = ("knows", "understands", "accepts", "buys", "shares")
"""知道→了解→接受→购买→分享, in order."""


class Customer(Row):
    """One person, however many identities."""

    __tablename__ = "customer"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    """Opaque public id for pages, links and logs."""
    created_at: Mapped[datetime]
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    """Set while this record is folded into another one; un-merge clears it."""
    gender: Mapped[int] = mapped_column(default=0)
    region: Mapped[str | None]
    birthday_month: Mapped[int | None] = mapped_column(index=True)
    """1-12: enough for the birthday journey; the day is sealed."""
    stage: Mapped[str] = mapped_column(default="knows")
    """One of `STAGES`."""
    stage_inferred: Mapped[bool | None]
    """True when she came there past a stage that nobody saw: it is concluded, not observed."""
    influence: Mapped[int] = mapped_column(default=0, index=True)
    """What `bot.domain.influence` counts, as of the last night."""
    personalised: Mapped[bool] = mapped_column(default=True)
    """False after 不要个性化."""
    quiet_until: Mapped[int | None]
    """The hour of the morning before which she wants nothing; None is the brand's."""
    marketing_held: Mapped[bool] = mapped_column(default=False)
    """True while a case is open."""
    last_active_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    """Set once she is nobody any more: she asked for it, or one of her ids came again without any act of hers."""


GONE = Customer.merged_into.is_not(None) | Customer.erased_at.is_not(None)
"""Nobody of her own any more. They are few, and a count that leaves them out asks this index alone."""
Index("ix_customer_gone", Customer.id, sqlite_where=GONE, postgresql_where=GONE)


class Secret(Row):
    """What directly names a person, sealed under the person's own key; erasing the key erases it all."""

    __tablename__ = "secret"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    wrapped_key: Mapped[bytes]
    name: Mapped[bytes | None]
    phone: Mapped[bytes | None]
    birthday: Mapped[bytes | None]
    """MM-DD, never the year."""
    address: Mapped[bytes | None]


class Identity(Row):
    """One id of a customer, with the evidence that it is theirs."""

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("kind", "value", "account"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    kind: Mapped[str]
    """external_userid, openid, kf, unionid, phone, member_no or buyer_id."""
    value: Mapped[str]
    """Plain for platform ids; for a phone the blind index."""
    account: Mapped[str] = mapped_column(default="")
    """The openid's account or the buyer id's shop system."""
    confidence: Mapped[float] = mapped_column(default=1.0)
    evidence: Mapped[str] = mapped_column(default="")
    since: Mapped[datetime]
    home: Mapped[int | None]
    """The record with whose ids it was first seen: there it returns when a merge is taken back."""
    stale_at: Mapped[datetime | None]
    """When this id stopped reaching her (she left the Official Account), although it is still hers."""


class MergeRecord(Row):
    """One merge: what moved, so that un-merge can put it back; or a question for a person."""

    __tablename__ = "merge_record"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    merged_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    state: Mapped[str]
    """proposed, merged, refused or undone."""
    reason: Mapped[str]
    moved: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    by: Mapped[str]


class Store(Row):
    __tablename__ = "store"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    city: Mapped[str] = mapped_column(default="")


class Guide(Row):
    """An employee who serves customers."""

    __tablename__ = "guide"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    userid: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"), index=True)
    active: Mapped[bool] = mapped_column(default=True)
    duty: Mapped[str | None]
    """manager or expert: whom we ask when something goes up."""
    away_from: Mapped[datetime | None]
    """None with an `away_until`: she is away already."""
    away_until: Mapped[datetime | None]
    best_hour: Mapped[int | None]


class Follow(Row):
    """The tie customer x guide."""

    __tablename__ = "follow"
    __table_args__ = (
        UniqueConstraint("customer_id", "guide_id"),
        Index("ix_follow_guide_id_ended_at", "guide_id", "ended_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    guide_id: Mapped[int] = mapped_column(ForeignKey("guide.id"))
    external_userid: Mapped[str] = mapped_column(index=True)
    since: Mapped[datetime]
    state: Mapped[str | None]
    """The contact way's state: where she came from."""
    remark: Mapped[bytes | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    """customer or guide."""
    last_talk_at: Mapped[datetime | None]
    advises_since: Mapped[datetime | None]
    """Since when this guide is her own advisor (专属顾问); one tie of hers at most."""


class HandOver(Row):
    """A customer whose guide has left, passed on to another one: asked of the platform, and what became of it."""

    __tablename__ = "hand_over"
    __table_args__ = (
        Index("ix_hand_over_external_userid_asked_at", "external_userid", "asked_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    external_userid: Mapped[str]
    giver: Mapped[str]
    taker: Mapped[str]
    """userids."""
    state: Mapped[str] = mapped_column(index=True)
    """asked, waiting (a day), done, refused by her, full (the taker is), limited (twice in 90 days) or failed."""
    asked_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class ContactWay(Row):
    """A QR code or link that adds a guide."""

    __tablename__ = "contact_way"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    state: Mapped[str] = mapped_column(unique=True)
    config_id: Mapped[str | None] = mapped_column(unique=True)
    qr_code: Mapped[str | None]
    guide_id: Mapped[int | None] = mapped_column(ForeignKey("guide.id"))
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    label: Mapped[str]
    """What people call this source, e.g. 收银台 or 试衣间."""
