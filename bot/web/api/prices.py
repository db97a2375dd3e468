"""`/api/v1/prices`: what a customer pays for a basket, before anything of it is used."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.domain.refusals import Refusal
from bot.store import customers, quoting
from bot.web.api.bodies import Strict, Word
from bot.web.api.coupons import Lines
from bot.web.api.customers import CustomerIn
from bot.web.api.endpoints import Ask, Routes, Told
from bot.web.api.orders import SOURCE

routes = Routes()


class PriceIn(Strict):
    customer: CustomerIn
    amount_fen: Annotated[int, Field(ge=1, le=10**8)]
    lines: Lines
    coupon_code: Word | None = None
    with_points: bool = False


class PriceTold(Told):
    level: str
    amount_fen: int
    level_off_fen: int
    coupon_off_fen: int
    points: int
    points_off_fen: int
    payable_fen: int


@routes.asks(
    "POST",
    "/prices",
    "coupon.view",
    "她这一单付多少：等级、券和积分依次算",
    says=PriceIn,
    gives=PriceTold,
    writes=False,
)
async def quoted(ask: Ask[PriceIn]) -> PriceTold:
    kind, value = ask.said.customer.named
    async with ask.reading() as session:
        account = SOURCE if kind == "buyer_id" else ""
        found = await customers.find(session, ask.desk.work.vault, kind, value, account)
        if found is None:
            raise Refusal("unknown_customer", "没有这位顾客", status=404)
        told = await quoting.quote(
            session,
            ask.desk.work.content.levels,
            found.id,
            amount_fen=ask.said.amount_fen,
            now=ask.now,
            lines=[line.line() for line in ask.said.lines],
            code=ask.said.coupon_code,
            with_points=ask.said.with_points,
        )
    made = told.price
    return PriceTold(
        level=told.level,
        amount_fen=made.amount_fen,
        level_off_fen=made.level_off_fen,
        coupon_off_fen=made.coupon_off_fen,
        points=made.points,
        points_off_fen=made.points_off_fen,
        payable_fen=made.payable_fen,
    )
