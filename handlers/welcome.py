"""The first words: to a new friend within 20 seconds, to whoever opens 微信客服, to a new fan."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.calls import LinkCard, MenuItem, SendKfOnEvent, SendWelcome
from bot.domain.greetings import greeting_for
from bot.domain.playbooks import Card, Greeting
from bot.events import CustomerAdded, FanFollowed, KfSessionEntered
from bot.inbound.router import Router
from bot.inbound.turn import Reply, Turn
from bot.store import customers, facts, journeys

router = Router()

PLAYBOOK = "welcome"
IN_TIME = timedelta(seconds=18)
"""The code is good for 20 s; a call that starts later than this may reach the platform too late."""


@router.on(CustomerAdded, when=lambda event: event.welcome_code is not None)
async def greet_friend(event: CustomerAdded, turn: Turn) -> None:
    found = await _greeting(turn, "wecom", event.state)
    if found is None:
        return
    customer_id = await _whom(turn, "external_userid", event.external_userid)
    told = await _told(turn, customer_id) | await facts.of_guide(turn.session, event.userid)
    text, cards, _ = await _words(turn, found, told, customer_id, "welcome")
    await turn.owe(
        SendWelcome(welcome_code=str(event.welcome_code), text=text, attachments=cards),
        effect=f"welcome:{event.welcome_code}",
        lane="express",
        customer_id=customer_id,
        expires_at=event.at + IN_TIME,
    )


@router.on(KfSessionEntered, when=lambda event: event.welcome_code is not None)
async def greet_visitor(event: KfSessionEntered, turn: Turn) -> None:
    found = await _greeting(turn, "kf", event.scene)
    if found is None:
        return
    customer_id = await _whom(turn, "kf", event.external_userid)
    told = await _told(turn, customer_id)
    text, _, menu = await _words(turn, found, told, customer_id, "kf")
    await turn.owe(
        SendKfOnEvent(
            code=str(event.welcome_code), msgid=f"w{turn.key[:31]}", text=text, menu=menu
        ),
        effect=f"kf-welcome:{event.welcome_code}",
        lane="express",
        customer_id=customer_id,
        expires_at=event.at + IN_TIME,
    )


@router.on(FanFollowed)
async def greet_fan(event: FanFollowed, turn: Turn) -> Reply | None:
    found = await _greeting(turn, "official", event.scene)
    if found is None:
        return None
    customer_id = await _whom(turn, "openid", event.openid, event.account)
    told = await _told(turn, customer_id)
    text, _, menu = await _words(turn, found, told, customer_id, "official")
    return Reply(text, menu=menu)


async def _greeting(turn: Turn, channel: str, state: str | None) -> Greeting | None:
    spec = await journeys.published(turn.session, PLAYBOOK)
    return None if spec is None else greeting_for(spec, channel, state)


async def _whom(turn: Turn, kind: str, value: str, account: str = "") -> int | None:
    customer = await customers.find(turn.session, turn.vault, kind, value, account)
    return None if customer is None else customer.id


async def _told(turn: Turn, customer_id: int | None) -> dict[str, Any]:
    if customer_id is None:
        return {}
    return await facts.of_one(turn.session, turn.vault, turn.content, customer_id, turn.now)


async def _words(
    turn: Turn, found: Greeting, told: dict[str, Any], customer_id: int | None, channel: str
) -> tuple[str, tuple[LinkCard, ...], tuple[MenuItem, ...]]:
    """Text, cards and menu, their links hers."""
    text = turn.content.render(found.template, told, channel=channel)
    pages = [found.card.url] if found.card else []
    pages += [item.url for item in found.menu if item.url]
    texts = [text, *map(turn.content.address, pages)]
    text, *urls = await turn.shorten(*texts, customer_id=customer_id, tag=found.template)
    short = dict(zip(pages, urls, strict=True))
    cards = () if found.card is None else (_card(found.card, short),)
    menu = (
        MenuItem(id=one.id, text=one.text, url=one.url and short[one.url]) for one in found.menu
    )
    return text, cards, tuple(menu)


def _card(card: Card, short: dict[str, str]) -> LinkCard:
    return LinkCard(title=card.title, url=short[card.url], description=card.description)
