"""Everything the gate must know about many customers at once, in a handful of statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import channels
from bot.domain.channels import OpenWindow, Tie, Way
from bot.domain.consent import ConsentState
from bot.domain.conversations import Conversation
from bot.domain.customers import Customer, Follow, Guide
from bot.domain.delivery import Window
from bot.domain.gate import GateFacts, decide
from bot.domain.mapping import Moment
from bot.domain.offers import Coupon, Offer, pieces_left, why_not_issued
from bot.domain.quotas import Limits, Used
from bot.domain.reasons import of_offer
from bot.store import consent, quotas
from bot.store.vault import Vault


@dataclass(slots=True)
class Standing:
    """One customer before the gate."""

    customer_id: int
    held: bool = False
    personalised: bool = True
    suppressed: bool = False
    consents: dict[str, bool] = field(default_factory=dict)
    proofs: dict[str, int] = field(default_factory=dict)
    """Consent purpose → the ledger entry that proves it."""
    used: Used = field(default_factory=Used)
    ties: list[Tie] = field(default_factory=list)
    windows: list[OpenWindow] = field(default_factory=list)

    def proof(self, channel: str | None) -> int | None:
        return self.proofs.get(channels.CONSENT.get(channel or "wecom", "marketing_wecom"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of everybody in the same way: may this message go at `at`?"""

    limits: Limits
    at: datetime
    purpose: str = "marketing"
    allowed: Sequence[str] = ()
    only_guide: int | None = None
    stop: str | None = None
    flaw: str | None = None
    offer: str | None = None
    """Why the offer can be given to nobody."""
    spent: frozenset[int] = frozenset()
    """Who has had as many coupons of the offer as one customer may."""
    weary: frozenset[int] = frozenset()
    """To whom the next message must not be one more offer."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The way it goes, or the reason why not."""

    way: Way | None
    reason: str | None


def ask(question: Question, standing: Standing) -> Verdict:
    """Try the ways in order; the first that may be used wins, else the best way's reason stands."""
    ways = channels.ways(
        standing.ties,
        standing.windows,
        now=question.at,
        allowed=question.allowed,
        only_guide=question.only_guide,
    )
    facts = _facts(question, standing)
    first = None
    for way in ways:
        reason = decide(replace(facts, channel=way.channel), question.limits, question.at)
        if reason is None:
            return Verdict(way, None)
        first = first or reason
    return Verdict(None, first or decide(facts, question.limits, question.at))


def _facts(question: Question, standing: Standing) -> GateFacts:
    spent = standing.customer_id in question.spent
    return GateFacts(
        purpose=question.purpose,
        no_way=channels.no_way(standing.ties, now=question.at, only_guide=question.only_guide),
        stop=question.stop,
        consents=standing.consents,
        suppressed=standing.suppressed,
        held=standing.held,
        kept_out=question.limits.holdout.keeps(standing.customer_id),
        used=standing.used,
        weary=standing.customer_id in question.weary,
        flaw=question.flaw,
        offer=question.offer or ("per_customer" if spent else None),
    )


async def gather(
    session: AsyncSession,
    vault: Vault,
    customer_ids: Collection[int],
    *,
    at: datetime,
    limits: Limits,
    planning: int | None = None,
) -> dict[int, Standing]:
    """The standing of every living customer among these; `planning` as in `quotas.used`."""
    bound = {"ids": list(customer_ids), "at": at}
    people = await session.execute(_PEOPLE, bound)
    standings = {row.id: Standing(row.id, row.marketing_held, row.personalised) for row in people}
    for standing, agreed in _each(standings, await session.execute(_CONSENTS, bound)):
        standing.consents[agreed["purpose"]] = agreed["granted"]
        standing.proofs[agreed["purpose"]] = agreed["entry_id"]
    for standing, tie in _each(standings, await session.execute(_TIES, bound)):
        standing.ties.append(Tie(**tie))
    for standing, window in _each(standings, await session.execute(_WINDOWS, bound)):
        standing.windows.append(OpenWindow(**window))
    counted = await quotas.used(session, customer_ids, at=at, limits=limits, planning=planning)
    for customer_id in counted.keys() & standings.keys():
        standings[customer_id].used = counted[customer_id]
    for customer_id in await consent.suppressed(session, vault, list(standings)):
        standings[customer_id].suppressed = True
    return standings


def _each(
    standings: Mapping[int, Standing], rows: Iterable[Row[*tuple[Any, ...]]]
) -> Iterator[tuple[Standing, dict[str, Any]]]:
    """What a row says, beside whom it is about."""
    for row in rows:
        said = dict(row._mapping)
        if standing := standings.get(said.pop("customer_id")):
            yield standing, said


# Asked before every call: built once, and bound to people and moment.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_AT = bindparam("at", type_=Moment)
_PEOPLE = select(Customer.id, Customer.marketing_held, Customer.personalised).where(
    Customer.id.in_(_IDS), Customer.merged_into.is_(None)
)
_CONSENTS = select(
    ConsentState.customer_id, ConsentState.purpose, ConsentState.granted, ConsentState.entry_id
).where(ConsentState.customer_id.in_(_IDS))
_TIES = (
    select(
        Follow.customer_id,
        Follow.guide_id,
        Guide.userid,
        Follow.external_userid,
        Follow.since,
        Follow.last_talk_at,
        Guide.active,
        Guide.away_until,
    )
    .join(Guide, Guide.id == Follow.guide_id)
    .where(Follow.customer_id.in_(_IDS), Follow.ended_at.is_(None))
)
# While a person serves her (or she waits for one) the platform lets no program speak: 95018.
_WITH_A_PERSON = exists().where(
    Conversation.customer_id == Window.customer_id,
    Conversation.channel == Window.channel,
    Conversation.held_by.is_not(None),
)
_WINDOWS = select(
    Window.customer_id, Window.channel, Window.address, Window.closes_at, Window.left
).where(Window.customer_id.in_(_IDS), Window.closes_at > _AT, Window.left > 0, ~_WITH_A_PERSON)


_PERSON = func.coalesce(Customer.merged_into, Customer.id)
_SPENT = (
    select(_PERSON)
    .join(Coupon, Coupon.customer_id == Customer.id)
    .where(
        Coupon.offer_id == bindparam("offer"),
        Coupon.state.not_in(("withdrawn", "declined")),
        or_(Customer.id.in_(_IDS), Customer.merged_into.in_(_IDS)),
    )
    .group_by(_PERSON)
    .having(func.count() >= bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Stock:
    """What an offer can still give."""

    reason: str | None = None
    pieces: int | None = None
    """None: as many as one likes."""
    spent: frozenset[int] = frozenset()
    weary: frozenset[int] = frozenset()
    piece_fen: int = 0
    """What one piece may cost us at worst."""


def affordable(stock: Stock, budget_fen: int | None) -> int | None:
    """How many pieces a budget pays for; None when it sets no bound."""
    return budget_fen // stock.piece_fen if budget_fen is not None and stock.piece_fen else None


async def stock(
    session: AsyncSession,
    offer_key: str | None,
    customer_ids: Collection[int],
    *,
    at: datetime,
    limits: Limits,
) -> Stock:
    """Whether the offer may be given at `at`, how often still, and to whom of these no more."""
    if offer_key is None:
        return Stock()
    offer = await session.scalar(select(Offer).where(Offer.key == offer_key))
    if offer is None:
        return Stock("unknown_offer", 0)
    reason = _why_not(offer, at)
    bound = {"ids": list(customer_ids), "offer": offer.id, "most": offer.per_customer}
    spent = await session.scalars(_SPENT, bound)
    weary = await quotas.weary(session, customer_ids, at=at, limits=limits)
    return Stock(reason, pieces_left(offer), frozenset(spent), weary, offer.piece_fen)


def _why_not(offer: Offer, at: datetime) -> str | None:
    refusal = why_not_issued(offer, at)
    return of_offer(refusal.reason) if refusal else None
