"""One-time consents, and the templates of subscription messages."""

from __future__ import annotations

from typing import Any

from bot.sandbox.api import Body, Call, Routes, too_long
from bot.sandbox.errors import Refuse
from bot.sandbox.names import fingerprint
from bot.sandbox.official.windows import customer_by_openid
from bot.sandbox.stage import Stage
from bot.sandbox.world.entities import Message

TITLES = [{"tid": 99, "title": "服务到期提醒", "type": 2, "categoryId": "616"}]
KEYWORDS = [
    {"kid": 1, "name": "服务名称", "example": "会员", "rule": "thing"},
    {"kid": 2, "name": "到期时间", "example": "2026-12-01", "rule": "time"},
]
routes = Routes()


@routes.post("/cgi-bin/message/template/subscribe")
def send_once(stage: Stage, call: Call) -> None:
    """One message for each time that she said yes on the platform's own page."""
    customer, fan = customer_by_openid(stage, call.text("touser", missing=40003))
    template, title = call.text("template_id", missing=40037), call.text("title")
    scene, content = call.number("scene"), _content(call)
    if not 0 <= scene <= 10_000 or too_long(title, size=15, chars=True):
        raise Refuse(40058, "scene, title")
    asked = f"{template} {scene}"
    if fan.consents[asked] <= 0:
        raise Refuse(43101)
    fan.consents[asked] -= 1
    url = call.maybe("url")
    extra = [{"msgtype": "link", "link": {"url": url}}] if url else []
    account = stage.world.official.original_id
    message = Message(call.now, "official", account, customer.id, f"{title}\n{content}", extra)
    stage.arrive(customer, message, channel="template", openid=fan.openid, template_id=template)


def _content(call: Call) -> str:
    text = str(((call.body.get("data") or {}).get("content") or {}).get("value") or "")
    if not text or too_long(text, size=200, chars=True):
        raise Refuse(47003, "data.content")
    return text


@routes.post("/wxaapi/newtmpl/addtemplate", empty={"priTmplId": ""})
def add_template(stage: Stage, call: Call) -> Body:
    tid, kids = call.text("tid"), call.items("kidList", cap=5, missing=200014)
    if not len(kids) >= 2 or too_long(call.maybe("sceneDesc"), size=15, chars=True):
        raise Refuse(200014)
    key = stage.world.names.make("", 43, "subscription", fingerprint(call.body))
    known: dict[Any, Any] = {str(entry["tid"]): entry["title"] for entry in TITLES}
    stage.world.official.templates[key] = known.get(tid, tid)
    return {"priTmplId": key}


@routes.post("/wxaapi/newtmpl/deltemplate")
def delete_template(stage: Stage, call: Call) -> None:
    if stage.world.official.templates.pop(call.text("priTmplId"), None) is None:
        raise Refuse(200011)


@routes.get("/wxaapi/newtmpl/getcategory", empty={"data": []})
def categories(_stage: Stage, _call: Call) -> Body:
    return {"data": [{"id": 616, "name": "服装/鞋/箱包"}]}


@routes.get("/wxaapi/newtmpl/getpubtemplatetitles", empty={"count": 0, "data": []})
def titles(_stage: Stage, call: Call) -> Body:
    begin, size = call.number("start", 0), call.number("limit", 30)
    return {"count": len(TITLES), "data": TITLES[begin : begin + size]}


@routes.get("/wxaapi/newtmpl/getpubtemplatekeywords", empty={"count": 0, "data": []})
def keywords(_stage: Stage, call: Call) -> Body:
    call.text("tid")
    return {"count": len(KEYWORDS), "data": KEYWORDS}


INDUSTRIES = {"first_class": "消费品", "second_class": "消费品"}


@routes.get("/cgi-bin/template/get_industry", bare=True)
def industry(_stage: Stage, _call: Call) -> Body:
    return {"primary_industry": INDUSTRIES, "secondary_industry": INDUSTRIES}


@routes.post("/cgi-bin/template/api_set_industry")
def set_industry(stage: Stage, call: Call) -> None:
    """Once a month."""
    month = f"{call.now:%Y-%m}"
    call.text("industry_id1"), call.text("industry_id2")
    if stage.world.rooms.get("industry month") == month:
        raise Refuse(43100)
    stage.world.rooms["industry month"] = month
