"""A person's rights over her data: taken along, erased, kept after all; and the end of all of it."""

from __future__ import annotations

from typing import Any

from bot.domain.customers import Customer
from bot.domain.erasure import Erasure
from bot.domain.quotas import MORNINGS
from bot.domain.refusals import Refusal
from bot.events.commands import (
    ChooseMorning,
    EraseCustomer,
    EraseEverybody,
    ExportCustomer,
    ForgetMe,
    KeepCustomer,
    KeepEverybody,
    StayAfterAll,
    TakeMyData,
)
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import customers, erasing, guide_tasks, switches
from bot.tongue import _

router = Router()
WHY = "她要求删除资料：请在企业微信里删掉她的备注和备注手机号，不要再联系她"
REMIND = "erasure"


@router.on(ExportCustomer)
async def let_out(command: ExportCustomer, turn: Turn) -> Answer:
    """Nothing happens yet: the file is written when it is asked for."""
    return Answer({"customer_id": (await _customer(turn, command.customer_id)).id})


@router.on(TakeMyData)
async def take_along(command: TakeMyData, turn: Turn) -> Answer:
    return Answer({"customer_id": (await _herself(turn, command)).id})


@router.on(EraseCustomer)
async def erase(command: EraseCustomer, turn: Turn) -> Answer:
    customer = await _customer(turn, command.customer_id)
    return await _ask(
        turn, customer, str(command.actor), at_once=command.at_once, give_up=command.give_up
    )


@router.on(ForgetMe)
async def forget(command: ForgetMe, turn: Turn) -> Answer:
    customer = await _herself(turn, command)
    return await _ask(turn, customer, f"customer:{customer.ref}", give_up=command.give_up)


async def _ask(turn: Turn, customer: Customer, by: str, **how: Any) -> Answer:
    known = await erasing.of(turn.session, customer.id)
    wish = await erasing.ask(
        turn.session, turn.vault, customer_id=customer.id, by=by, now=turn.now, **how
    )
    if known is None:
        await _remind_guides(turn, customer, wish)
    blocks = await erasing.blocks(
        turn.session, await customers.family(turn.session, customer.id), turn.now
    )
    due = wish.due_at.isoformat() if wish.due_at else None
    return Answer({"customer_id": customer.id, "due_at": due, "blocks": blocks})


async def _remind_guides(turn: Turn, customer: Customer, wish: Erasure) -> None:
    """What lies in WeCom lies there: only the guide who wrote it can take it away."""
    for tie in await customers.follows_of(turn.session, customer.id):
        await guide_tasks.ask(
            turn.session,
            turn.vault,
            key=f"erasure:{wish.id}:{tie.guide_id}",
            guide_id=tie.guide_id,
            customer_id=customer.id,
            kind=REMIND,
            why=WHY,
            now=turn.now,
            due_at=wish.due_at,
        )


@router.on(KeepCustomer)
async def keep(command: KeepCustomer, turn: Turn) -> Answer:
    return await _take_back(turn, await _customer(turn, command.customer_id))


@router.on(StayAfterAll)
async def stay(command: StayAfterAll, turn: Turn) -> Answer:
    return await _take_back(turn, await _herself(turn, command))


async def _take_back(turn: Turn, customer: Customer) -> Answer:
    wish = await erasing.of(turn.session, customer.id)
    if wish is None:
        raise Refusal("no_erasure", _("没有等着删除的"), status=404)
    await erasing.take_back(turn.session, turn.vault, wish, turn.now)
    await guide_tasks.withdraw(turn.session, customer_id=customer.id, kinds=[REMIND])
    return Answer({"customer_id": customer.id, "state": wish.state})


@router.on(EraseEverybody)
async def erase_everybody(command: EraseEverybody, turn: Turn) -> Answer:
    by = str(command.actor)
    wish = await erasing.ask_for_all(turn.session, by=by, now=turn.now)
    await switches.turn(
        turn.session, switches.SENDING, on=False, reason="erasing", by=by, now=turn.now
    )
    return Answer({"due_at": wish.due_at.isoformat() if wish.due_at else None})


@router.on(KeepEverybody)
async def keep_everybody(_command: KeepEverybody, turn: Turn) -> Answer:
    """Sending stays off until somebody has looked."""
    wish = await erasing.of_all(turn.session)
    if wish is None:
        raise Refusal("no_erasure", _("没有等着删除的"), status=404)
    await erasing.take_back(turn.session, turn.vault, wish, turn.now)
    return Answer({"state": wish.state})


@router.on(ChooseMorning)
async def choose_morning(command: ChooseMorning, turn: Turn) -> Answer:
    customer = await _herself(turn, command)
    if command.hour is not None and command.hour not in MORNINGS:
        raise Refusal("bad_hour", _("没有这个钟点可选"), status=422)
    before, customer.quiet_until = customer.quiet_until, command.hour
    return Answer({"before": before, "after": command.hour})


async def _customer(turn: Turn, customer_id: int) -> Customer:
    customer = await turn.session.get(Customer, customer_id)
    if customer is not None:
        customer = await customers.stands_for(turn.session, customer)
    if customer is None or customer.erased_at is not None:
        raise Refusal("unknown_customer", _("没有这位顾客，也许她的资料已经删除"), status=404)
    return customer


async def _herself(
    turn: Turn, command: TakeMyData | ForgetMe | StayAfterAll | ChooseMorning
) -> Customer:
    customer = await _customer(turn, command.customer_id)
    if command.actor.id not in {customer.ref, str(customer.id)}:
        raise Refusal("not_own_act", _("只能由顾客本人来做"), status=403)
    return customer
