"""What guides do inside WeCom with our app."""

from __future__ import annotations

from dataclasses import dataclass, field

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
class MemberChanged(Event):
    """The address book changed: create_user, update_user or delete_user."""

    userid: str
    change: str
    new_userid: str | None = None
