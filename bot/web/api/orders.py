"""`/api/v1/orders`: signed order events of a shop system (Standard Webhooks), and the orders that came of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from bot import events
from bot.domain.refusals import Refusal
from bot.events.shop import Buyer, Line, OrderKind, OrderReported
from bot.platforms.envelope import Untrusted
from bot.platforms.signing import verify_webhook
from bot.store import listing
from bot.store.family import family
from bot.store.inbox import Arrival
from bot.web import metrics
from bot.web.api import bodies
from bot.web.api.bodies import Asked, Fen, Ids, Listing, Query, Strict, Word, clean
from bot.web.api.endpoints import NUMBER, Ask, Page, Routes, Told
from bot.web.api.problems import problem
from bot.web.callbacks import body_of
from bot.web.desk import DESK

routes = Routes()
SOURCE = "shop"


EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=366)
"""An order of tomorrow counts from tomorrow on; one of 2099 is a mistake."""


def zoned(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("at 要带时区，例如 2026-03-12T10:24:00+08:00")
    try:
        at.astimezone(UTC)
    except OverflowError:
        raise ValueError("at 不是一个能用的时间") from None
    return at


def bought_at(at: datetime) -> datetime:
    if zoned(at) < EARLIEST:
        raise ValueError("at 太早，看看年份是不是写错了")
    return at


class OrderLineIn(Strict):
    sku: Word
    name: Annotated[str, Field(max_length=300), AfterValidator(clean)] = ""
    category: Annotated[str, Field(max_length=100), AfterValidator(clean)] = ""
    quantity: Annotated[int, Field(ge=1, le=10**6)] = 1
    amount_fen: Fen = 0

    def line(self) -> Line:
        return Line(**self.model_dump())


class BuyerIn(Ids):
    @model_validator(mode="after")
    def _somebody(self) -> BuyerIn:
        if not self.given:
            raise ValueError(
                "至少要有 phone、unionid、openid、external_userid、member_no、buyer_id 之一"
            )
        return self


class OrderIn(Strict):
    event_id: Word
    kind: Literal["paid", "refunded", "cancelled", "completed"]
    order_no: Word
    refund_no: Annotated[Word | None, Field(validate_default=True)] = None
    at: Annotated[datetime, Field(strict=False), AfterValidator(bought_at)]
    store: Word | None = None
    guide: Word | None = None
    channel: Word | None = None
    buyer: BuyerIn
    amount_fen: Fen
    lines: Annotated[list[OrderLineIn], Field(max_length=500, default_factory=list)]
    coupon_codes: Annotated[list[Word], Field(max_length=20, default_factory=list)]

    @field_validator("refund_no")
    @classmethod
    def _named(cls, value: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("kind") == "refunded" and not value:
            raise ValueError("退款要有 refund_no")
        return value

    def event(self) -> OrderReported:
        return OrderReported(
            source=SOURCE,
            event_id=self.event_id,
            kind=OrderKind(self.kind),
            order_no=self.order_no,
            refund_no=self.refund_no,
            at=self.at,
            store=self.store,
            guide=self.guide,
            channel=self.channel,
            buyer=Buyer(**self.buyer.model_dump()),
            amount_fen=self.amount_fen,
            lines=tuple(line.line() for line in self.lines),
            coupon_codes=tuple(self.coupon_codes),
        )


@routes.post("/api/v1/orders")
async def receive_order(request: web.Request) -> web.Response:
    desk = request.app[DESK]
    try:
        body = await body_of(request)
    except Untrusted:
        return problem(413, "too_large", "请求体超过 256 KB")
    secret = desk.work.settings.shop_webhook_secret
    if not secret or not verify_webhook(secret, request.headers, body, desk.work.now()):
        metrics.ORDERS.labels("unsigned").inc()
        return problem(401, "unsigned", "签名不对或已过期")
    order = bodies.parse(body, OrderIn)
    if order.at > desk.work.now() + AHEAD:
        late = {"field": "at", "words": "at 在很远的将来，看看年份是不是写错了"}
        raise Refusal("invalid", "请求有问题", status=422, facts={"mistakes": [late]})
    event = order.event()
    written = json.dumps(events.dump(event), ensure_ascii=False, sort_keys=True)
    new = await desk.intake.keep(Arrival("event", written.encode()))
    metrics.ORDERS.labels("new" if new else "repeated").inc()
    return web.json_response({"event_id": order.event_id, "new": new}, status=202 if new else 200)


class Received(Told):
    event_id: str
    new: bool


class OrdersAsked(Listing):
    order_no: Asked | None = None


class OrderTold(Told):
    id: int
    source: str
    order_no: str
    customer: str | None
    store: str | None
    guide: str | None
    channel: str | None
    state: str
    paid_at: datetime | None
    amount_fen: int
    refunded_fen: int


class LineTold(Told):
    sku: str
    name: str
    category: str
    quantity: int
    amount_fen: int


class OrderWhole(OrderTold):
    lines: list[LineTold]


OWN = OrderTold.model_fields.keys() - {"customer", "store", "guide"}


def _facts(row: Any) -> dict[str, Any]:
    order, ref, store, guide = row
    joined = {"customer": ref, "store": store, "guide": guide}
    return {name: getattr(order, name) for name in OWN} | joined


def _bounds(ask: Ask[Any]) -> list[listing.Where]:
    return [] if ask.store is None else [listing.of_store(ask.store)]


@routes.asks("GET", "/orders", "order.read", "订单", says=OrdersAsked, gives=Page[OrderTold])
async def listed(ask: Ask[OrdersAsked]) -> Page[OrderTold]:
    among = _bounds(ask)
    if ask.said.order_no is not None:
        among.append(listing.order_numbered(ask.said.order_no))
    async with ask.reading() as session:
        rows = await listing.orders(session, among, ask.mark(), ask.said.limit + 1)
    return ask.page(rows, lambda row: int(row[0].id), lambda row: OrderTold(**_facts(row)))


@routes.asks("GET", f"/orders/{NUMBER % 'id'}", "order.read", "一笔订单", gives=OrderWhole)
async def one(ask: Ask[Query]) -> OrderWhole:
    async with ask.reading() as session:
        rows = await listing.orders(session, _bounds(ask), ask.number() + 1, 1)
        if not rows or rows[0][0].id != ask.number():
            raise Refusal("unknown_order", "没有这笔订单", status=404)
        lines = await listing.lines(session, [ask.number()])
    told = [LineTold.model_validate(line) for line in lines.get(ask.number(), ())]
    return OrderWhole(**_facts(rows[0]), lines=told)


@routes.asks(
    "GET", "/customers/{ref}/orders", "order.read", "她的订单", says=Listing, gives=Page[OrderTold]
)
async def of_one(ask: Ask[Listing]) -> Page[OrderTold]:
    async with ask.reading() as session:
        hers = await family(session, (await ask.customer(session)).id)
        among = [listing.order_of(hers), *_bounds(ask)]
        rows = await listing.orders(session, among, ask.mark(), ask.said.limit + 1)
    return ask.page(rows, lambda row: int(row[0].id), lambda row: OrderTold(**_facts(row)))
