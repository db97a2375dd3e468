"""`/api/v1/customers/{ref}/export|erase|keep`: a person's rights over her data, where another system hears of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.domain.refusals import Refusal
from bot.events.commands import EraseCustomer, ExportCustomer, KeepCustomer
from bot.store import customers, exporting
from bot.web.api.bodies import Nothing, Strict, Word
from bot.web.api.endpoints import Ask, Done, Routes
from bot.web.console.data_rights import IN_CLEAR, let_out, same_name

routes = Routes()


class EraseIn(Strict):
    name: Annotated[Word, Field(max_length=80)]
    """Hers; her ref where she has none. It is compared and not kept."""
    reason: Annotated[Word, Field(max_length=120)]
    """Without names and numbers: it stays in the audit log."""
    at_once: bool = False
    """Without the day in which it can be taken back."""
    give_up: bool = False
    """Void the coupons she holds instead of waiting for them."""


@routes.asks(
    "POST",
    "/customers/{ref}/export",
    ExportCustomer.permission,
    "她的全部资料；不是店主的，姓名、手机号和聊天都隐去",
    writes=True,
)
async def export(ask: Ask[Nothing]) -> Done:
    async with ask.reading() as session:
        customer = await ask.customer(session)
    try:
        mark = await let_out(ask.desk, ask.actor, customer, ask.signed()["key"])
    except Refusal as waits:
        if waits.status != 202:
            raise
        return Done(state="waiting", words=waits.words, **waits.facts)
    work = ask.desk.work
    async with ask.reading() as session:
        told = await exporting.everything(
            session,
            work.vault,
            customer,
            now=ask.now,
            zone=work.settings.zone,
            masked=ask.actor.kind != IN_CLEAR,
        )
    return Done(export=mark.facts(), **told)


@routes.asks(
    "POST",
    "/customers/{ref}/erase",
    "customer.erase",
    "删除她的资料，要写出她的名字",
    says=EraseIn,
)
async def erase(ask: Ask[EraseIn]) -> Done:
    said = ask.said
    async with ask.reading() as session:
        customer = await ask.customer(session)
        name = await customers.name_of(session, ask.desk.work.vault, customer.id)
    same_name(said.name, name or customer.ref)
    return await ask.does(
        EraseCustomer,
        customer_id=customer.id,
        reason=said.reason,
        at_once=said.at_once,
        give_up=said.give_up,
    )


@routes.asks("POST", "/customers/{ref}/keep", "customer.keep", "撤回删除，还没开始的才行")
async def keep(ask: Ask[Nothing]) -> Done:
    return await ask.does(KeepCustomer, customer_id=await ask.known())
