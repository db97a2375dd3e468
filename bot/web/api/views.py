"""`/api/v1/views`: the mall tells who looked at what; kept only for those who let us know them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.domain.browsing import LONGEST_STAY
from bot.domain.refusals import Refusal
from bot.events.commands import NoteView
from bot.store import customers
from bot.web.api.bodies import Strict, Word
from bot.web.api.customers import CustomerIn
from bot.web.api.endpoints import Ask, Done, Routes
from bot.web.api.orders import SOURCE

routes = Routes()


class ViewIn(Strict):
    customer: CustomerIn
    sku: Word
    seconds: Annotated[int, Field(ge=0, le=LONGEST_STAY)] = 0
    """How long it was on her screen."""


@routes.asks("POST", "/views", "order.write", "顾客看了一件商品", says=ViewIn)
async def look(ask: Ask[ViewIn]) -> Done:
    kind, value = ask.said.customer.named
    async with ask.reading() as session:
        account = SOURCE if kind == "buyer_id" else ""
        found = await customers.find(session, ask.desk.work.vault, kind, value, account)
    if found is None:
        raise Refusal("unknown_customer", "没有这位顾客", status=404)
    return await ask.does(
        NoteView, customer_id=found.id, sku=ask.said.sku, seconds=ask.said.seconds
    )
