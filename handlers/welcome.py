"""The first words: to a new friend within 20 seconds, to whoever opens 微信客服, to a new fan."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.calls import LinkCard, MenuItem, SendKfOnEvent, SendWelcome
from bot.domain.greetings import greeting_for
from bot.domain.playbooks import Greeting
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
    await turn.owe(
        SendWelcome(
            welcome_code=str(event.welcome_code),
            text=turn.content.render(found.template, told, channel="welcome"),
            attachments=_cards(turn, found),
        ),
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
    await turn.owe(
        SendKfOnEvent(
            code=str(event.welcome_code),
            msgid=f"w{turn.key[:31]}",
            text=turn.content.render(found.template, told, channel="kf"),
            menu=_menu(turn, found),
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
    told = await _told(turn, await _whom(turn, "openid", event.openid, event.account))
    return Reply(
        turn.content.render(found.template, told, channel="official"), menu=_menu(turn, found)
    )


async def _greeting(turn: Turn, channel: str, state: str | None) -> Greeting | None:
    spec = await journeys.published(turn.session, PLAYBOOK)
    return None if spec is None else greeting_for(spec, channel, state)


async def _whom(turn: Turn, kind: str, value: str, account: str = "") -> int | None:
    customer = await customers.find(turn.session, turn.vault, kind, value, account)
    return None if customer is None else customer.id


async def _told(turn: Turn, customer_id: int | None) -> dict[str, Any]:
    if customer_id is None:
        return {}
    known = await facts.gather(turn.session, turn.vault, turn.content, [customer_id], turn.now)
    return known[customer_id]


def _cards(turn: Turn, found: Greeting) -> tuple[LinkCard, ...]:
    if found.card is None:
        return ()
    url = turn.content.address(found.card.url)
    return (LinkCard(title=found.card.title, url=url, description=found.card.description),)


def _menu(turn: Turn, found: Greeting) -> tuple[MenuItem, ...]:
    return tuple(
        MenuItem(id=item.id, text=item.text, url=item.url and turn.content.address(item.url))
        for item in found.menu
    )
