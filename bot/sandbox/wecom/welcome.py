"""The welcome message: one per code, within twenty seconds, unless the chat has begun."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.sandbox.api import Call, Routes
from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.content import read_content
from bot.sandbox.world.entities import Follow, Message

LIFETIME = timedelta(seconds=20)
routes = Routes()


@dataclass
class WelcomeCode:
    tie: Follow
    until: datetime
    used: bool = False


@dataclass
class WelcomeRoom:
    codes: dict[str, WelcomeCode] = field(default_factory=dict)


def issue_welcome_code(stage: Stage, tie: Follow) -> str:
    code = stage.world.names.make("", 43, "welcome", tie.userid, tie.external_userid)
    stage.world.room(WelcomeRoom).codes[code] = WelcomeCode(tie, stage.now() + LIFETIME)
    return code


def _code(call: Call) -> str:
    return call.maybe("welcome_code")


@routes.post("/cgi-bin/externalcontact/send_welcome_msg", exclusive=_code, busy=41096)
def send_welcome(stage: Stage, call: Call) -> None:
    name = call.text("welcome_code", missing=41049)
    text, attachments = read_content(stage, call)
    code = stage.world.room(WelcomeRoom).codes.get(name)
    if code is None or (not code.used and code.until < call.now):
        raise Refuse(41050)
    if code.used or code.tie.chatted:
        raise Refuse(41051)
    code.used = True
    customer = stage.external(code.tie.external_userid)
    call.notes = {"userid": code.tie.userid, "external_userid": customer.external_userid}
    message = Message(call.now, "wecom", code.tie.userid, customer.id, text, attachments, name)
    stage.arrive(customer, message, channel="welcome", **call.notes)
