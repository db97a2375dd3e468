"""What a language model answered is said only where the brand's page says the same; else a person is asked."""

from __future__ import annotations

from bot.domain import grounding
from bot.domain.intents import Intent
from bot.domain.knowledge import Entry
from bot.events import ModelAnswered
from bot.inbound.turn import Turn
from bot.store import conversations, customers, switches
from handlers.chat import kf, official
from handlers.chat.answers import call_guide
from handlers.chat.hearing import router, talk_of
from handlers.chat.talk import Said, Talk

MODEL = "model"
"""The intent under which its answers stand in the conversation."""
KINDS = {"kf": "kf", "official": "openid"}


@router.on(ModelAnswered)
async def model_answered(event: ModelAnswered, turn: Turn) -> None:
    account = event.account if event.channel == "official" else ""
    customer = await customers.meet(
        turn.session,
        turn.vault,
        kind=KINDS[event.channel],
        value=event.address,
        at=event.at,
        account=account,
    )
    if await conversations.held_by(turn.session, customer.id, event.channel, turn.now):
        return  # a person took over while it was thinking
    talk = await talk_of(turn, customer.id, event.channel, "", Intent(MODEL, 1.0))
    said = await _composed(event, talk)
    await conversations.count_miss(
        turn.session,
        customer_id=customer.id,
        channel=event.channel,
        understood=said is not None,
        at=turn.now,
    )
    said = said or call_guide(talk, "chat/ask_person", "有一句话程序答不上来", hands_over=True)
    if event.channel == "kf":
        await kf.send(talk, said, open_kfid=event.account, external_userid=event.address)
    else:
        await official.send(talk, said, event.address)


async def _composed(event: ModelAnswered, talk: Talk) -> Said | None:
    content = talk.turn.content
    entry = _entry(talk, event.title)
    if entry is None or content.check_text(event.answer):
        return None
    if grounding.flaw(event.answer, f"{entry.questions[0]}\n{entry.answer}"):
        return None
    if not await switches.sending(talk.turn.session):
        return None
    return Said(f"{event.answer}\n{talk.say('chat/composed', source=entry.source)}")


def _entry(talk: Talk, title: str) -> Entry | None:
    known = talk.turn.content.knowledge
    return next((entry for entry in known if entry.questions[0] == title), None)
