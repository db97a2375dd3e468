"""群发: four a month to each fan; the result comes as an event."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.sandbox.api import Body, Call, Routes, too_long
from bot.sandbox.envelope import Field
from bot.sandbox.errors import Refuse
from bot.sandbox.names import fingerprint
from bot.sandbox.official.windows import customer_by_openid
from bot.sandbox.stage import Stage
from bot.sandbox.world.entities import Customer, Message

KINDS = ("text", "image", "images", "voice", "mpnews", "mpvideo", "wxcard")
PER_MONTH = 4
VERDICT_AFTER = timedelta(seconds=60)
EMPTY = {"msg_id": 0}
routes = Routes()


@dataclass
class Mailing:
    msg_id: int
    openids: list[str]
    text: str
    body: dict[str, Any]
    status: str = "SENDING"


@dataclass
class MailingRoom:
    mailings: dict[int, Mailing] = field(default_factory=dict)
    client_ids: dict[str, int] = field(default_factory=dict)
    speed: int = 0


@routes.post("/cgi-bin/message/mass/sendall", empty=EMPTY)
def send_all(stage: Stage, call: Call) -> Body:
    wanted = call.body.get("filter") or {}
    tag = None if wanted.get("is_to_all") else wanted.get("tag_id")
    if not wanted.get("is_to_all") and tag not in stage.world.official.tags:
        raise Refuse(45159)
    fans = [c.fan for c in stage.world.by_openid.values() if c.fan and c.fan.subscribed]
    openids = [fan.openid for fan in fans if tag is None or tag in fan.tags]
    return _begin(stage, call, openids)


@routes.post("/cgi-bin/message/mass/send", empty=EMPTY)
def send_some(stage: Stage, call: Call) -> Body:
    openids = call.items("touser", cap=10_000, missing=40003)
    if len(openids) < 2:
        raise Refuse(40003, "at least two")
    return _begin(stage, call, [str(openid) for openid in openids])


def _text(call: Call) -> tuple[str, dict[str, Any]]:
    kind = call.text("msgtype", missing=40008)
    body = call.body.get(kind)
    if kind not in KINDS or not isinstance(body, dict):
        raise Refuse(40008)
    return str(body.get("content") or body.get("media_id") or f"[{kind}]"), {kind: body}


def _begin(stage: Stage, call: Call, openids: list[str]) -> Body:
    room, client_id = stage.world.room(MailingRoom), call.maybe("clientmsgid")
    if too_long(client_id, size=64):
        raise Refuse(45067)
    if client_id in room.client_ids:
        raise Refuse(45065, msg_id=room.client_ids[client_id])
    text, body = _text(call)
    msg_id = stage.world.names.number(10, "mailing", fingerprint(call.body))
    mailing = room.mailings[msg_id] = Mailing(msg_id, openids, text, body)
    if client_id:
        room.client_ids[client_id] = msg_id
    wait = timedelta(minutes=stage.world.settings.mass_confirm_minutes) + VERDICT_AFTER
    stage.agenda.plan(call.now + wait, f"mass {msg_id}", lambda: _finish(stage, mailing))
    return {"msg_id": msg_id, "msg_data_id": msg_id + 1}


def _finish(stage: Stage, mailing: Mailing) -> None:
    if mailing.status != "SENDING":
        return
    found = [stage.world.by_openid.get(openid) for openid in mailing.openids]
    outcomes = [_reach(stage, mailing, customer) for customer in found if customer]
    mailing.status = "SEND_SUCCESS"
    sent = sum(outcomes)
    fields: list[Field] = [
        ("MsgType", "event"),
        ("Event", "MASSSENDJOBFINISH"),
        ("MsgID", mailing.msg_id),
        ("Status", "send success"),
        ("TotalCount", len(mailing.openids)),
        ("FilterCount", len(outcomes)),
        ("SentCount", sent),
        ("ErrorCount", len(outcomes) - sent),
        ("CopyrightCheckResult", [("Count", 0), ("CheckState", 2)]),
        ("ArticleUrlResult", [("Count", 0)]),
    ]
    reporter = next((customer for customer in found if customer), None)
    if reporter:
        stage.official_push(reporter, fields, name="MASSSENDJOBFINISH")


def _reach(stage: Stage, mailing: Mailing, customer: Customer) -> bool:
    fan, month = customer.fan, f"{stage.now():%Y-%m}"
    if fan is None or not fan.subscribed or fan.blacklisted or fan.mass_months[month] >= PER_MONTH:
        return False
    fan.mass_months[month] += 1
    sender, extra = (
        stage.world.official.original_id,
        [] if "text" in mailing.body else [mailing.body],
    )
    message = Message(
        stage.now(), "official", sender, customer.id, mailing.text, extra, str(mailing.msg_id)
    )
    stage.arrive(customer, message, openid=fan.openid, status="sent")
    return True


@routes.post("/cgi-bin/message/mass/get")
def get_mailing(stage: Stage, call: Call) -> Body:
    mailing = stage.world.room(MailingRoom).mailings.get(call.number("msg_id"))
    if mailing is None:
        raise Refuse(40059)
    return {"msg_id": mailing.msg_id, "msg_status": mailing.status}


@routes.post("/cgi-bin/message/mass/delete")
def delete_mailing(stage: Stage, call: Call) -> None:
    mailing = stage.world.room(MailingRoom).mailings.get(call.number("msg_id"))
    if mailing is None:
        raise Refuse(40059)
    mailing.status = "DELETE"


@routes.post("/cgi-bin/message/mass/preview", empty=EMPTY)
def preview(stage: Stage, call: Call) -> Body:
    customer, fan = customer_by_openid(stage, call.text("touser", missing=40003))
    text, body = _text(call)
    message = Message(
        call.now, "official", stage.world.official.original_id, customer.id, text, [body]
    )
    stage.arrive(customer, message, openid=fan.openid, status="preview")
    return {"msg_id": stage.world.names.number(10, "preview", fingerprint(call.body))}


SPEEDS = (80, 60, 45, 30, 10)  # ten thousand a minute


@routes.any("/cgi-bin/message/mass/speed/get", bare=True)
def get_speed(stage: Stage, _call: Call) -> Body:
    speed = stage.world.room(MailingRoom).speed
    return {"speed": speed, "realspeed": SPEEDS[speed]}


@routes.post("/cgi-bin/message/mass/speed/set")
def set_speed(stage: Stage, call: Call) -> None:
    speed = call.number("speed")
    if speed not in range(len(SPEEDS)):
        raise Refuse(45083)
    stage.world.room(MailingRoom).speed = speed
