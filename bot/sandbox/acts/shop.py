"""What happens at the till and in the mall: she pays, or brings something back, and the shop's system says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bot.sandbox.acts.kinds import ActRefused, Args, customer_of
from bot.sandbox.official.windows import open_window
from bot.sandbox.stage import Stage
from bot.sandbox.world.entities import Customer

SAID = ("store", "guide", "channel")
MOST_FEN = 10**11
USUAL = {"sku": "QH-TEE-01", "name": "纯棉短袖", "category": "上衣"}


@dataclass
class ShopRoom:
    """The shop's own book of orders."""

    orders: dict[str, Args] = field(default_factory=dict)
    back: dict[str, int] = field(default_factory=dict)  # order_no → fen already paid back


def pay(stage: Stage, args: Args) -> Args:
    """She pays (`amount` in yuan, or `lines` as in the order event); with `refund_of` she gets money back."""
    order = _refund(stage, args) if args.get("refund_of") else _order(stage, args)
    stage.shop_event(order, of=str(order["order_no"]))
    return {name: order[name] for name in ("order_no", "refund_no", "amount_fen") if name in order}


def _order(stage: Stage, args: Args) -> Args:
    customer, room = customer_of(stage, args), stage.world.room(ShopRoom)
    lines = _lines(args)
    spent = sum(line["amount_fen"] for line in lines)
    amount = _fen(args["amount"]) if "amount" in args else spent
    number = stage.world.names.number(10, "order", customer.id)
    order_no = f"M{stage.now():%Y%m%d}{number}"
    coupons = args.get("coupons") or [args[name] for name in ("coupon",) if args.get(name)]
    order = _event("paid", order_no, stage) | {
        "buyer": args.get("buyer") or _known(stage, customer),
        "amount_fen": amount,
        "lines": lines,
        "coupon_codes": [str(code) for code in coupons],
    }
    order |= {name: str(args[name]) for name in SAID if args.get(name)}
    room.orders[order_no] = order
    if args.get("wechat") and customer.fan and customer.fan.subscribed:
        open_window(customer.fan, "pay", stage.now())
    return order


def _event(kind: str, order_no: str, stage: Stage, part: str = "") -> Args:
    return {
        "event_id": f"{order_no}-{part or kind}",
        "kind": kind,
        "order_no": order_no,
        "at": stage.now().isoformat(),
    }


def _refund(stage: Stage, args: Args) -> Args:
    """Of the whole order, or of so much of it."""
    order_no, room = str(args["refund_of"]), stage.world.room(ShopRoom)
    order = room.orders.get(order_no)
    if order is None:
        raise ActRefused(f"no order {order_no}")
    back = room.back.get(order_no, 0)
    amount = _fen(args["amount"]) if "amount" in args else order["amount_fen"] - back
    if not 0 < amount <= order["amount_fen"] - back:
        raise ActRefused(f"{order['amount_fen'] - back} fen of {order_no} are left to pay back")
    room.back[order_no] = back + amount
    refund_no = f"{order_no}-R{back + amount}"
    said = _event("refunded", order_no, stage, part=f"R{back + amount}")
    whole = {name: order[name] for name in ("buyer", *SAID) if name in order}
    lines = order["lines"] if amount == order["amount_fen"] else []
    return said | whole | {"refund_no": refund_no, "amount_fen": amount, "lines": lines}


def _lines(args: Args) -> list[Args]:
    if args.get("lines"):
        lines = [USUAL | {"quantity": 1} | dict(line) for line in args["lines"]]
        return [line | {"amount_fen": int(line.get("amount_fen", 0))} for line in lines]
    return [USUAL | {"quantity": 1, "amount_fen": _fen(args.get("amount", 199))}]


def _fen(yuan: Any) -> int:
    try:
        fen = int(Decimal(str(yuan)) * 100)
    except (ArithmeticError, ValueError) as error:
        raise ActRefused(f"{yuan!r} is no amount in yuan") from error
    if not 0 <= fen < MOST_FEN:
        raise ActRefused(f"{yuan!r} is no sum that anybody pays; to pay back, name refund_of")
    return fen


def _known(stage: Stage, customer: Customer) -> Args:
    """What a till knows of her: the phone of her card; else what WeChat told the mall."""
    if customer.phone:
        return {"phone": customer.phone}
    if stage.world.corp.binds_unionid:
        return {"unionid": customer.unionid}
    return {"external_userid": customer.external_userid}


ACTS = {"pay": pay}
