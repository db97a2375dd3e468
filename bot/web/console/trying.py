"""A text tried on a real customer: what she would read, or why nothing can be made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.content import wording
from bot.content.templates import BYTES, Template
from bot.domain import masks
from bot.domain.facts import FACTS
from bot.domain.refusals import Refusal
from bot.store import facts, roster, segments
from bot.web.console.preview import EVERYBODY
from bot.web.desk import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One text on one customer."""

    channel: str
    words: str
    flaw: str
    size: int
    limit: int
    customer: roster.Listed | None
    number: int
    total: int


def samples(desk: Desk, text: Template, *, personal: bool) -> dict[str, Any]:
    """What is the same for everybody, and samples of what only this text knows; the offer is any of ours."""
    content = desk.work.content
    told = {n: fact.sample for n, fact in text.facts.items() if n not in FACTS}
    told |= {n: fact.sample for n, fact in FACTS.items() if personal or not fact.personal}
    told |= content.facts
    if text.offer and content.offers:
        offer = next(iter(content.offers))
        told |= content.offer_facts(offer, desk.work.now()) | {"coupon_code": wording.CODE}
    return told


async def try_on(
    desk: Desk, session: AsyncSession, text: Template, *, channel: str, number: int
) -> Tried:
    """What the n-th customer would read; without customers, what the samples say."""
    return worded(desk, text, await somebody(desk, session, number), channel=channel)


@dataclass(frozen=True, slots=True)
class Somebody:
    """Whom texts are tried on, and what is known of her; nobody where there are no customers yet."""

    listed: roster.Listed | None
    known: dict[str, Any]
    number: int
    total: int


async def somebody(desk: Desk, session: AsyncSession, number: int) -> Somebody:
    work = desk.work
    everybody = segments.clause(EVERYBODY, work.now())
    total = await roster.count(session, everybody)
    number = min(number, max(total, 1))
    listed = await roster.page(
        session, work.vault, everybody, work.content.limits, work.now(), number=number, size=1
    )
    if not listed:
        return Somebody(None, {}, number, total)
    who = listed[0].customer.id
    known = await facts.gather(session, work.vault, work.content, [who], work.now())
    told = {n: value for n, value in known.get(who, {}).items() if value is not None}
    return Somebody(listed[0], told, number, total)


def worded(
    desk: Desk, text: Template, who: Somebody, *, channel: str, offer: str | None = None
) -> Tried:
    """The text as it reads for her, with this offer where one goes with it."""
    work = desk.work
    told = samples(desk, text, personal=who.listed is None) | who.known
    if offer in work.content.offers:
        told |= work.content.offer_facts(str(offer), work.now()) | {"coupon_code": wording.CODE}
    if told.get("称呼"):
        told["称呼"] = masks.name(str(told["称呼"]))
    words, flaw = "", ""
    try:
        variant = wording.variant_for(work.content, text.name, told)
        notice = work.content.notices.get((text.name, channel))
        words = notice.render(told) if notice else text.render(told, variant, channel=channel)
    except Refusal as refusal:
        flaw = refusal.words
    return Tried(
        channel=channel,
        words=words,
        flaw=flaw,
        size=len(words.encode()),
        limit=BYTES[channel],
        customer=who.listed,
        number=who.number,
        total=who.total,
    )
