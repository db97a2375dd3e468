"""Campaigns, and touches: one message to one customer, from plan to result."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, and_
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row


class Campaign(Row):
    __tablename__ = "campaign"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str]
    playbook: Mapped[str | None] = mapped_column(index=True)
    occasion: Mapped[str | None] = mapped_column(unique=True)
    """Playbook + date for repeating ones: the same occasion is planned once."""
    purpose: Mapped[str]
    """marketing or service."""
    rule: Mapped[dict[str, Any]]
    template: Mapped[str]
    """Name of a template; empty when the words were written by hand."""
    words: Mapped[bytes | None]
    """Words written by hand, sealed."""
    offer_key: Mapped[str | None]
    channels: Mapped[list[Any]]
    holdout_percent: Mapped[int] = mapped_column(default=0)
    seed: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    """unfinished, draft, approved, running, paused, finished or stopped."""
    goal: Mapped[dict[str, Any] | None]
    """metric, a name of `bot.domain.aims.METRICS`, and hypothesis, a sentence."""
    stop_when: Mapped[dict[str, Any] | None]
    """Fields of `bot.domain.aims.StopRule` that differ from the usual."""
    budget_fen: Mapped[int | None]
    """What the coupons it gives may cost at worst."""
    canary_percent: Mapped[int] = mapped_column(default=0)
    """So many go a day ahead of the others, who are spared if those turn away; 0 is nobody."""
    attachments: Mapped[list[Any] | None]
    """What hangs on its mass tasks, as `bot.domain.attachments` reads it."""
    arms: Mapped[list[Any] | None]
    """Templates that are tried against each other; None when there is one."""
    holdout_by: Mapped[str] = mapped_column(default="customer")
    """customer or guide."""
    goes_first: Mapped[bool] = mapped_column(default=False)
    """Of two campaigns for one person on one day she gets this one."""
    reason: Mapped[str | None]
    """Why it is paused, when a rule did it."""
    pushed_by: Mapped[int | None] = mapped_column(ForeignKey("guide.id"))
    """Set for a guide's own tagged push: she is the only sender."""
    ready: Mapped[str | None]
    """The template whose words the guide began her push with, to learn from what she makes of them."""
    edited: Mapped[bool] = mapped_column(default=False)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    approved_by: Mapped[str | None]
    planned_at: Mapped[datetime | None]
    receipt: Mapped[dict[str, Any] | None]
    """The last dry run, as `bot.store.campaigns.Receipt` keeps it: nothing is handed over that nobody has seen."""
    rehearsed_at: Mapped[datetime | None]


class Touch(Row):
    __tablename__ = "touch"
    __table_args__ = (
        UniqueConstraint("campaign_id", "customer_id"),
        UniqueConstraint("run_id", "step"),
        Index("ix_touch_state_due_at", "state", "due_at"),
        Index("ix_touch_customer_id_sent_at", "customer_id", "sent_at"),
        Index("ix_touch_mass_task_id", "mass_task_id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))
    step: Mapped[str | None]
    purpose: Mapped[str]
    template: Mapped[str]
    variant: Mapped[str | None]
    offer_key: Mapped[str | None]
    coupon_id: Mapped[int | None] = mapped_column(ForeignKey("coupon.id"))
    channel: Mapped[str | None]
    """wecom, kf, official or welcome; None when there was no way."""
    guide_id: Mapped[int | None] = mapped_column(ForeignKey("guide.id"))
    address: Mapped[str | None]
    """The platform id it goes to: external_userid, openid, or open_kfid|external_userid."""
    arm: Mapped[str | None]
    """treated or holdout, once the lot was drawn; whatever becomes of the touch later, the arm stays."""
    state: Mapped[str]
    """See `bot.domain.campaigns.STATES`."""
    reason: Mapped[str | None]
    """One code of `bot.domain.reasons`, for ever."""
    text: Mapped[bytes | None]
    """The exact words, sealed."""
    mass_task_id: Mapped[int | None] = mapped_column(ForeignKey("mass_task.id"))
    first_task_id: Mapped[int | None] = mapped_column(ForeignKey("mass_task.id"))
    """The task of the guide who never confirmed it: it was passed on to another one, which happens once."""
    attempts: Mapped[int] = mapped_column(default=0)
    """How often it was handed to a platform; counts into the effect of the debt."""
    planned_at: Mapped[datetime]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    """When it arrived with the customer, as the platform says."""
    settled_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    consent_entry_id: Mapped[int | None] = mapped_column(ForeignKey("consent_entry.id"))
    """The proof that this marketing touch was allowed."""


STATES = {
    "planned": "已排好",
    "queued": "正在发送",
    "handed_over": "已交给导购",
    "delivered": "已送达",
    "not_friend": "已不是好友",
    "over_quota": "超出平台上限",
    "refused": "平台拒绝",
    "cancelled": "已取消",
    "expired": "已过期",
    "excluded": "没有发",
    "holdout": "对照组",
    "unknown": "结果不明",
}


PATIENCE = timedelta(days=5)
"""How long a message of a journey waits for a guide's free place, or may be passed on, before it is stale."""


# Every second somebody asks which tasks carry touches that may not go any more, and hardly any do.
UNWANTED = and_(Touch.reason.is_not(None), Touch.mass_task_id.is_not(None))
Index(
    "ix_touch_unwanted",
    Touch.mass_task_id,
    sqlite_where=UNWANTED,
    postgresql_where=UNWANTED,
)


class MassTask(Row):
    """企业群发: the platform's guide-confirmed sending. A msgid is a task for a person, not a message sent."""

    __tablename__ = "mass_task"
    __table_args__ = (Index("ix_mass_task_state_check_at", "state", "check_at"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    guide_id: Mapped[int] = mapped_column(ForeignKey("guide.id"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    group_chat_id: Mapped[int | None] = mapped_column(ForeignKey("group_chat.id"), index=True)
    sort: Mapped[str | None]
    """Of a post to a group chat: knowledge, benefit or play."""
    slot: Mapped[str | None] = mapped_column(unique=True)
    """The chat and the day of such a post: one a day."""
    purpose: Mapped[str]
    text: Mapped[bytes]
    customers: Mapped[int]
    msgid: Mapped[str | None] = mapped_column(unique=True)
    state: Mapped[str]
    """owed, waiting (for the guide), confirmed, settled, cancelling, cancelled, expired, unknown or refused;
    held: a post that the mix of its group chat forbids."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """Cancelled then, if the guide has not confirmed: before quiet hours begin."""
    seen_at: Mapped[datetime | None]
    """When her page showed it to her, or when she opened the app with it inside; the platform does not tell."""
    confirmed_at: Mapped[datetime | None]
    reminders: Mapped[int] = mapped_column(default=0)
    reminded_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    check_at: Mapped[datetime | None]
    """When the platform is asked next what became of it; None when there is nothing left to ask."""
    attempts: Mapped[int] = mapped_column(default=0)
    """How often the platform was asked to make it; counts into the effect of the debt."""
    cancel_reason: Mapped[str | None]
    """Why it was called back: expired, guide_away, guide_left, withdrawn, paused, stopped or kill_switch."""
    cancels: Mapped[int] = mapped_column(default=0)
    """How often the platform was asked to stop it; counts into the effect of the debt."""
    cancelled_at: Mapped[datetime | None]
    """When the platform took the cancellation; only then are unsent touches free to move."""


class OutsideSend(Row):
    """A mass message that a guide sent by her own hand: it counts against the customer's quota too."""

    __tablename__ = "outside_send"
    __table_args__ = (Index("ix_outside_send_customer_id_at", "customer_id", "at"),)

    msgid: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    at: Mapped[datetime]


class Attribution(Row):
    """Which touch an order is owed to: its coupon, or the last touch of the days before."""

    __tablename__ = "attribution"

    order_id: Mapped[int] = mapped_column(ForeignKey("shop_order.id"), primary_key=True)
    touch_id: Mapped[int] = mapped_column(ForeignKey("touch.id"), index=True)
    how: Mapped[str]
    """coupon or window."""
    at: Mapped[datetime]
