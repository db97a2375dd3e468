"""The Official Account: fans, their messages, menu taps and the fate of what we sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.events.vocabulary import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class FanEvent(Event):
    openid: str
    account: str
    """The account's original id, `gh_…`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FanFollowed(FanEvent):
    scene: str | None = None
    """Of a parametrised QR code, without `qrscene_`."""
    ticket: str | None = None
    key: str | None = None
    """What the platform gave instead of a scene."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FanLeft(FanEvent):
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FanMessaged(FanEvent):
    msgid: str
    msgtype: str
    text: str = ""
    menu_id: str | None = None
    """Set when the text came from tapping our menu message."""
    media_id: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuClicked(FanEvent):
    key: str
    menu_id: str | None = None
    scanned: dict[str, Any] = field(default_factory=dict)
    """What was read, where the menu entry is one that scans; both open the same window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuViewed(FanEvent):
    """Opening a link does not open a send window."""

    url: str
    menu_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuUsed(FanEvent):
    """A menu entry that takes pictures or picks a place: opens no window, and the thing itself comes as a message."""

    kind: str
    key: str
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class QrScanned(FanEvent):
    scene: str
    ticket: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FanLocated(FanEvent):
    latitude: float
    longitude: float
    precision: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFinished(FanEvent):
    msgid: str
    status: str
    template_id: str | None = None
    code: str | None = None
    """Both only of subscription messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MassFinished(FanEvent):
    msgid: str
    status: str
    total: int = 0
    sent: int = 0
    failed: int = 0
    filtered: int = 0
    detail: dict[str, Any] = field(default_factory=dict)
    """The platform's looks at copyright and the articles' addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlePublished(FanEvent):
    """A draft became an article, or did not: status 0 is success."""

    publish_id: str
    status: int
    article_id: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionAnswered(FanEvent):
    """Consent to one subscription message, given or refused."""

    template_id: str
    accepted: bool
    others: dict[str, bool] = field(default_factory=dict)
    """One popup may ask for several: what was said to the rest, by template."""
    scene: int | None = None
    """Of a popup: 1 a page, 2 a menu or article, 0 untold. None: she turned a switch in her settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRevoked(FanEvent):
    """The person took back the authorisation: their data of this account must go."""

    app_id: str | None = None
    revoked: str | None = None
    """Which of it, as the platform numbers them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FanInfoModified(FanEvent):
    """The person changed what they had allowed us to see."""

    app_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskEntered(FanEvent):
    """A person opened the customer desk of a mini program."""

    session_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSessionChanged(FanEvent):
    """The old customer desk (多客服) gave a fan to somebody: create, close or switch."""

    change: str
    desk: str
    to_desk: str | None = None
    reason: str | None = None
