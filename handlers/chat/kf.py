"""微信客服: the customer writes, we answer through the 48 hours and five messages that this opens."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from bot.calls import SendKf
from bot.events import (
    KfAuthChanged,
    KfEvent,
    KfMessageReceived,
    KfNudged,
    KfSendFailed,
    KfServicerReplied,
    KfSessionChanged,
)
from bot.inbound.turn import Turn
from bot.store import conversations, customers, kf_accounts
from handlers.chat.asking import asks_model
from handlers.chat.handover import follow_up, hand_over
from handlers.chat.hearing import answered, remember, router, talk_of, understood
from handlers.chat.talk import Said, Talk

WINDOW = timedelta(hours=48)
HEAD_BYTES = 1024
"""A kf menu carries half of what a text does."""
TAKEN, TRANSFERRED, ENDED, REOPENED = 1, 2, 3, 4


@router.on(KfMessageReceived)
async def heard_in_kf(event: KfMessageReceived, turn: Turn) -> None:
    customer_id = await _kf_customer(event, turn)
    intent = understood(event, turn)
    await conversations.heard(
        turn.session,
        turn.vault,
        customer_id=customer_id,
        channel="kf",
        address=f"{event.open_kfid}|{event.external_userid}",
        text=event.text or f"[{event.msgtype}]",
        key=f"kf:{event.msgid}",
        at=event.at,
        intent=None if intent is None else intent.name,
    )
    person = await conversations.held_by(turn.session, customer_id, "kf", turn.now)
    if intent is None or person is not None:
        return
    talk = await talk_of(turn, customer_id, "kf", event.text, intent)
    if await asks_model(talk, account=event.open_kfid, address=event.external_userid):
        return
    said = await answered(talk, event.msgtype)
    await send(talk, said, open_kfid=event.open_kfid, external_userid=event.external_userid)


@router.on(KfNudged)
async def something_new(event: KfNudged, turn: Turn) -> None:
    await kf_accounts.nudged(turn.session, event.open_kfid, event.token, turn.now)


@router.on(KfAuthChanged)
async def accounts_changed(event: KfAuthChanged, turn: Turn) -> None:
    for open_kfid in event.added:
        await kf_accounts.nudged(turn.session, open_kfid, None, turn.now)
    for open_kfid in event.removed:
        await kf_accounts.left(turn.session, open_kfid)


@router.on(KfSendFailed)
async def not_delivered(event: KfSendFailed, turn: Turn) -> None:
    """errcode 0 was not delivery after all: whatever the platform's reason, nothing more goes through."""
    await conversations.shut_window(turn.session, await _kf_customer(event, turn), "kf")


@router.on(KfSessionChanged)
async def changed_hands(event: KfSessionChanged, turn: Turn) -> None:
    """People took, passed on or ended the conversation in their client."""
    held = event.change_type in {TAKEN, TRANSFERRED, REOPENED}
    await conversations.hold(
        turn.session,
        customer_id=await _kf_customer(event, turn),
        channel="kf",
        by=(event.new_userid or "somebody") if held else None,
        at=event.at,
    )


@router.on(KfServicerReplied)
async def person_replied(event: KfServicerReplied, turn: Turn) -> None:
    customer_id = await _kf_customer(event, turn)
    await conversations.said(
        turn.session,
        turn.vault,
        customer_id=customer_id,
        channel="kf",
        text=event.text or f"[{event.msgtype}]",
        key=f"kf:{event.msgid}",
        at=event.at,
    )
    await conversations.hold(
        turn.session, customer_id=customer_id, channel="kf", by=event.userid, at=event.at
    )


async def _kf_customer(event: KfEvent, turn: Turn) -> int:
    customer = await customers.meet(
        turn.session, turn.vault, kind="kf", value=event.external_userid, at=event.at
    )
    return customer.id


async def send(talk: Talk, said: Said, *, open_kfid: str, external_userid: str) -> None:
    turn = talk.turn
    if not await conversations.use_window(turn.session, talk.customer_id, "kf", turn.now):
        return
    msgid = hashlib.sha256(turn.key.encode()).hexdigest()[:32]
    call = SendKf(
        open_kfid=open_kfid,
        external_userid=external_userid,
        msgid=msgid,
        text=said.text,
        menu=said.menu if len(said.text.encode()) <= HEAD_BYTES else (),
    )
    await turn.owe(
        call,
        effect=f"chat:{turn.key}",
        lane="express",
        customer_id=talk.customer_id,
        expires_at=turn.now + WINDOW,
    )
    await remember(talk, said, key=f"kf:{msgid}")
    await follow_up(talk, said)
    if said.hands_over:
        await hand_over(turn, talk.customer_id, open_kfid, external_userid)
