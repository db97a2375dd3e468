"""Asking a person: a task for her guide, and the kf conversation handed to somebody who can type."""

from __future__ import annotations

from datetime import timedelta

from bot.calls import ChangeKfState
from bot.domain.offers import SHOP_ZONE
from bot.inbound.turn import Turn
from bot.store import customers, guide_tasks
from handlers.chat.talk import Said, Talk

POOL, PERSON = 2, 3
AFTER_ANSWER = timedelta(seconds=2)
"""Once a person has the session we may not write any more: our last words go first."""
CHANNEL_WORDS = {"kf": "微信客服", "official": "公众号"}


async def ask_guide(talk: Talk, why: str) -> None:
    """Once a day and reason; her words stand in the conversation, not in the task."""
    turn = talk.turn
    guide = await customers.guide_of(turn.session, talk.customer_id)
    if guide is None:
        return
    day = turn.now.astimezone(SHOP_ZONE).date()
    await guide_tasks.ask(
        turn.session,
        turn.vault,
        key=f"chat:{talk.customer_id}:{day}:{why}",
        guide_id=guide.id,
        customer_id=talk.customer_id,
        kind="chat",
        why=f"在{CHANNEL_WORDS[talk.channel]}里{why}",
        now=turn.now,
    )


async def hand_over(turn: Turn, customer_id: int, open_kfid: str, external_userid: str) -> None:
    """To her own guide if she has one, else to whoever is on duty."""
    guide = await customers.guide_of(turn.session, customer_id)
    await turn.owe(
        ChangeKfState(
            open_kfid=open_kfid,
            external_userid=external_userid,
            state=POOL if guide is None else PERSON,
            userid=None if guide is None else guide.userid,
        ),
        effect=f"handover:{turn.key}",
        lane="express",
        customer_id=customer_id,
        due_at=turn.now + AFTER_ANSWER,
    )


async def follow_up(talk: Talk, said: Said) -> None:
    if said.asks is not None:
        await ask_guide(talk, said.asks)
