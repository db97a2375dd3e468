"""What shops and their systems report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.events.vocabulary import Event


class OrderKind(StrEnum):
    PAID = "paid"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    sku: str
    name: str
    category: str = ""
    quantity: int = 1
    amount_fen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """At least one is given; any may be wrong or shared."""

    phone: str | None = None
    unionid: str | None = None
    openid: str | None = None
    external_userid: str | None = None
    member_no: str | None = None
    buyer_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReported(Event):
    source: str
    """Which shop system or file said so; order numbers are unique within it."""
    event_id: str
    kind: OrderKind
    order_no: str
    amount_fen: int
    """Never negative: the kind gives the sign."""
    buyer: Buyer
    lines: tuple[Line, ...] = ()
    refund_no: str | None = None
    store: str | None = None
    guide: str | None = None
    channel: str | None = None
    coupon_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOpened(Event):
    """A customer opened a signed short link."""

    token: str
    who: str = ""
    """The ref of the customer who was signed in there, if one was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageStayed(Event):
    """One of our own pages was on her screen for a while."""

    who: str
    """The ref of the customer who was signed in there."""
    path: str
    seconds: int
    again: bool = False
    """She came back to a page that was told of already: it only lasts longer."""
    token: str = ""
    """The short link that led there, if one did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormAnswered(Event):
    """A customer answered a question of ours on a page or in chat."""

    customer_id: int
    form: str
    answers: dict[str, str]
