"""Moments (客户朋友圈): one post that many guides are asked to publish, and what became of it with each of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row

LONGEST = 2000
"""Characters the platform takes."""
TITLE_BYTES = 64
MOST_PICTURES = 9
JOB_LIFETIME = timedelta(hours=24)
COUNTED_FOR = timedelta(days=7)
"""Who saw, liked and commented is asked once a day for so long."""
REWRITABLE = ("draft", "refused")
"""Nothing of it is at the platform."""
STATES = {
    "draft": "草稿",
    "approved": "等到点交给导购",
    "making": "企业微信正在建",
    "open": "等导购发表",
    "ending": "正在收回没发表的",
    "over": "发表结束，还在数",
    "settled": "数完了",
    "cancelled": "取消了",
    "refused": "没有交出去",
    "unknown": "结果不明",
}
TASKS = {
    "planned": "等到点",
    "asked": "等她发表",
    "published": "发表了",
    "expired": "过期没发表",
    "cancelled": "收回了",
    "refused": "平台不认",
    "unknown": "结果不明",
}


class MomentPost(Row):
    __tablename__ = "moment_post"
    __table_args__ = (Index("ix_moment_post_check_at", "check_at"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    text: Mapped[bytes]
    """The exact words, sealed; once approved with their short links."""
    pictures: Mapped[list[Any]]
    """Names in the media folder."""
    card: Mapped[dict[str, Any] | None]
    """A link in place of pictures: title, url and cover."""
    publishers: Mapped[dict[str, Any]]
    """`stores` (codes) or `guides` (userids); neither means all."""
    store: Mapped[str | None]
    """The store that bounds whoever wrote it."""
    tag_ids: Mapped[list[Any]]
    """Tags of ours that WeCom has: only ties that wear one of them there see it. None means every friend."""
    state: Mapped[str]
    """One of `STATES`."""
    reason: Mapped[str | None]
    """Why it ended early: a code of `bot.domain.reasons`."""
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    approved_by: Mapped[str | None]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """What is not published then is called back: before quiet hours begin."""
    attempts: Mapped[int] = mapped_column(default=0)
    cancels: Mapped[int] = mapped_column(default=0)
    """How often the platform was asked to make it, and to stop it; both count into the effect of the debt."""
    jobid: Mapped[str | None]
    moment_id: Mapped[str | None] = mapped_column(unique=True)
    invalid: Mapped[dict[str, Any] | None]
    """Guides and tags that the platform did not know, as it named them."""
    check_at: Mapped[datetime | None]
    """When the platform is asked next; None when there is nothing to ask."""


class MomentTask(Row):
    """One guide's part: she publishes it with a tap, or it is called back."""

    __tablename__ = "moment_task"
    __table_args__ = (
        UniqueConstraint("post_id", "guide_id"),
        Index("ix_moment_task_guide_id_state", "guide_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("moment_post.id"))
    guide_id: Mapped[int] = mapped_column(ForeignKey("guide.id"))
    slot: Mapped[str | None] = mapped_column(unique=True)
    """The guide, the day and which of that day: freed when she never had to publish it."""
    state: Mapped[str]
    """One of `TASKS`."""
    friends: Mapped[int]
    """Who could see it when it was approved."""
    asked_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    """When we learned of it: the platform does not tell when she did."""
    reminders: Mapped[int] = mapped_column(default=0)
    reminded_at: Mapped[datetime | None]
    seen: Mapped[int | None]
    likes: Mapped[int | None]
    comments: Mapped[int | None]
    """Counts of the platform; it keeps the words of comments to itself."""
    counted_at: Mapped[datetime | None]


class Publisher(NamedTuple):
    """A guide who would be asked."""

    guide_id: int
    userid: str
    name: str
    store: str
    friends: int
    why_not: str | None
    """A code of `bot.domain.reasons`: she is not asked."""


class Reach(NamedTuple):
    """Whom a post would go to, were it approved now."""

    publishers: Sequence[Publisher]
    people: int
    """Friends of those who are asked, each counted once."""

    @property
    def asked(self) -> list[Publisher]:
        return [one for one in self.publishers if one.why_not is None]

    @property
    def left_out(self) -> list[Publisher]:
        return [one for one in self.publishers if one.why_not is not None]


def with_link(said: str, card: Mapping[str, Any] | None) -> str:
    """The platform takes no link without a cover: then it stands below the words."""
    return f"{said}\n{card['title']}：{card['url']}" if card and not card["cover"] else said


def free_place(guide_id: int, day: str, taken: Collection[str], most: int) -> str | None:
    """The first of a guide's places of that day that nobody holds; None when all are taken."""
    places = (f"{guide_id}:{day}:{number}" for number in range(1, most + 1))
    return next((place for place in places if place not in taken), None)


def next_look(
    now: datetime, *, since: datetime, expires_at: datetime, remind_at: datetime | None
) -> datetime:
    """Often at first, seldom later; in time for a reminder, and once when the time to publish is over."""
    wait = min(max(timedelta(minutes=10), (now - since) / 4), timedelta(hours=2))
    ahead = [moment for moment in (expires_at, remind_at) if moment is not None and moment > now]
    return min([now + wait, *ahead])


def told_invalid(result: Mapping[str, Any]) -> dict[str, list[str]]:
    """Guides, departments and tags that a finished job names as unknown."""
    senders = result.get("invalid_sender_list") or {}
    customers = result.get("invalid_external_contact_list") or {}
    named = {
        "guides": senders.get("user_list"),
        "departments": senders.get("department_list"),
        "tags": customers.get("tag_list"),
    }
    return {name: [str(one) for one in some] for name, some in named.items() if some}
