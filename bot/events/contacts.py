"""The tie between a customer and a guide, as WeCom tells it. All of these come from `sys` with one-second stamps."""

from __future__ import annotations

from dataclasses import dataclass

from bot.events.vocabulary import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowEvent(Event):
    userid: str
    external_userid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAdded(FollowEvent):
    state: str | None = None
    welcome_code: str | None = None
    """Good for 20 s and one use; absent when the two already chatted."""
    half: bool = False
    """The guide has not confirmed yet; a whole `CustomerAdded` may follow, without a code."""
    link_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerEdited(FollowEvent):
    """The guide changed remark or tags in the client; the event does not say what."""

    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerDeleted(FollowEvent):
    """The guide deleted the customer."""

    by_transfer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideDeleted(FollowEvent):
    """The customer deleted the guide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFailed(FollowEvent):
    reason: str
    """`customer_refused` or `customer_limit_exceed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveAgreed(FollowEvent):
    """The customer agreed to message archiving."""

    welcome_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpTagChanged(Event):
    change: str
    """create, update, delete or shuffle. Deleting a group does not tell of its tags."""
    id: str
    tag_type: str | None = None
    strategy_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionReported(Event):
    """Anything the platform tells of an acquisition link (获客助手)."""

    change: str
    link_id: str | None = None
    state: str | None = None
    userid: str | None = None
    external_userid: str | None = None
    chat_key: str | None = None
    expires_at: int | None = None
    expire_count: int | None = None
