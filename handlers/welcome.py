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
    told = await _told(turn, "external_userid", event.external_userid)
    told |= await facts.of_guide(turn.session, event.userid)
    await turn.owe(
        SendWelcome(
            welcome_code=str(event.welcome_code),
            text=turn.content.render(found.template, told, channel="welcome"),
            attachments=_cards(turn, found),
        ),
        effect=f"welcome:{event.welcome_code}",
        lane="express",
        expires_at=event.at + IN_TIME,
    )


@router.on(KfSessionEntered, when=lambda event: event.welcome_code is not None)
async def greet_visitor(event: KfSessionEntered, turn: Turn) -> None:
    found = await _greeting(turn, "kf", event.scene)
    if found is None:
        return
    told = await _told(turn, "kf", event.external_userid)
    await turn.owe(
        SendKfOnEvent(
            code=str(event.welcome_code),
            msgid=f"w{turn.key[:31]}",
            text=turn.content.render(found.template, told, channel="kf"),
            menu=_menu(turn, found),
        ),
        effect=f"kf-welcome:{event.welcome_code}",
        lane="express",
        expires_at=event.at + IN_TIME,
    )


@router.on(FanFollowed)
async def greet_fan(event: FanFollowed, turn: Turn) -> Reply | None:
    found = await _greeting(turn, "official", event.scene)
    if found is None:
        return None
    told = await _told(turn, "openid", event.openid, account=event.account)
    return Reply(
        turn.content.render(found.template, told, channel="official"), menu=_menu(turn, found)
    )


async def _greeting(turn: Turn, channel: str, state: str | None) -> Greeting | None:
    spec = await journeys.published(turn.session, PLAYBOOK)
    return None if spec is None else greeting_for(spec, channel, state)


async def _told(turn: Turn, kind: str, value: str, account: str = "") -> dict[str, Any]:
    customer = await customers.find(turn.session, turn.vault, kind, value, account)
    if customer is None:
        return {}
    known = await facts.gather(turn.session, turn.vault, turn.content, [customer.id], turn.now)
    return known[customer.id]


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
