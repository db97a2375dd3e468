"""How the house is set: its words, offers, limits and people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.events.commands.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class EditText(Command):
    permission = "content.edit"
    name: str
    source: str
    """Head and words; empty goes back to what the file says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineOffer(Command):
    permission = "offer.define"
    spec: dict[str, Any]
    """As `bot.domain.offers.OfferSpec`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchOffer(Command):
    """No more pieces are given, or again; coupons that are out stay good."""

    permission = "offer.switch"
    offer: str
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPlaybook(Command):
    """A journey or a repeating campaign, from now on for whoever comes in; runs under way keep their version."""

    permission = "journey.define"
    playbook: str
    spec: dict[str, Any]
    """As `bot.domain.playbooks.PlaybookSpec`; empty goes back to what the file says, or ends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPlaybook(Command):
    """A journey as far as it is written: it counts nowhere, and may be wrong."""

    permission = "journey.draft"
    playbook: str
    spec: dict[str, Any]
    """Empty: nobody wants it any more."""
    seen: int | None = None
    """The number of the draft that the writer began from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchPlaybook(Command):
    """Nobody enters and nobody moves on while it is off."""

    permission = "journey.define"
    playbook: str
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeBrand(Command):
    permission = "settings.change"
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLimits(Command):
    """Quiet hours, caps and what a guide may be asked."""

    permission = "limits.change"
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddStaff(Command):
    """A new colleague; without a password she signs in through WeCom only."""

    permission = "staff.manage"
    name: str
    role: str
    store: str | None = None
    userid: str | None = None
    phone: str | None = None
    """As a blind index."""
    password_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeStaff(Command):
    """Fields that are None stay as they are."""

    permission = "staff.manage"
    name: str
    active: bool | None = None
    role: str | None = None
    userid: str | None = None
    password_hash: str | None = None
    phone: str | None = None
    """As a blind index; "" forgets it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddTill(Command):
    """A till that is paired by a link and opened by a PIN; only hashes of both are told."""

    permission = "staff.manage"
    name: str
    store: str
    token_hash: str
    pin_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTillPin(Command):
    permission = "staff.manage"
    till_id: int
    pin_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeTill(Command):
    permission = "staff.manage"
    till_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindGuide(Command):
    """Once more for each of her tasks that wait, as often as the platform allows."""

    permission = "task.remind"
    guide_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeGuide(Command):
    """Her leave and her duty; fields that are None stay as they are. A guide speaks of her own leave only."""

    permission = "guide.change"
    guide_id: int
    away_from: datetime | None = None
    """None: she is away from now on."""
    away_until: datetime | None = None
    back: bool = False
    duty: str | None = None
    """manager, expert or "", which takes it away."""
