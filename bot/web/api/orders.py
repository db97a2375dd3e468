"""`POST /api/v1/orders`: signed order events of a shop system (Standard Webhooks)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Literal

from aiohttp import web
from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from bot import events
from bot.events.shop import Buyer, Line, OrderKind, OrderReported
from bot.platforms.envelope import Untrusted
from bot.platforms.signing import verify_webhook
from bot.store.inbox import Arrival
from bot.web import metrics
from bot.web.api import bodies
from bot.web.api.bodies import Fen, Ids, Strict, Word, clean
from bot.web.api.problems import problem
from bot.web.callbacks import body_of
from bot.web.desk import DESK

routes = web.RouteTableDef()
SOURCE = "shop"


def zoned(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("at 要带时区，例如 2026-03-12T10:24:00+08:00")
    try:
        at.astimezone(UTC)
    except OverflowError:
        raise ValueError("at 不是一个能用的时间") from None
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
    at: Annotated[datetime, Field(strict=False), AfterValidator(zoned)]
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
    event = order.event()
    written = json.dumps(events.dump(event), ensure_ascii=False, sort_keys=True)
    new = await desk.intake.keep(Arrival("event", written.encode()))
    metrics.ORDERS.labels("new" if new else "repeated").inc()
    return web.json_response({"event_id": order.event_id, "new": new}, status=202 if new else 200)
