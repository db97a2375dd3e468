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


@dataclass(frozen=True, slots=True, kw_only=True)
class FanLeft(FanEvent):
    pass


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


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuViewed(FanEvent):
    """Opening a link does not open a send window."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QrScanned(FanEvent):
    scene: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FanLocated(FanEvent):
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFinished(FanEvent):
    msgid: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MassFinished(FanEvent):
    msgid: str
    status: str
    total: int = 0
    sent: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionAnswered(FanEvent):
    """Consent to one subscription message, given or refused."""

    template_id: str
    accepted: bool
    others: dict[str, bool] = field(default_factory=dict)
    """One popup may ask for several: what was said to the rest, by template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRevoked(FanEvent):
    """The person took back the authorisation: their data of this account must go."""
