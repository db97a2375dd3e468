"""A person's data: taken along, erased, or kept after all."""

from __future__ import annotations

from dataclasses import dataclass

from bot.events.commands.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportCustomer(Command):
    """All that is known of one customer leaves as a file; where that takes two people, one yes is good for one file."""

    permission = "customer.export"
    customer_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseCustomer(Command):
    """Whoever asks has typed her name: it is not told here, or it would outlive her."""

    permission = "customer.erase"
    customer_id: int
    reason: str
    at_once: bool = False
    """Without the day in which it can be taken back."""
    give_up: bool = False
    """Coupons that she holds go back, so that nothing waits for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepCustomer(Command):
    """An erasure that has not begun is taken back."""

    permission = "customer.keep"
    customer_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeMyData(Command):
    permission = "data.own"
    customer_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetMe(Command):
    permission = "data.own"
    customer_id: int
    give_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StayAfterAll(Command):
    """She takes her own wish to be forgotten back."""

    permission = "data.own"
    customer_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseMorning(Command):
    """From when on in the morning she wants marketing; None is the brand's hour."""

    permission = "profile.own"
    customer_id: int
    hour: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseEverybody(Command):
    """The data of all customers of this brand. Sending is off from now on."""

    permission = "people.erase"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepEverybody(Command):
    permission = "settings.change"
