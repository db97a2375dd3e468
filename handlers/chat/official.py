"""The Official Account: fans write, tap and scan; the answer goes out as the reply to that very push."""

from __future__ import annotations

from datetime import timedelta

from bot.calls import SendOfficial
from bot.domain import wishes
from bot.domain.consent_words import said as said_of_consent
from bot.domain.intents import Intent
from bot.events import FanEvent, FanFollowed, FanMessaged, MenuClicked, QrScanned
from bot.inbound.turn import Reply, Turn
from bot.store import conversations, customers
from handlers.chat.answers import answer
from handlers.chat.asking import asks_model
from handlers.chat.handover import follow_up
from handlers.chat.hearing import answered, remember, router, talk_of, understood
from handlers.chat.talk import CHOICES, Said, Talk

WINDOW = timedelta(hours=1)
"""A choice that comes later than this is about something forgotten."""


@router.on(FanMessaged)
async def heard_from_fan(event: FanMessaged, turn: Turn) -> Reply | None:
    customer_id = await _fan(event, turn)
    intent = understood(event, turn)
    await conversations.heard(
        turn.session,
        turn.vault,
        customer_id=customer_id,
        channel="official",
        address=event.openid,
        text=event.text or f"[{event.msgtype}]",
        key=f"official:{event.msgid}",
        at=event.at,
        intent=None if intent is None else intent.name,
    )
    if intent is None:
        return None
    talk = await talk_of(turn, customer_id, "official", event.text, intent)
    if await asks_model(talk, account=event.account, address=event.openid):
        return None
    return await _reply(talk, await answered(talk, event.msgtype), event.openid)


@router.on(MenuClicked)
async def tapped(event: MenuClicked, turn: Turn) -> Reply | None:
    customer_id = await _opened(event, turn, by="click")
    played = turn.content.games.meant("", event.key) or wishes.meant("", event.key)
    known = event.key in turn.content.intents.names or played
    if said_of_consent("", event.key) or not known:
        return None
    talk = await talk_of(turn, customer_id, "official", "", Intent(event.key, 1.0))
    return await _reply(talk, await answer(talk), event.openid)


@router.on(QrScanned)
async def scanned(event: QrScanned, turn: Turn) -> None:
    await _opened(event, turn, by="scan")


@router.on(FanFollowed)
async def followed(event: FanFollowed, turn: Turn) -> None:
    await _opened(event, turn, by="follow")


async def _fan(event: FanEvent, turn: Turn) -> int:
    customer = await customers.meet(
        turn.session,
        turn.vault,
        kind="openid",
        value=event.openid,
        at=event.at,
        account=event.account,
    )
    return customer.id


async def _opened(event: FanEvent, turn: Turn, *, by: str) -> int:
    customer_id = await _fan(event, turn)
    await conversations.opened(
        turn.session,
        customer_id=customer_id,
        channel="official",
        address=event.openid,
        by=by,
        at=event.at,
    )
    return customer_id


async def _reply(talk: Talk, said: Said, openid: str) -> Reply | None:
    """The answer to the very push, but for choices to tap: those only a message of its own can carry."""
    turn = talk.turn
    await remember(talk, said, key=f"reply:{turn.key}")
    await follow_up(talk, said)
    choices = said.menu if said.menu != CHOICES else ()
    if not choices or not await conversations.use_window(
        turn.session, talk.customer_id, "official", turn.now
    ):
        return Reply(said.text)
    await _owe(talk, SendOfficial(openid=openid, text=said.text, menu=choices))
    return None


async def send(talk: Talk, said: Said, openid: str) -> None:
    """What could not be the answer to her very push."""
    turn = talk.turn
    if not await conversations.use_window(turn.session, talk.customer_id, "official", turn.now):
        return
    await remember(talk, said, key=f"reply:{turn.key}")
    await follow_up(talk, said)
    await _owe(talk, SendOfficial(openid=openid, text=said.text))


async def _owe(talk: Talk, call: SendOfficial) -> None:
    turn = talk.turn
    await turn.owe(
        call,
        effect=f"chat:{turn.key}",
        lane="express",
        customer_id=talk.customer_id,
        expires_at=turn.now + WINDOW,
    )
