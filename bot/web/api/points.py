"""`/api/v1/points`: a shop system takes points as payment; people correct them, the large ones by two."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from bot.domain.refusals import Refusal
from bot.events.commands import AdjustPoints, BuyLevel, DecidePoints, SpendPoints
from bot.store import customers, listing, points
from bot.web.api.bodies import Listing, Strict, Word
from bot.web.api.customers import CustomerIn
from bot.web.api.endpoints import NUMBER, Ask, Done, Page, Routes, Told
from bot.web.api.orders import SOURCE

routes = Routes()


class SpendIn(Strict):
    customer: CustomerIn
    points: Annotated[int, Field(ge=1, le=10**7)]
    what: Word


@routes.asks("POST", "/points/spend", "points.spend", "用积分", says=SpendIn)
async def spend(ask: Ask[SpendIn]) -> Done:
    return await ask.does(
        SpendPoints,
        customer_id=await _find(ask),
        points=ask.said.points,
        what=ask.said.what,
    )


class LevelIn(Strict):
    customer: CustomerIn
    level: Word


@routes.asks("POST", "/points/level", "points.spend", "用积分换等级", says=LevelIn)
async def buy_level(ask: Ask[LevelIn]) -> Done:
    return await ask.does(BuyLevel, customer_id=await _find(ask), level=ask.said.level)


async def _find(ask: Ask[SpendIn] | Ask[LevelIn]) -> int:
    kind, value = ask.said.customer.named
    async with ask.reading() as session:
        account = SOURCE if kind == "buyer_id" else ""
        found = await customers.find(session, ask.desk.work.vault, kind, value, account)
    if found is None:
        raise Refusal("unknown_customer", "没有这位顾客", status=404)
    return found.id


class EntryTold(Told):
    id: int
    delta: int
    kind: str
    at: datetime
    note: str
    expires_at: datetime | None


@routes.asks(
    "GET",
    "/customers/{ref}/points",
    "points.view",
    "积分流水",
    says=Listing,
    gives=Page[EntryTold],
)
async def entries(ask: Ask[Listing]) -> Page[EntryTold]:
    async with ask.reading() as session:
        hers = (await ask.customer(session)).id
        rows = await listing.points(session, hers, ask.mark(), ask.said.limit + 1)
    return ask.page(rows, lambda row: int(row.id), EntryTold.model_validate)


class Balance(Told):
    points: int
    level: str


@routes.asks("GET", "/customers/{ref}/level", "points.view", "积分余额和会员等级", gives=Balance)
async def standing(ask: Ask[Listing]) -> Balance:
    async with ask.reading() as session:
        hers = (await ask.customer(session)).id
        return Balance(
            points=await points.balance(session, hers), level=await points.level_of(session, hers)
        )


class AdjustIn(Strict):
    delta: Annotated[int, Field(ge=-(10**7), le=10**7)]
    reason: Word


@routes.asks(
    "POST", "/customers/{ref}/points", "points.adjust", "调整积分，大额要两个人", says=AdjustIn
)
async def adjust(ask: Ask[AdjustIn]) -> Done:
    return await ask.does(
        AdjustPoints,
        customer_id=await ask.known(),
        delta=ask.said.delta,
        reason=ask.said.reason,
    )


class RequestTold(Told):
    id: int
    customer: str
    delta: int
    reason: str
    asked_by: str
    asked_at: datetime


@routes.asks(
    "GET",
    "/points/requests",
    "points.adjust",
    "等第二个人的调整",
    says=Listing,
    gives=Page[RequestTold],
)
async def requests(ask: Ask[Listing]) -> Page[RequestTold]:
    async with ask.reading() as session:
        rows = await listing.point_requests(session, ask.mark(), ask.said.limit + 1)
    return ask.page(
        rows,
        lambda row: int(row[0].id),
        lambda row: RequestTold(
            id=row[0].id,
            customer=row[1],
            delta=row[0].delta,
            reason=row[0].reason,
            asked_by=row[0].asked_by,
            asked_at=row[0].asked_at,
        ),
    )


class DecideIn(Strict):
    agreed: bool


@routes.asks(
    "POST",
    f"/points/requests/{NUMBER % 'id'}/decide",
    "points.adjust",
    "同意或不同意",
    says=DecideIn,
)
async def decide(ask: Ask[DecideIn]) -> Done:
    return await ask.does(DecidePoints, request_id=ask.number(), agreed=ask.said.agreed)
