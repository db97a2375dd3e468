"""gettoken, JS-SDK tickets and the other calls about the app itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.sandbox.api import Body, Call, Routes
from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.world.entities import App
from bot.sandbox.world.state import World

LIFETIME = timedelta(seconds=7200)

routes = Routes()


@dataclass
class Tickets:
    current: dict[str, tuple[str, datetime]] = field(default_factory=dict)


def issue_token(world: World, owner: str, now: datetime) -> tuple[str, int]:
    """Inside its validity the same token again, with the seconds that are left to it."""
    book = world.tokens
    token = book.current.get(owner, "")
    known = book.owners.get(token)
    if known is None or known[1] <= now:
        token = world.names.make("", 128, "token", owner)
        book.current[owner], book.owners[token] = token, (owner, now + LIFETIME)
    return token, int((book.owners[token][1] - now).total_seconds())


@routes.get("/cgi-bin/gettoken", needs_token=False, empty={"access_token": "", "expires_in": 0})
def gettoken(stage: Stage, call: Call) -> Body:
    secret = call.text("corpsecret", missing=41004)
    if call.maybe("corpid") != stage.world.corp.corp_id:
        raise Refuse(40013)
    app = next((app for app in stage.world.corp.apps if app.secret == secret), None)
    if app is None:
        raise Refuse(40001)
    token, seconds = issue_token(stage.world, f"wecom:{app.agent_id}", call.now)
    return {"access_token": token, "expires_in": seconds}


def issue_ticket(stage: Stage, call: Call, kind: str) -> Body:
    tickets = stage.world.room(Tickets).current
    known = tickets.get(kind)
    if known is None or known[1] <= call.now:
        ticket = stage.world.names.make("", 86, "ticket", kind)
        known = tickets[kind] = (ticket, call.now + LIFETIME)
    return {"ticket": known[0], "expires_in": int((known[1] - call.now).total_seconds())}


@routes.get("/cgi-bin/get_jsapi_ticket", empty={"ticket": "", "expires_in": 0})
def corp_ticket(stage: Stage, call: Call) -> Body:
    return issue_ticket(stage, call, "corp")


@routes.get("/cgi-bin/ticket/get", empty={"ticket": "", "expires_in": 0})
def app_ticket(stage: Stage, call: Call) -> Body:
    if call.text("type") != "agent_config":
        raise Refuse(40058, "type")
    return issue_ticket(stage, call, call.app)


@routes.get("/cgi-bin/getcallbackip", empty={"ip_list": []})
def callback_ip(_stage: Stage, _call: Call) -> Body:
    return {"ip_list": ["127.0.0.1"]}


@routes.get("/cgi-bin/get_api_domain_ip", empty={"ip_list": []})
def api_ip(_stage: Stage, _call: Call) -> Body:
    return {"ip_list": ["127.0.0.1"]}


def calling_app(stage: Stage, call: Call) -> App:
    agent_id = int(call.app.partition(":")[2])
    return next(app for app in stage.world.corp.apps if app.agent_id == agent_id)
