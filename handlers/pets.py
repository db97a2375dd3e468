"""Pets that customers tell us of on their pages."""

from __future__ import annotations

from bot.domain.customers import Customer
from bot.domain.pets import KINDS, read_day
from bot.domain.refusals import Refusal
from bot.events import ForgetPet, KeepPet
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import consent, pets

router = Router()


@router.on(KeepPet)
async def keep(command: KeepPet, turn: Turn) -> Answer:
    customer = await _herself(command, turn)
    day = read_day(command.day)
    if day is None or command.kind not in KINDS:
        raise Refusal("bad_day", "没有这一天，例如写 3-5", status=422)
    if await consent.granted(turn.session, customer.id, "profiling") is None:
        raise Refusal("no_consent", "先打开“按我的购买记录推荐”，再记小伙伴的生日")
    await pets.keep(
        turn.session, customer_id=customer.id, kind=command.kind, day=day, now=turn.now
    )
    return Answer({"day": day})


@router.on(ForgetPet)
async def forget(command: ForgetPet, turn: Turn) -> Answer:
    customer = await _herself(command, turn)
    await pets.forget(turn.session, customer.id, command.pet_id)
    return Answer({})


async def _herself(command: KeepPet | ForgetPet, turn: Turn) -> Customer:
    customer = await turn.session.get(Customer, command.customer_id)
    if customer is None or customer.merged_into or customer.ref != command.actor.id:
        raise Refusal("unknown_customer", "没有这位顾客", status=404)
    return customer
