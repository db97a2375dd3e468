"""Template messages (service only) and one-time subscription messages; what became of them comes as an event."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from bot.sandbox.api import Body, Call, Routes
from bot.sandbox.envelope import Field
from bot.sandbox.errors import Refuse
from bot.sandbox.names import fingerprint
from bot.sandbox.official.windows import customer_by_openid
from bot.sandbox.stage import Stage
from bot.sandbox.world.entities import Customer, Fan, Message

VALUES = {
    "thing": (20, ""),
    "number": (32, r"[\d.]+"),
    "letter": (32, r"[A-Za-z]+"),
    "symbol": (5, r"[^\w]+"),
    "character_string": (32, r"[\x20-\x7e]+"),
    "phone_number": (17, r"[\d+-]+"),
    "car_number": (8, ""),
    "name": (10, ""),
    "phrase": (5, ""),
}
"""By the kind in a key's name: the most characters, and their shape."""
VERDICT_AFTER = timedelta(seconds=2)
routes = Routes()


def _title(stage: Stage, call: Call) -> str:
    title = stage.world.official.templates.get(call.text("template_id", missing=40037))
    if title is None:
        raise Refuse(40037)
    return title


def _data(call: Call) -> dict[str, Any]:
    data = call.body.get("data") or {}
    for name, item in data.items():
        if not isinstance(item, dict) or item.get("value") in (None, ""):
            raise Refuse(47003, name)
        most, shape = VALUES.get(name.rstrip("0123456789"), (200, ""))
        value = str(item["value"])
        if len(value) > most or (shape and not re.fullmatch(shape, value)):
            raise Refuse(47003, f"{name}.value")
    return data


def _show(stage: Stage, call: Call, customer: Customer, title: str, msgid: int) -> None:
    lines = [title, *(str(item["value"]) for item in _data(call).values())]
    url = call.maybe("url") or call.maybe("page")
    extra = [{"msgtype": "link", "link": {"url": url}}] if url else []
    account = stage.world.official.original_id
    message = Message(
        call.now, "official", account, customer.id, "\n".join(lines), extra, str(msgid)
    )
    template = call.text("template_id")
    openid = customer.fan.openid if customer.fan else ""
    stage.arrive(customer, message, channel="template", openid=openid, template_id=template)


@routes.post("/cgi-bin/message/template/send", empty={"msgid": 0})
def send_template(stage: Stage, call: Call) -> Body:
    customer, fan = customer_by_openid(stage, call.text("touser", missing=40003))
    title = _title(stage, call)
    _data(call)
    if not fan.subscribed:
        raise Refuse(43004)
    client_id = call.maybe("client_msg_id")
    known: dict[str, int] = stage.world.rooms.setdefault("template client ids", {})
    if client_id and client_id in known:
        return {"msgid": known[client_id]}
    msgid = stage.world.names.number(16, "template", fingerprint(call.body))
    if client_id:
        known[client_id] = msgid
    status = "failed:user block" if fan.blocks_templates else "success"
    if not fan.blocks_templates:
        _show(stage, call, customer, title, msgid)
    fields: list[Field] = [
        ("MsgType", "event"),
        ("Event", "TEMPLATESENDJOBFINISH"),
        ("MsgID", msgid),
        ("Status", status),
    ]
    _later(stage, customer, fields, "TEMPLATESENDJOBFINISH")
    return {"msgid": msgid}


def _later(stage: Stage, customer: Customer, fields: list[Field], name: str) -> None:
    stage.agenda.plan(
        stage.now() + VERDICT_AFTER,
        f"{name} {customer.id}",
        lambda: stage.official_push(customer, fields, name=name),
    )


@routes.post("/cgi-bin/message/subscribe/bizsend")
def send_subscribed(stage: Stage, call: Call) -> None:
    """One consent, one message."""
    customer, fan = customer_by_openid(stage, call.text("touser", missing=40003))
    title, template = _title(stage, call), call.text("template_id")
    _data(call)
    if fan.consents[template] <= 0:
        raise Refuse(43101)
    fan.consents[template] -= 1
    msgid = stage.world.names.number(19, "subscribe", fingerprint(call.body))
    _show(stage, call, customer, title, msgid)
    listed: list[Field] = [
        ("TemplateId", template),
        ("MsgID", msgid),
        ("ErrorCode", 0),
        ("ErrorStatus", "success"),
    ]
    fields: list[Field] = [
        ("MsgType", "event"),
        ("Event", "subscribe_msg_sent_event"),
        ("SubscribeMsgSentEvent", [("List", listed)]),
    ]
    _later(stage, customer, fields, "subscribe_msg_sent_event")


@routes.get("/cgi-bin/template/get_all_private_template", bare=True)
def list_templates(stage: Stage, _call: Call) -> Body:
    entries = [
        {
            "template_id": key,
            "title": title,
            "primary_industry": "",
            "deputy_industry": "",
            "content": "{{thing1.DATA}}",
            "example": "",
        }
        for key, title in stage.world.official.templates.items()
    ]
    return {"template_list": entries}


@routes.post("/cgi-bin/template/api_add_template", empty={"template_id": ""})
def add_template(stage: Stage, call: Call) -> Body:
    short = call.text("template_id_short")
    if len(stage.world.official.templates) >= 25:
        raise Refuse(45026)
    key = stage.world.names.make("", 43, "template", short)
    stage.world.official.templates[key] = short
    return {"template_id": key}


@routes.post("/cgi-bin/template/del_private_template")
def delete_template(stage: Stage, call: Call) -> None:
    _title(stage, call)
    del stage.world.official.templates[call.text("template_id")]


@routes.get("/wxaapi/newtmpl/gettemplate", empty={"data": []})
def subscription_templates(stage: Stage, _call: Call) -> Body:
    entries = [
        {"priTmplId": key, "title": title, "content": "{{thing1.DATA}}", "example": "", "type": 2}
        for key, title in stage.world.official.templates.items()
    ]
    return {"data": entries}


def consent(fan: Fan, template: str, *, accept: bool) -> None:
    fan.consents[template] += int(accept)
