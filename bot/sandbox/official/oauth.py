"""Web authorisation of fans; its token is not the API's token."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.sandbox.api import Body, Call, Routes
from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.oauth import authorize, redeem_code
from bot.sandbox.world.build import fan_of
from bot.sandbox.world.entities import Customer

LIFETIME, REFRESH_LIFETIME = timedelta(seconds=7200), timedelta(days=30)
routes = Routes()
routes.get("/connect/oauth2/authorize", needs_token=False)(authorize)


@dataclass
class WebRoom:
    tokens: dict[str, tuple[str, str, datetime]] = field(default_factory=dict)
    refreshes: dict[str, tuple[str, str, datetime]] = field(default_factory=dict)


@routes.get("/sns/oauth2/access_token", needs_token=False)
def web_token(stage: Stage, call: Call) -> Body:
    account = stage.world.official
    if call.text("appid", missing=41002) != account.app_id:
        raise Refuse(40013)
    if call.text("secret", missing=41004) != account.secret:
        raise Refuse(40125)
    code = redeem_code(stage, call, used=40163, late=40029)
    customer = stage.world.customers.get(code.person)
    if customer is None:
        raise Refuse(40029)
    return _grant(stage, call, customer, code.scope)


def _grant(stage: Stage, call: Call, customer: Customer, scope: str) -> Body:
    room, names = stage.world.room(WebRoom), stage.world.names
    token = names.make("", 86, "web-token", customer.id)
    refresh = names.make("", 86, "web-refresh", customer.id)
    room.tokens[token] = (customer.id, scope, call.now + LIFETIME)
    room.refreshes[refresh] = (customer.id, scope, call.now + REFRESH_LIFETIME)
    body: Body = {
        "access_token": token,
        "expires_in": 7200,
        "refresh_token": refresh,
        "openid": fan_of(stage.world, customer).openid,
        "scope": scope,
    }
    return body | ({"unionid": customer.unionid} if stage.world.corp.binds_unionid else {})


@routes.get("/sns/oauth2/refresh_token", needs_token=False)
def refresh(stage: Stage, call: Call) -> Body:
    known = stage.world.room(WebRoom).refreshes.get(call.text("refresh_token", missing=40030))
    if known is None or known[2] <= call.now:
        raise Refuse(40030)
    return _grant(stage, call, stage.world.customers[known[0]], known[1])


def _holder(stage: Stage, call: Call) -> tuple[Customer, str]:
    token = call.query.get("access_token", "")
    person, scope, until = stage.world.room(WebRoom).tokens.get(token, ("", "", call.now))
    if not person:
        raise Refuse(40001)
    if until <= call.now:
        raise Refuse(42001)
    customer = stage.world.customers[person]
    if customer.fan is None or call.maybe("openid") != customer.fan.openid:
        raise Refuse(40003)
    return customer, scope


@routes.get("/sns/userinfo", needs_token=False)
def web_info(stage: Stage, call: Call) -> Body:
    customer, scope = _holder(stage, call)
    if scope != "snsapi_userinfo":
        raise Refuse(48001)
    body: Body = {
        "openid": call.maybe("openid"),
        "nickname": customer.name,
        "sex": 0,
        "language": "",
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": "",
        "privilege": [],
    }
    return body | ({"unionid": customer.unionid} if stage.world.corp.binds_unionid else {})


@routes.get("/sns/auth", needs_token=False)
def web_auth(stage: Stage, call: Call) -> Body:
    _holder(stage, call)
    return {"errcode": 0, "errmsg": "ok"}
