"""Everything the gate must know about many customers at once, in a handful of statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import channels
from bot.domain.attachments import WORDS_ALONE
from bot.domain.channels import OpenWindow, Tie, Way
from bot.domain.consent import ConsentState
from bot.domain.conversations import Conversation
from bot.domain.customers import Customer, Follow, Guide
from bot.domain.delivery import Window
from bot.domain.gate import GateFacts, decide
from bot.domain.mapping import Moment
from bot.domain.quotas import Limits, Used
from bot.store import consent, quotas
from bot.store.bulk import among
from bot.store.engine import dialect_of, rows
from bot.store.vault import Vault

NOTHING_YET = Used()


@dataclass(slots=True)
class Standing:
    """One customer before the gate."""

    customer_id: int
    held: bool = False
    personalised: bool = True
    quiet_until: int | None = None
    suppressed: bool = False
    consents: dict[str, bool] = field(default_factory=dict)
    proofs: dict[str, int] = field(default_factory=dict)
    """Consent purpose → the ledger entry that proves it."""
    used: Used = NOTHING_YET
    ties: list[Tie] = field(default_factory=list)
    windows: list[OpenWindow] = field(default_factory=list)
    fan: str | None = None
    """Her openid, while she follows the Official Account; asked for by `notices.reach` only, like the next."""
    accepted: dict[str, str] = field(default_factory=dict)
    """The platform's form → her openid, where she asked for one more message of it."""

    def proof(self, channel: str | None) -> int | None:
        return self.proofs.get(channels.CONSENT.get(channel or "wecom", "marketing_wecom"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of everybody in the same way: may this message go at `at`?"""

    limits: Limits
    at: datetime
    purpose: str = "marketing"
    topic: str | None = None
    now: bool = False
    """It goes at this very moment: her own hours count."""
    allowed: Sequence[str] = ()
    notices: Mapping[str, str] = field(default_factory=dict)
    """By channel, the platform's forms in which it may go."""
    only_guide: int | None = None
    without: int | None = None
    """A guide who may not be the one: she never confirmed it."""
    full: frozenset[int] = frozenset()
    """Guides who are asked as often today as they may be: another one of hers goes before them."""
    stop: str | None = None
    flaw: str | None = None
    offer: str | None = None
    """Why the offer can be given to nobody."""
    spent: Mapping[int, str] = field(default_factory=dict)
    """Who has had as many coupons of the offer as she, or her household, may; and which of the two."""
    weary: frozenset[int] = frozenset()
    """To whom the next message must not be one more offer."""
    needs: Mapping[str, int] = field(default_factory=lambda: WORDS_ALONE)
    """How many messages of her window it takes."""
    decided: dict[_Alike, str | None] = field(default_factory=dict, repr=False, compare=False)
    """What the gate has said so far."""


class Verdict(NamedTuple):
    """The way it goes, or the reason why not."""

    way: Way | None
    reason: str | None


def ask(question: Question, standing: Standing) -> Verdict:
    """Try the ways in order; the first that may be used wins, else the best way's reason stands."""
    ways = channels.ways(
        standing.ties,
        standing.windows,
        now=question.at,
        notices=_notices(question, standing) if question.notices else {},
        allowed=question.allowed,
        only_guide=question.only_guide,
        without=question.without,
        full=question.full,
        needs=question.needs,
    )
    first = None
    for way in ways:
        reason = _decided(question, standing, way.channel)
        if reason is None:
            return Verdict(way, None)
        first = first or reason
    return Verdict(None, first or _decided(question, standing, None))


def _notices(question: Question, standing: Standing) -> dict[str, str]:
    """By channel, the address of her to whom such a form may go."""
    found = {
        channel: standing.accepted.get(form) if channel == "subscribed" else standing.fan
        for channel, form in question.notices.items()
    }
    return {channel: address for channel, address in found.items() if address}


class _Alike(NamedTuple):
    """All that the gate looks at in one customer, beside the question itself."""

    channel: str | None
    no_way: str
    consents: frozenset[tuple[str, bool]]
    quiet_until: int | None
    suppressed: bool
    held: bool
    kept_out: bool
    used: Used
    weary: bool
    spent: str | None


def _decided(question: Question, standing: Standing, channel: str | None) -> str | None:
    """The gate's word. Of thousands who are asked the same most are alike, and to equal facts it says the same."""
    alike = _alike(question, standing, channel)
    if alike not in question.decided:
        question.decided[alike] = decide(_facts(question, alike), question.limits, question.at)
    return question.decided[alike]


def _alike(question: Question, standing: Standing, channel: str | None) -> _Alike:
    who, no_way = standing.customer_id, ""
    if channel is None:
        no_way = channels.no_way(
            standing.ties,
            now=question.at,
            only_guide=question.only_guide,
            without=question.without,
            windows=[
                open_
                for open_ in standing.windows
                if not question.allowed or open_.channel in question.allowed
            ],
        )
    return _Alike(
        channel,
        no_way,
        frozenset(standing.consents.items()),
        standing.quiet_until if question.now else None,
        standing.suppressed,
        standing.held,
        question.limits.holdout.keeps(who),
        standing.used,
        who in question.weary,
        question.spent.get(who),
    )


def _facts(question: Question, her: _Alike) -> GateFacts:
    return GateFacts(
        purpose=question.purpose,
        channel=her.channel,
        no_way=her.no_way,
        stop=question.stop,
        consents=dict(her.consents),
        topic=question.topic,
        quiet_until=her.quiet_until,
        suppressed=her.suppressed,
        held=her.held,
        kept_out=her.kept_out,
        used=her.used,
        weary=her.weary,
        flaw=question.flaw,
        offer=question.offer or her.spent,
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
    standings = await _standings(session, {"ids": list(customer_ids), "at": at})
    counted = await quotas.used(session, customer_ids, at=at, limits=limits, planning=planning)
    for customer_id in counted.keys() & standings.keys():
        standings[customer_id].used = counted[customer_id]
    for customer_id in await consent.suppressed(session, vault, list(standings)):
        standings[customer_id].suppressed = True
    return standings


async def _standings(session: AsyncSession, bound: Mapping[str, Any]) -> dict[int, Standing]:
    asked = _asked(dialect_of(session))
    standings = {
        who: Standing(who, *her) for who, *her in await rows(session, asked.people, bound)
    }
    for who, purpose, granted, entry_id in await rows(session, asked.consents, bound):
        if standing := standings.get(who):
            standing.consents[purpose] = granted
            standing.proofs[purpose] = entry_id
    for who, *tie in await rows(session, asked.ties, bound):
        if standing := standings.get(who):
            standing.ties.append(Tie(*tie))
    for who, *window in await rows(session, asked.windows, bound):
        if standing := standings.get(who):
            standing.windows.append(OpenWindow(*window))
    return standings


class _Asked(NamedTuple):
    """Before every call, and of millions: built once, and bound to people and moment."""

    people: Select[*tuple[Any, ...]]
    consents: Select[*tuple[Any, ...]]
    ties: Select[*tuple[Any, ...]]
    windows: Select[*tuple[Any, ...]]


@cache
def _asked(dialect: str) -> _Asked:
    def hers(column: Any) -> ColumnElement[bool]:
        return among(dialect, column, "ids")

    said = (ConsentState.purpose, ConsentState.granted, ConsentState.entry_id)
    tie = (
        Follow.guide_id,
        Guide.userid,
        Follow.external_userid,
        Follow.since,
        Follow.last_talk_at,
    )
    open_ = (Window.channel, Window.address, Window.closes_at, Window.left)
    return _Asked(
        select(
            Customer.id, Customer.marketing_held, Customer.personalised, Customer.quiet_until
        ).where(hers(Customer.id), Customer.merged_into.is_(None), Customer.erased_at.is_(None)),
        select(ConsentState.customer_id, *said).where(hers(ConsentState.customer_id)),
        select(Follow.customer_id, *tie, Guide.active, Guide.away_until, Guide.away_from)
        .join(Guide, Guide.id == Follow.guide_id)
        .where(hers(Follow.customer_id), Follow.ended_at.is_(None)),
        select(Window.customer_id, *open_).where(
            hers(Window.customer_id), Window.closes_at > _AT, Window.left > 0, ~_WITH_A_PERSON
        ),
    )


_AT = bindparam("at", type_=Moment)
# While a person serves her (or she waits for one) the platform lets no program speak: 95018.
_WITH_A_PERSON = exists().where(
    Conversation.customer_id == Window.customer_id,
    Conversation.channel == Window.channel,
    Conversation.held_by.is_not(None),
)
