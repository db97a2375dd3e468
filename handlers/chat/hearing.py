"""What both channels share: who may answer, what was meant, what was said."""

from __future__ import annotations

from bot.domain import wishes
from bot.domain.cases import complaint_score
from bot.domain.consent_words import said as said_of_consent
from bot.domain.intents import UNCLEAR, Intent
from bot.events import FanMessaged, KfMessageReceived
from bot.inbound.router import Router
from bot.inbound.turn import Turn
from bot.store import conversations, facts
from handlers.chat.answers import answer, call_guide
from handlers.chat.talk import CHOICES, GAME, Said, Talk

router = Router()
PATIENCE = 2
"""So many sentences in a row may be beyond us; then a person takes over."""


def understood(event: KfMessageReceived | FanMessaged, turn: Turn) -> Intent | None:
    """None where somebody else answers: a consent sentence, a complaint, a tap on another room's menu."""
    if said_of_consent(event.text, event.menu_id):
        return None
    played = turn.content.games.meant(event.text, event.menu_id)
    if played or wishes.meant(event.text, event.menu_id):
        return Intent(event.menu_id or GAME, 1.0)
    if event.menu_id is not None:
        known = event.menu_id in turn.content.intents.names
        return Intent(event.menu_id, 1.0) if known else None
    if complaint_score(event.text).is_complaint:
        return None
    return turn.content.intents.understand(event.text)


async def talk_of(turn: Turn, customer_id: int, channel: str, text: str, intent: Intent) -> Talk:
    known = await facts.of_one(turn.session, turn.vault, turn.content, customer_id, turn.now)
    return Talk(turn, customer_id, channel, text, intent, known)


async def answered(talk: Talk, msgtype: str) -> Said:
    """What we say, and a person called in after too many sentences that we did not understand."""
    if msgtype != "text":
        return call_guide(talk, "chat/not_text", "发来了图片或语音")
    said = await answer(talk)
    misses = await conversations.count_miss(
        talk.turn.session,
        customer_id=talk.customer_id,
        channel=talk.channel,
        understood=talk.intent.name != UNCLEAR or said.menu != CHOICES,
        at=talk.turn.now,
    )
    if misses < PATIENCE:
        return said
    return call_guide(talk, "chat/lost", "说了几句程序都没听懂", hands_over=True)


async def remember(talk: Talk, said: Said, *, key: str) -> None:
    await conversations.said(
        talk.turn.session,
        talk.turn.vault,
        customer_id=talk.customer_id,
        channel=talk.channel,
        text=said.text,
        key=key,
        at=talk.turn.now,
        intent=talk.intent.name,
    )
