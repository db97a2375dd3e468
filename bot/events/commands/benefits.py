"""Coupons and points."""

from __future__ import annotations

from dataclasses import dataclass

from bot.events.commands.command import Command
from bot.events.shop import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemCoupon(Command):
    permission = "coupon.redeem"
    code: str
    store: str | None = None
    order_no: str | None = None
    amount_fen: int | None = None
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveCoupon(Command):
    """Keep it for an order that is being rung up. Redeeming it for that order confirms."""

    permission = "coupon.redeem"
    code: str
    order_no: str
    store: str | None = None
    amount_fen: int | None = None
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCoupon(Command):
    """The order did not come about."""

    permission = "coupon.redeem"
    code: str
    order_no: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCoupon(Command):
    """A customer takes what is open to everybody, or her place in line for it."""

    permission = "coupon.claim"
    customer_id: int
    offer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinTeam(Command):
    """A customer begins to buy together with others, or comes into a team by its number."""

    permission = "coupon.claim"
    customer_id: int
    offer: str
    team: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCycle(Command):
    """A customer begins, skips once or stops what comes to her again and again."""

    permission = "coupon.claim"
    customer_id: int
    offer: str
    what: str
    """begin, skip or stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRight(Command):
    """A customer takes what her level, her orders or her plan lets her."""

    permission = "coupon.claim"
    customer_id: int
    right: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineCoupon(Command):
    """She gives hers up for whoever waits."""

    permission = "coupon.claim"
    customer_id: int
    coupon_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidRedemption(Command):
    permission = "coupon.void"
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCoupon(Command):
    permission = "coupon.issue"
    offer: str
    customer_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendPoints(Command):
    permission = "points.spend"
    customer_id: int
    points: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustPoints(Command):
    permission = "points.adjust"
    customer_id: int
    delta: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidePoints(Command):
    """The second person's yes or no to a large correction."""

    permission = "points.adjust"
    request_id: int
    agreed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyLevel(Command):
    """Points for a level."""

    permission = "points.spend"
    customer_id: int
    level: str
