"""What guides do inside WeCom with our app."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.events.vocabulary import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AppOpened(Event):
    userid: str
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideMessaged(Event):
    """A guide wrote to the app."""

    userid: str
    msgid: str
    msgtype: str
    text: str = ""
    media_id: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardClicked(Event):
    userid: str
    task_id: str
    key: str
    response_code: str | None = None
    """Good for one update of the card within 72 h."""
    card_type: str | None = None
    selected: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppMenuClicked(Event):
    userid: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppMenuViewed(Event):
    userid: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppMenuUsed(Event):
    """A menu entry that scans, takes pictures or picks a place."""

    userid: str
    kind: str
    key: str
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFollowed(Event):
    """A member came into the app's sight, or left it."""

    userid: str
    following: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideLocated(Event):
    userid: str
    latitude: float
    longitude: float
    precision: float | None = None
    client: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSuspended(Event):
    """The platform puts an app that nobody used to sleep, or wakes it: its calls are refused meanwhile."""

    asleep: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadFinished(Event):
    """Of `UploadFromUrl`; the result is asked for by its jobid."""

    jobid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveNotified(Event):
    """The message archive has something new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChanged(Event):
    """The address book changed: create_user, update_user or delete_user."""

    userid: str
    change: str
    new_userid: str | None = None
    detail: dict[str, Any] = field(default_factory=dict, repr=False)
    """What else the platform told of the member: it is theirs, and may be much."""
