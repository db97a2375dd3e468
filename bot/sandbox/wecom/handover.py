"""继承: customers handed to another guide, on the job (a day later, unless refused) or after a resignation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.api import Body, Call, Routes, page, too_long
from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.world.entities import Message

BASE = "/cgi-bin/externalcontact"
DONE, WAITING, REFUSED, OVER_LIMIT = 1, 2, 3, 4
routes = Routes()


@dataclass
class Transfer:
    giver: str
    taker: str
    external_userid: str
    asked: datetime
    note: str = ""
    status: int = WAITING
    done: datetime | None = None


@dataclass
class HandoverRoom:
    transfers: list[Transfer] = field(default_factory=list)
    by_customer: dict[str, list[Transfer]] = field(default_factory=dict)


@routes.post(BASE + "/transfer_customer", empty={"customer": []})
def transfer(stage: Stage, call: Call) -> Body:
    stage.guide(call.text("handover_userid"))
    return _transfer(stage, call, wait=timedelta(hours=24))


@routes.post(BASE + "/resigned/transfer_customer", empty={"customer": []})
def transfer_resigned(stage: Stage, call: Call) -> Body:
    giver = stage.world.guides.get(call.text("handover_userid"))
    if giver is None or giver.resigned is None:
        raise Refuse(40097)
    return _transfer(stage, call, wait=timedelta(hours=24))


def _transfer(stage: Stage, call: Call, *, wait: timedelta) -> Body:
    giver, taker = call.text("handover_userid"), stage.guide(call.text("takeover_userid")).userid
    if giver == taker:
        raise Refuse(40130)
    note = call.maybe("transfer_success_msg")
    if too_long(note, size=200, chars=True):
        raise Refuse(40058, "transfer_success_msg")
    results = []
    for external_userid in call.items("external_userid", cap=100, missing=41035):
        plan = Transfer(giver, taker, external_userid, call.now, note)
        code = _begin(stage, plan, wait)
        results.append({"external_userid": external_userid, "errcode": code})
    return {"customer": results}


def _begin(stage: Stage, plan: Transfer, wait: timedelta) -> int:
    room = stage.world.room(HandoverRoom)
    if plan.external_userid not in stage.world.by_external:
        return 40096
    if plan.external_userid not in stage.world.guides[plan.giver].follows:
        return 40131
    earlier = room.by_customer.setdefault(plan.external_userid, [])
    if any(other.status == WAITING for other in earlier):
        return 40129
    recent = [other for other in earlier if other.asked > plan.asked - timedelta(days=90)]
    if len(recent) >= 2:
        return 40128
    earlier.append(plan)
    room.transfers.append(plan)
    stage.agenda.plan(plan.asked + wait, "hand-over", lambda: complete(stage, plan))
    return 0


def complete(stage: Stage, plan: Transfer) -> None:
    """The giver's tie ends with DELETE_BY_TRANSFER, the taker's begins."""
    if plan.status != WAITING:
        return
    customer = stage.world.by_external[plan.external_userid]
    giver, taker = stage.world.guides[plan.giver], stage.world.guides[plan.taker]
    old = giver.follows.pop(plan.external_userid, None)
    plan.status, plan.done = DONE, stage.now()
    if old is None:
        return
    customer.follows.pop(plan.giver, None)
    if plan.taker not in customer.follows:
        tie = replace(old, userid=plan.taker, created=stage.clock.timestamp(), add_way=202)
        customer.follows[plan.taker] = taker.follows[plan.external_userid] = tie
    _tell(stage, plan, "del_external_contact", plan.giver, [("Source", "DELETE_BY_TRANSFER")])
    _tell(stage, plan, "add_external_contact", plan.taker, [])
    text = plan.note or f"您好，您的服务已升级，后续将由我的同事{taker.name}接替我的工作。"
    stage.arrive(customer, Message(stage.now(), "wecom", plan.taker, customer.id, text))


def refuse(stage: Stage, plan: Transfer, *, over_limit: bool = False) -> None:
    plan.status = OVER_LIMIT if over_limit else REFUSED
    reason = "customer_limit_exceed" if over_limit else "customer_refused"
    _tell(stage, plan, "transfer_fail", plan.giver, [("FailReason", reason)])


def _tell(stage: Stage, plan: Transfer, change: str, userid: str, more: list[Any]) -> None:
    lead = more if change == "transfer_fail" else []
    tail = [] if lead else more
    fields = [
        ("ChangeType", change),
        *lead,
        ("UserID", userid),
        ("ExternalUserID", plan.external_userid),
        *tail,
    ]
    facts = {"userid": userid, "external_userid": plan.external_userid}
    stage.wecom_event("change_external_contact", fields, facts=facts, key=plan.external_userid)


def _results(stage: Stage, call: Call) -> Body:
    giver, taker = call.text("handover_userid"), call.text("takeover_userid")
    found = [
        plan
        for plan in stage.world.room(HandoverRoom).transfers
        if (plan.giver, plan.taker) == (giver, taker)
    ]
    shown, following = page(call, found, default=1000, cap=1000)
    entries = []
    for plan in shown:
        entry: dict[str, Any] = {"external_userid": plan.external_userid, "status": plan.status}
        if plan.done:
            entry["takeover_time"] = int(plan.done.timestamp())
        entries.append(entry)
    return {"customer": entries, "next_cursor": following}


for _path in ("/transfer_result", "/resigned/transfer_result"):
    routes.post(BASE + _path, empty={"customer": [], "next_cursor": ""})(_results)


@routes.post(BASE + "/get_unassigned_list", empty={"info": [], "is_last": True, "next_cursor": ""})
def unassigned(stage: Stage, call: Call) -> Body:
    left = [
        {
            "handover_userid": guide.userid,
            "external_userid": external_userid,
            "dimission_time": int(guide.resigned.timestamp()),
        }
        for guide in stage.world.guides.values()
        if guide.resigned
        for external_userid in guide.follows
    ]
    call.body["limit"] = call.number("page_size", 1000)
    shown, following = page(call, left, default=1000, cap=1000)
    return {"info": shown, "is_last": not following, "next_cursor": following}
