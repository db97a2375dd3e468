"""What customers say about hearing from us. A refusal holds from this very transaction on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bot.calls import SendKf
from bot.content.wording import topic as topic_of
from bot.domain.consent import MARKETING, PURPOSES
from bot.domain.consent_words import KEYS, Said, said
from bot.domain.customers import Customer
from bot.domain.delivery import GuideTask
from bot.domain.refusals import Refusal
from bot.domain.topics import TOPICS, of_purpose
from bot.events import (
    CardClicked,
    FanMessaged,
    FinishGuideTask,
    FormAnswered,
    KfMessageReceived,
    MenuClicked,
    OptIn,
    OptOut,
)
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Reply, Turn
from bot.store import cases, consent, conversations, customers, guide_tasks, touches

router = Router()
KF_WINDOW = timedelta(hours=48)
REVIEW = "consent_review"
REVIEW_WITHIN = timedelta(days=1)
WHY = "她的话里提到退订，活动消息已先停。看过聊天后：确实要退订点“完成”，不是这个意思点“跳过”。"


class Act(NamedTuple):
    """Who said it, where, and what shows it."""

    customer: Customer
    channel: str
    actor: str
    at: datetime
    evidence: dict[str, Any]


def _about_consent(event: KfMessageReceived | FanMessaged) -> bool:
    return said(event.text, event.menu_id) is not None


@router.on(KfMessageReceived, when=_about_consent)
async def hear_in_kf(event: KfMessageReceived, turn: Turn) -> None:
    customer = await customers.find(turn.session, turn.vault, "kf", event.external_userid)
    meant = said(event.text, event.menu_id)
    if customer is None or meant is None:
        return
    await _follow(turn, meant, _own_act(customer, "kf", event.at, event.msgid, meant))
    address = f"{event.open_kfid}|{event.external_userid}"
    await conversations.opened(
        turn.session,
        customer_id=customer.id,
        channel="kf",
        address=address,
        by="message",
        at=event.at,
    )
    if await conversations.use_window(turn.session, customer.id, "kf", turn.now):
        await _confirm_in_kf(event, turn, customer, meant)


@router.on(FanMessaged, when=_about_consent)
async def hear_from_fan(event: FanMessaged, turn: Turn) -> Reply | None:
    customer = await customers.find(turn.session, turn.vault, "openid", event.openid)
    meant = said(event.text, event.menu_id)
    if customer is None or meant is None:
        return None
    await _follow(turn, meant, _own_act(customer, "official", event.at, event.msgid, meant))
    return Reply(_words(turn, meant, "official"))


@router.on(MenuClicked, when=lambda event: event.key in KEYS)
async def feel_choice(event: MenuClicked, turn: Turn) -> Reply | None:
    customer = await customers.find(turn.session, turn.vault, "openid", event.openid)
    if customer is None:
        return None
    meant = KEYS[event.key]
    await _follow(turn, meant, _own_act(customer, "official", event.at, event.key, meant))
    return Reply(_words(turn, meant, "official"))


@router.on(FormAnswered, when=lambda event: event.form == "consent")
async def read_form(event: FormAnswered, turn: Turn) -> None:
    """The preferences page: every purpose she answered, yes or no, one by one."""
    customer = await turn.session.get(Customer, event.customer_id)
    if customer is None:
        return
    evidence = {"form": event.form}
    act = Act(customer, "page", f"customer:{customer.ref}", event.at, evidence)
    for purpose in PURPOSES:
        if answer := event.answers.get(purpose):
            await _record(turn, act, [purpose], "grant" if answer == "yes" else "withdraw")


@router.on(OptOut)
async def opt_out(command: OptOut, turn: Turn) -> Answer:
    customer = await _customer(turn, command.customer_id)
    purposes = MARKETING if command.purpose == "marketing" else (command.purpose,)
    act = Act(customer, command.channel, str(command.actor), turn.now, command.evidence)
    await _record(turn, act, purposes, "object" if "profiling" in purposes else "withdraw")
    if command.purpose in TOPICS:
        await _stop_topic(turn, customer, of_purpose(command.purpose))
    return Answer({"customer_id": customer.id, "withdrawn": list(purposes)})


async def _stop_topic(turn: Turn, customer: Customer, topic: str) -> None:
    """What is on its way about it; the gate holds what comes."""
    about = [
        name
        for name, known in turn.content.templates.items()
        if known.purpose == "marketing" and topic_of(turn.content, name) == topic
    ]
    by_hand: dict[str, Any] = {"offers": "offer", "news": "words"}
    for hers in await customers.family(turn.session, customer.id):
        await touches.cancel_topic(
            turn.session, hers, templates=about, by_hand=by_hand.get(topic), now=turn.now
        )


@router.on(OptIn)
async def opt_in(command: OptIn, turn: Turn) -> Answer:
    if command.actor.kind != "customer":
        raise Refusal("not_own_act", "同意只能由顾客本人给", status=403)
    customer = await _customer(turn, command.customer_id)
    if command.actor.id not in {str(command.customer_id), str(customer.id), customer.ref}:
        raise Refusal("not_own_act", "同意只能由顾客本人给", status=403)
    act = Act(customer, command.channel, str(command.actor), turn.now, command.evidence)
    await _record(turn, act, [command.purpose], "grant")
    return Answer({"customer_id": customer.id, "granted": [command.purpose]})


@router.on(FinishGuideTask)
async def judge(command: FinishGuideTask, turn: Turn) -> None:
    await _judge(turn, command.task_id, str(command.actor), meant=command.done)


@router.on(CardClicked, when=lambda event: event.key.startswith("task:"))
async def judge_by_card(event: CardClicked, turn: Turn) -> None:
    _, task_id, what = event.key.split(":")
    guide = await customers.guide_by_userid(turn.session, event.userid)
    task = await turn.session.get(GuideTask, int(task_id))
    if task is not None and task.guide_id == guide.id:
        await _judge(turn, task.id, f"guide:{event.userid}", meant=what == "done")


def _own_act(customer: Customer, channel: str, at: datetime, key: str, meant: Said) -> Act:
    evidence = {"said": meant.value, "message": key}
    return Act(customer, channel, f"customer:{customer.ref}", at, evidence)


async def _follow(turn: Turn, meant: Said, act: Act) -> None:
    match meant:
        case Said.OPT_OUT:
            await _record(turn, act, MARKETING, "withdraw")
        case Said.OPT_IN:
            own = "marketing_official" if act.channel == "official" else "marketing_wecom"
            await _record(turn, act, [own], "grant")
        case Said.IMPERSONAL:
            await _record(turn, act, ["profiling"], "object")
        case Said.PERSONAL:
            await _record(turn, act, ["profiling"], "grant")
        case Said.MAYBE_OUT:
            await _pause(turn, act)


async def _record(turn: Turn, act: Act, purposes: Iterable[str], action: str) -> None:
    if action == "grant":
        await customers.acted(turn.session, turn.vault, act.customer, act.at)
    for purpose in purposes:
        await consent.record(
            turn.session,
            customer_id=act.customer.id,
            purpose=purpose,
            action=action,
            channel=act.channel,
            actor=act.actor,
            at=act.at,
            evidence=act.evidence,
        )


async def _pause(turn: Turn, act: Act) -> None:
    """Only what she had agreed to can pause, and be taken up again; a person reads what she wrote."""
    standing = [
        purpose
        for purpose in MARKETING
        if await consent.granted(turn.session, act.customer.id, purpose)
    ]
    await _record(turn, act, standing, "pause")
    guide = await cases.responder(turn.session, act.customer.id)
    if guide is not None:
        await guide_tasks.ask(
            turn.session,
            turn.vault,
            key=f"consent:{turn.key}",
            guide_id=guide.id,
            customer_id=act.customer.id,
            kind=REVIEW,
            why=WHY,
            now=turn.now,
            due_at=turn.now + REVIEW_WITHIN,
        )


async def _judge(turn: Turn, task_id: int, actor: str, *, meant: bool) -> None:
    """The person who read it says whether she meant to leave."""
    task = await turn.session.get(GuideTask, task_id)
    if task is None or task.kind != REVIEW or task.state != "open" or task.customer_id is None:
        return
    customer = await _customer(turn, task.customer_id)
    act = Act(customer, "review", actor, turn.now, {"task": task.id})
    if meant:
        await _record(turn, act, MARKETING, "withdraw")
    else:
        await _record(turn, act, await consent.paused(turn.session, customer.id), "resume")


async def _customer(turn: Turn, customer_id: int) -> Customer:
    customer = await turn.session.get(Customer, customer_id)
    if customer is None:
        raise Refusal("no_such_customer", "没有这位顾客", status=404)
    return await customers.stands_for(turn.session, customer)


def _words(turn: Turn, meant: Said, channel: str) -> str:
    template = {
        Said.OPT_OUT: "consent/opted_out",
        Said.OPT_IN: "consent/opted_in",
        Said.IMPERSONAL: "consent/impersonal",
        Said.PERSONAL: "consent/personal",
        Said.MAYBE_OUT: "consent/maybe_out",
    }[meant]
    return turn.content.render(template, {}, channel=channel)


async def _confirm_in_kf(
    event: KfMessageReceived, turn: Turn, customer: Customer, meant: Said
) -> None:
    words = _words(turn, meant, "kf")
    effect = f"consent:{turn.key}"
    msgid = hashlib.sha256(effect.encode()).hexdigest()[:32]
    await turn.owe(
        SendKf(
            open_kfid=event.open_kfid,
            external_userid=event.external_userid,
            msgid=msgid,
            text=words,
        ),
        effect=effect,
        lane="express",
        customer_id=customer.id,
        expires_at=event.at + KF_WINDOW,
    )
    await conversations.said(
        turn.session,
        turn.vault,
        customer_id=customer.id,
        channel="kf",
        text=words,
        key=f"kf:{msgid}",
        at=turn.now,
    )
