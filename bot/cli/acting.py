"""What can happen in the sandbox, and who does it when nobody is named."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bot.cli.control import Control
from bot.cli.talk import Failed
from bot.tongue import _

Act = dict[str, Any]
World = dict[str, Any]
ALIASES = {
    "add_external_contact": "add_friend",
    "del_follow_user": "delete_guide",
    "del_external_contact": "delete_customer",
    "edit_external_contact": "edit_customer",
    "add_member": "join_group",
    "del_member": "leave_group",
    "subscribe": "follow_official",
    "unsubscribe": "unfollow_official",
    "SCAN": "scan_official",
    "CLICK": "click_menu",
    "enter_session": "enter_kf",
    "msg_or_event": "say_kf",
    "order": "pay",
}
"""The platforms' own names of what the bot hears then."""
SAID = "有什么优惠"


def names(control: Control) -> list[str]:
    said = control.read("openapi.json")["paths"]["/__sandbox__/act"]["post"]["requestBody"]
    found: list[str] = _enum(said) or []
    return found


def _enum(schema: Any) -> list[str] | None:
    """The first list of names in the description of an act."""
    if isinstance(schema, dict):
        if isinstance(schema.get("enum"), list):
            return list(schema["enum"])
        schema = list(schema.values())
    parts = schema if isinstance(schema, list) else []
    return next((found for part in parts if (found := _enum(part))), None)


def complete(control: Control, name: str, given: Act) -> Act:
    """The act with what was left out: a new friend, the first fan, the first task that waits."""
    act = {"act": name} | given
    if fill := FILLED.get(name):
        for field, value in fill(control.read("state"), act).items():
            act.setdefault(field, value)
    return act


def _first(found: Iterable[Any], missing: str) -> Any:
    for one in found:
        return one
    raise Failed(
        _("沙盒里现在没有%(missing)s。", missing=missing),
        _("换一件事，或用 --customer、--guide、--set 说清楚"),
    )


def _newcomer(world: World, act: Act) -> Act:
    person = act.get("customer") or f"new{len(world['customers']) + 1}"
    known = any(customer["id"] == person for customer in world["customers"])
    filled = {"customer": person} | ({} if known else {"name": _("新朋友")})
    if "guide" not in act:
        way = _first(world["contact_ways"], _("渠道活码"))
        filled["contact_way"] = way["state"] or way["config_id"]
    return filled


def _friend(world: World, act: Act) -> Act:
    tied = (
        (customer["id"], tie["guide"])
        for customer in world["customers"]
        for tie in customer["follows"]
        if not tie["left"] and act.get("customer", customer["id"]) == customer["id"]
    )
    person, guide = _first(tied, _("好友关系"))
    return {"customer": person, "guide": guide, "text": SAID}


def _anybody(world: World, _act: Act) -> Act:
    return {"customer": _first(world["customers"], _("顾客"))["id"], "text": SAID}


def _buyer(world: World, act: Act) -> Act:
    if "refund_of" in act:
        return {}
    return {"customer": _first(world["customers"], _("顾客"))["id"]}


def _kf(world: World, act: Act) -> Act:
    return {"kf": _first(world["kf"], _("客服账号"))["open_kfid"]} | _anybody(world, act)


def _stranger(world: World, _act: Act) -> Act:
    away = (c for c in world["customers"] if not (c["fan"] and c["fan"]["subscribed"]))
    return {"customer": _first(away, _("还没关注公众号的顾客"))["id"]}


def _fan(world: World, _act: Act) -> Act:
    fans = (c for c in world["customers"] if c["fan"] and c["fan"]["subscribed"])
    return {"customer": _first(fans, _("公众号粉丝"))["id"], "text": SAID}


def _joiner(world: World, act: Act) -> Act:
    outside = (c for c in world["customers"] if not c["groups"])
    filled = {} if "customer" in act else {"customer": _first(outside, _("群外的顾客"))["id"]}
    if "chat_id" in act or "join_way" in act:
        return filled
    if world["join_ways"]:
        return filled | {"join_way": world["join_ways"][0]["config_id"]}
    return filled | {"chat_id": _first(world["groups"], _("客户群"))["chat_id"]}


def _member(world: World, act: Act) -> Act:
    inside = (c for c in world["customers"] if c["groups"])
    person = next((c for c in world["customers"] if c["id"] == act.get("customer")), None)
    person = person or _first(inside, _("群里的顾客"))
    return {"customer": person["id"], "chat_id": _first(person["groups"], _("群")), "text": SAID}


def _tasked(world: World, act: Act) -> Act:
    waiting = (
        (guide["userid"], msgid)
        for guide in world["guides"]
        for msgid in guide["pending_tasks"]
        if act.get("guide", guide["userid"]) == guide["userid"]
    )
    guide, msgid = _first(waiting, _("等导购确认的任务"))
    return {"guide": guide, "msgid": msgid}


def _asked(world: World, act: Act) -> Act:
    waiting = (
        (guide["userid"], customer)
        for guide in world["guides"]
        for customer in guide["friend_requests"]
        if act.get("guide", guide["userid"]) == guide["userid"]
    )
    guide, customer = _first(waiting, _("等导购通过的好友申请"))
    return {"guide": guide, "customer": customer}


FILLED: dict[str, Callable[[World, Act], Act]] = {
    "add_friend": _newcomer,
    "accept_friend": _asked,
    "confirm_task": _tasked,
    "ignore_task": _tasked,
    **dict.fromkeys(("say_guide", "say_customer", "delete_guide", "delete_customer"), _friend),
    **dict.fromkeys(("say_kf", "enter_kf"), _kf),
    **dict.fromkeys(("say_official", "unfollow_official"), _fan),
    "follow_official": _stranger,
    "join_group": _joiner,
    "pay": _buyer,
    **dict.fromkeys(("say_group", "leave_group"), _member),
}
