"""Where rules and our own model are unsure: a language model, if the brand has one, may read her our pages.

It never makes a reply late: the question is owed, and what comes of it is a message of its own.
"""

from __future__ import annotations

from datetime import timedelta

from bot.calls import AskModel, Note
from bot.domain import grounding
from bot.domain.intents import UNCLEAR
from bot.domain.knowledge import ENOUGH
from bot.store import conversations, switches
from handlers.chat.talk import Talk

MAY_WAIT = timedelta(minutes=1)
"""A question that nobody could ask for so long goes to a person."""


async def asks_model(talk: Talk, *, account: str, address: str) -> bool:
    """True when the model is asked, and nothing is to be said before it has answered."""
    turn = talk.turn
    if not turn.settings.model_url or talk.intent.name != UNCLEAR:
        return False
    notes = _notes(talk)
    if not notes or grounding.gives_orders(talk.text) or not await _may(talk):
        return False
    names = [str(talk.facts.get(each) or "") for each in ("称呼", "guide")]
    await turn.owe(
        AskModel(
            question=grounding.masked(talk.text, names),
            notes=notes,
            channel=talk.channel,
            account=account,
            address=address,
            asked=turn.key,
        ),
        effect=f"model:{turn.key}",
        lane="express",
        customer_id=talk.customer_id,
        expires_at=turn.now + MAY_WAIT,
    )
    return True


def _notes(talk: Talk) -> tuple[Note, ...]:
    """The nearest pages; none where one is near enough to be said as it stands."""
    found = talk.turn.content.knowledge.search(talk.text)
    if found and found[0][1] >= ENOUGH:
        return ()
    return tuple(
        Note(title=entry.questions[0], text=entry.answer)
        for entry, near in found
        if near >= grounding.NEARBY and not grounding.gives_orders(entry.answer)
    )


async def _may(talk: Talk) -> bool:
    """The kill switch stops it, and without an open window nothing that it says could be sent."""
    turn = talk.turn
    if not await switches.sending(turn.session):
        return False
    window = await conversations.window(turn.session, talk.customer_id, talk.channel, turn.now)
    return window is not None
