"""Messages to one person: each takes one off her window, or a yes of hers to a notice, and is owed with its words,
many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import Call, Card, LinkCard, SendKf, SendOfficial, SendSubscribed, SendTemplate
from bot.content import Content, wording
from bot.content.wording import Form
from bot.domain.attachments import apart
from bot.domain.campaigns import Touch
from bot.domain.channels import Way
from bot.store import conversations, notices, outbox
from bot.store.gate import Standing
from bot.store.links import Links, Message
from bot.store.outbox import Debt
from bot.store.vault import Vault

WORTH_SENDING = timedelta(hours=2)
"""A message into an open window that could not go out for so long has lost its moment."""
ABOUT = "touch.text"


@dataclass(frozen=True, slots=True)
class Going:
    """A touch that may go, and how."""

    touch: Touch
    standing: Standing
    way: Way


@dataclass(frozen=True, slots=True)
class Ready:
    """A message in its words."""

    going: Going
    text: str
    bound: dict[str, Any]
    cards: tuple[Card, ...] = ()
    """What follows the words, each a message of its own."""
    form: Form | None = None
    """Where only a form goes."""

    @property
    def touch(self) -> Touch:
        return self.going.touch

    @property
    def attempts(self) -> int:
        return self.touch.attempts + 1


@dataclass(frozen=True, slots=True)
class Queued:
    touch: Touch
    values: dict[str, Any]


def linked(links: Links, one: Going, text: str, told: Mapping[str, object]) -> str:
    """Her own links where she alone reads it; the campaign's in one text for many guides and customers."""
    touch = one.touch
    tag = touch.template or None
    if one.way.channel == "wecom" or not one.standing.personalised:
        return links.into(text, Message(tag, campaign_id=touch.campaign_id))
    hers = Message(tag, touch.customer_id, touch.id, touch.campaign_id)
    return links.into(text, hers, also=(told.get("join_link"),))


def following(one: Going, hanging: Sequence[Card], link: Callable[[str], str]) -> tuple[Card, ...]:
    """What follows the words into her window; the links among them are hers as those in the words are."""
    _said, cards = apart(hanging, one.way.channel)
    return tuple(
        replace(card, url=link(card.url)) if isinstance(card, LinkCard) else card for card in cards
    )


async def reach(
    session: AsyncSession,
    content: Content,
    some: Iterable[Touch],
    standings: Mapping[int, Standing],
) -> None:
    """Complete the standing of these, where a form is one more way to them."""
    if any(wording.notices(content, name) for name in {touch.template for touch in some}):
        await notices.reach(session, standings)


def form_of(
    content: Content, one: Going, told: Mapping[str, Any], link: Callable[[str], str]
) -> Form | None:
    """What goes to the platform in place of the text, where only a form goes."""
    form = wording.form_for(
        content,
        one.touch.template,
        told,
        channel=one.way.channel,
        personalised=one.standing.personalised,
    )
    return form._replace(page=link(form.page)) if form else None


async def owe(
    session: AsyncSession, vault: Vault, ready: Sequence[Ready], *, now: datetime
) -> list[Queued]:
    """What fits into her window is owed, one message of each at a time: the next look takes the next.
    The keys of these customers are loaded."""
    firsts = {(one.going.way.channel, one.touch.customer_id): one for one in reversed(ready)}
    alike: dict[tuple[str, int], dict[int, Ready]] = {}
    for (channel, who), one in firsts.items():
        alike.setdefault((channel, 1 + len(one.cards)), {})[who] = one
    queued = []
    for (channel, each), hers in sorted(alike.items()):
        open_ = await _taken(session, channel, hers, now, each=each)
        going = sorted((hers[who] for who in open_), key=lambda one: one.touch.id)
        await outbox.owe_many(session, vault, [_debt(one, now) for one in going], now=now)
        queued += [Queued(one.touch, _values(vault, one)) for one in going]
    return queued


async def _taken(
    session: AsyncSession, channel: str, hers: Mapping[int, Ready], now: datetime, *, each: int
) -> set[int]:
    """To whom of these so many messages may go on this channel, now that they are counted."""
    if channel == "template":
        return set(hers)
    if channel != "subscribed":
        return await conversations.use_windows(session, list(hers), channel, now, each=each)
    asked: dict[str, dict[int, int]] = {}
    for who, one in hers.items():
        if one.form is not None:
            asked.setdefault(one.form.template_id, {})[who] = one.touch.id
    return {who for form, some in asked.items() for who in await notices.use(session, form, some)}


def _values(vault: Vault, one: Ready) -> dict[str, Any]:
    sealed = vault.seal_known(one.touch.customer_id, one.text, about=ABOUT)
    return one.bound | {"state": "queued", "text": sealed, "attempts": one.attempts}


def _debt(one: Ready, now: datetime) -> Debt:
    touch, attempts = one.touch, one.attempts
    return _call(one, msgid=f"t{touch.id}-{attempts}"), {
        "effect": f"touch:{touch.id}" if attempts == 1 else f"touch:{touch.id}:{attempts}",
        "customer_id": touch.customer_id,
        "touch_id": touch.id,
        "purpose": touch.purpose,
        "expires_at": now + WORTH_SENDING,
    }


def _call(one: Ready, *, msgid: str) -> Call:
    way = one.going.way
    if one.form is not None:
        return _notice(way, one.form, msgid=msgid)
    if way.channel == "official":
        return SendOfficial(openid=way.address, text=one.text, then=one.cards)
    open_kfid, _, external_userid = way.address.partition("|")
    return SendKf(
        open_kfid=open_kfid,
        external_userid=external_userid,
        msgid=msgid,
        text=one.text,
        then=one.cards,
    )


def _notice(way: Way, form: Form, *, msgid: str) -> Call:
    form_id, data = form.template_id, form.data
    if way.channel == "subscribed":
        return SendSubscribed(openid=way.address, template_id=form_id, data=data, page=form.page)
    return SendTemplate(
        openid=way.address, template_id=form_id, data=data, url=form.page, client_msg_id=msgid
    )
