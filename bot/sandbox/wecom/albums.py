"""商品图册: what guides can show customers in the client."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.api import Body, Call, Routes, page, too_long
from bot.sandbox.errors import Refuse
from bot.sandbox.names import fingerprint
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.media import usable

BASE = "/cgi-bin/externalcontact"
MOST_FEN = 5_000_000
FIELDS = ("description", "price", "product_sn", "attachments")
routes = Routes()


@dataclass
class AlbumRoom:
    products: dict[str, dict[str, Any]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)


def _checked(stage: Stage, call: Call) -> dict[str, Any]:
    """What is given must be right; what must be given, the caller knows."""
    given = {name: call.body[name] for name in FIELDS if call.body.get(name) is not None}
    if "description" in given and too_long(str(given["description"]), size=300, chars=True):
        raise Refuse(41087)
    price = given.get("price", 0)
    if not isinstance(price, int) or not 0 <= price <= MOST_FEN:
        raise Refuse(41086)
    number = str(given.get("product_sn", ""))
    if number and (len(number) > 128 or not (number.isascii() and number.isalnum())):
        raise Refuse(41085)
    for attachment in _attachments(given.get("attachments")):
        usable(stage, (attachment.get("image") or {}).get("media_id", ""), call.now)
    return given


def _attachments(given: Any) -> list[dict[str, Any]]:
    listed = list(given or [])
    if given is not None and not listed:
        raise Refuse(41088)
    if len(listed) > 9 or any(one.get("type") != "image" for one in listed):
        raise Refuse(41065)
    return listed


@routes.post(BASE + "/add_product_album", empty={"product_id": ""})
def add_product(stage: Stage, call: Call) -> Body:
    given = _checked(stage, call)
    missing = {"description": 41073, "price": 41086, "attachments": 41088}
    for name, code in missing.items():
        if given.get(name) in (None, ""):
            raise Refuse(code)
    product_id = stage.world.names.make("pa", 32, "product", fingerprint(call.body))
    made = {"product_id": product_id, **given, "create_time": call.stamp}
    stage.world.room(AlbumRoom).products[product_id] = made
    return {"product_id": product_id}


def _product(stage: Stage, call: Call) -> dict[str, Any]:
    room, product_id = stage.world.room(AlbumRoom), call.text("product_id", missing=41075)
    if product_id not in room.products:
        raise Refuse(41074 if product_id in room.deleted else 41075)
    return room.products[product_id]


@routes.post(BASE + "/get_product_album", empty={"product": {}})
def get_product(stage: Stage, call: Call) -> Body:
    return {"product": _product(stage, call)}


@routes.post(BASE + "/get_product_album_list", empty={"product_list": [], "next_cursor": ""})
def list_products(stage: Stage, call: Call) -> Body:
    products = list(stage.world.room(AlbumRoom).products.values())
    shown, following = page(call, products, default=50, cap=100)
    bare = [{name: one[name] for name in one if name != "create_time"} for one in shown]
    return {"product_list": bare, "next_cursor": following}


@routes.post(BASE + "/update_product_album")
def update_product(stage: Stage, call: Call) -> None:
    product, given = _product(stage, call), _checked(stage, call)
    product.update(given)


@routes.post(BASE + "/delete_product_album")
def delete_product(stage: Stage, call: Call) -> None:
    product, room = _product(stage, call), stage.world.room(AlbumRoom)
    del room.products[product["product_id"]]
    room.deleted.add(product["product_id"])
