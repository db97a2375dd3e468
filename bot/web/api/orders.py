"""`POST /api/v1/orders`: signed order events of a shop system (Standard Webhooks)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot import events
from bot.events.shop import Buyer, Line, OrderKind, OrderReported
from bot.platforms.envelope import Untrusted
from bot.platforms.signing import verify_webhook
from bot.store.inbox import Arrival
from bot.web import metrics
from bot.web.api.problems import problem
from bot.web.callbacks import body_of
from bot.web.desk import DESK

routes = web.RouteTableDef()
SOURCE = "shop"


def _clean(text: str) -> str:
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("含有 NUL 或不成对的代理字符")
    return text


Word = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_clean)]
Fen = Annotated[int, Field(ge=0, le=10**12)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class OrderLineIn(_Strict):
    sku: Word
    name: Annotated[str, Field(max_length=300), AfterValidator(_clean)] = ""
    category: Annotated[str, Field(max_length=100), AfterValidator(_clean)] = ""
    quantity: Annotated[int, Field(ge=1, le=10**6)] = 1
    amount_fen: Fen = 0


class BuyerIn(_Strict):
    phone: Annotated[str, Field(pattern=r"^\+?[0-9 -]{5,20}$")] | None = None
    unionid: Word | None = None
    openid: Word | None = None
    external_userid: Word | None = None
    member_no: Word | None = None
    buyer_id: Word | None = None

    @model_validator(mode="after")
    def _somebody(self) -> BuyerIn:
        if not self.model_fields_set or not any(self.model_dump().values()):
            raise ValueError(
                "至少要有 phone、unionid、openid、external_userid、member_no、buyer_id 之一"
            )
        return self


class OrderIn(_Strict):
    event_id: Word
    kind: Literal["paid", "refunded", "cancelled", "completed"]
    order_no: Word
    refund_no: Word | None = None
    at: Annotated[datetime, Field(strict=False)]
    store: Word | None = None
    guide: Word | None = None
    channel: Word | None = None
    buyer: BuyerIn
    amount_fen: Fen
    lines: Annotated[list[OrderLineIn], Field(max_length=500)] = []
    coupon_codes: Annotated[list[Word], Field(max_length=20)] = []

    @model_validator(mode="after")
    def _whole(self) -> OrderIn:
        if self.at.tzinfo is None:
            raise ValueError("at 要带时区，例如 2026-03-12T10:24:00+08:00")
        if self.kind == "refunded" and not self.refund_no:
            raise ValueError("退款要有 refund_no")
        return self

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
            lines=tuple(Line(**line.model_dump()) for line in self.lines),
            coupon_codes=tuple(self.coupon_codes),
        )


def _no_constant(name: str) -> Any:
    raise ValueError(name)


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
    try:
        order = OrderIn.model_validate(json.loads(body, parse_constant=_no_constant))
    except ValidationError as refused:
        return problem(422, "invalid", "订单有问题", mistakes=_mistakes(refused))
    except (ValueError, RecursionError):
        return problem(400, "not_json", "不是 JSON")
    event = order.event()
    written = json.dumps(events.dump(event), ensure_ascii=False, sort_keys=True)
    new = await desk.intake.keep(Arrival("event", written.encode()))
    metrics.ORDERS.labels("new" if new else "repeated").inc()
    return web.json_response({"event_id": order.event_id, "new": new}, status=202 if new else 200)


def _mistakes(refused: ValidationError) -> list[dict[str, str]]:
    return [
        {
            "field": ".".join(str(part) for part in error["loc"]),
            "words": error["msg"].removeprefix("Value error, "),
        }
        for error in refused.errors(include_input=False, include_url=False)
    ]
