"""Who opened the page: OAuth codes, five minutes, one use; and the page on which a person says who she is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from urllib.parse import urlencode

from bot.sandbox.api import Body, Call, Raw, Routes
from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.world.build import fan_of
from bot.sandbox.world.state import World

CODE_LIFETIME = timedelta(minutes=5)
TICKET_LIFETIME = timedelta(seconds=1800)
routes = Routes()


@dataclass
class OAuthCode:
    person: str  # a guide's userid or a customer's id
    scope: str
    until: datetime
    used: bool = False


@dataclass
class OAuthRoom:
    codes: dict[str, OAuthCode] = field(default_factory=dict)
    tickets: dict[str, tuple[str, datetime]] = field(default_factory=dict)


def issue_oauth_code(stage: Stage, person: str, *, scope: str = "snsapi_base") -> str:
    if person not in stage.world.guides and person not in stage.world.customers:
        raise Refuse(40003, person)
    code = stage.world.names.make("", 43, "oauth", person)
    until = stage.now() + CODE_LIFETIME
    stage.world.room(OAuthRoom).codes[code] = OAuthCode(person, scope, until)
    return code


def redeem_code(stage: Stage, call: Call, *, used: int, late: int) -> OAuthCode:
    code = stage.world.room(OAuthRoom).codes.get(call.text("code", missing=40029))
    if code is None:
        raise Refuse(40029)
    if code.used or code.until <= call.now:
        raise Refuse(used if code.used else late)
    code.used = True
    return code


@routes.get("/cgi-bin/user/getuserinfo")
def old_user_info(stage: Stage, call: Call) -> Body:
    """The older call, with its own spelling."""
    info = _who(stage, call)
    names = {"userid": "UserId", "openid": "OpenId"}
    return {names.get(name, name): value for name, value in info.items()} | {"DeviceId": ""}


@routes.get("/cgi-bin/auth/getuserinfo")
def user_info(stage: Stage, call: Call) -> Body:
    return _who(stage, call)


def _who(stage: Stage, call: Call) -> Body:
    code = redeem_code(stage, call, used=42022, late=42003)
    if code.person in stage.world.guides:
        body = {"userid": code.person}
        if code.scope == "snsapi_privateinfo":
            ticket = stage.world.names.make("", 64, "user-ticket", code.person)
            until = call.now + TICKET_LIFETIME
            stage.world.room(OAuthRoom).tickets[ticket] = (code.person, until)
            body["user_ticket"] = ticket
        return body
    customer = stage.world.customers[code.person]
    body = {"openid": fan_of(stage.world, customer).openid}
    return body | ({"external_userid": customer.external_userid} if customer.follows else {})


@routes.post("/cgi-bin/auth/getuserdetail")
def user_detail(stage: Stage, call: Call) -> Body:
    tickets = stage.world.room(OAuthRoom).tickets
    person, until = tickets.get(call.text("user_ticket"), ("", call.now))
    if until <= call.now:
        raise Refuse(40029)
    fields = ("avatar", "qr_code", "mobile", "email", "biz_mail", "address")
    return {"userid": person, "gender": "0", **dict.fromkeys(fields, "")}


def authorize(stage: Stage, call: Call) -> Raw:
    """Stands for open.weixin.qq.com: with `as=` it goes straight back, else it asks who is looking."""
    return _asked(stage, call, _guides(stage.world) + _customers(stage.world))


def scan(stage: Stage, call: Call) -> Raw:
    """Stands for login.work.weixin.qq.com, where members scan a code; nobody else can."""
    if call.text("appid") != stage.world.corp.corp_id:
        raise Refuse(40013)
    if call.text("agentid") not in {str(app.agent_id) for app in stage.world.corp.apps}:
        raise Refuse(40056)
    if call.maybe("as") and call.maybe("as") not in stage.world.guides:
        raise Refuse(40003, call.maybe("as"))
    return _asked(stage, call, _guides(stage.world))


def _asked(stage: Stage, call: Call, people: list[tuple[str, str]]) -> Raw:
    target = call.text("redirect_uri")
    person = call.maybe("as")
    if not person:
        return Raw(_people_page(people, call).encode(), "text/html; charset=utf-8")
    code = issue_oauth_code(stage, person, scope=call.maybe("scope", "snsapi_base"))
    query = urlencode({"code": code, "state": call.maybe("state")})
    location = f"{target}{'&' if '?' in target else '?'}{query}"
    return Raw(status=302, headers={"Location": location})


def _guides(world: World) -> list[tuple[str, str]]:
    """Whoever left the company signs in nowhere."""
    serving = [guide for guide in world.guides.values() if not guide.resigned]
    return [(guide.userid, f"导购 {guide.name}") for guide in serving]


def _customers(world: World) -> list[tuple[str, str]]:
    return [(one.id, f"顾客 {one.name}") for one in list(world.customers.values())[:200]]


def _people_page(people: list[tuple[str, str]], call: Call) -> str:
    links = "".join(
        f'<li><a href="?{escape(urlencode(call.query | {"as": key}))}">{escape(name)}</a></li>'
        for key, name in people
    )
    head = "<!doctype html><html lang=zh-CN><meta charset=utf-8><link rel=icon href=data:,>"
    return f"{head}<title>以谁的身份打开</title><h1>以谁的身份打开</h1><ul>{links}</ul>"


routes.get("/connect/oauth2/authorize", needs_token=False)(authorize)
routes.get("/wwlogin/sso/login", needs_token=False)(scan)
