"""Internal groups of the app: members only, never a customer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.api import Body, Call, Routes
from bot.sandbox.clock import SHANGHAI
from bot.sandbox.errors import Refuse
from bot.sandbox.names import fingerprint
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.app_messages import check_body, text_of
from bot.sandbox.world.entities import Delivery, Message

BASE = "/cgi-bin/appchat"
MOST_PER_DAY, MOST_MEMBERS = 1000, 2000
KINDS = ("text", "image", "voice", "video", "file", "textcard", "news", "mpnews", "markdown")
routes = Routes()


@dataclass
class Chat:
    chatid: str
    name: str
    owner: str
    members: list[str]
    app: str


@dataclass
class ChatRoom:
    chats: dict[str, Chat] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)


def _members(stage: Stage, userids: list[Any]) -> list[str]:
    members = list(dict.fromkeys(stage.guide(str(userid)).userid for userid in userids))
    if not 2 <= len(members) <= MOST_MEMBERS:
        raise Refuse(86001, "userlist")
    return members


@routes.post(BASE + "/create", empty={"chatid": ""})
def create(stage: Stage, call: Call) -> Body:
    room, day = stage.world.room(ChatRoom), f"{call.now.astimezone(SHANGHAI):%Y-%m-%d}"
    chatid = call.maybe("chatid") or stage.world.names.hex(32, "appchat", fingerprint(call.body))
    if chatid in room.chats or len(chatid) > 32 or not chatid.isalnum():
        raise Refuse(86001, "chatid")
    if room.made[day] >= MOST_PER_DAY:
        raise Refuse(45009)
    members = _members(stage, call.items("userlist", cap=MOST_MEMBERS, missing=40063))
    owner = call.maybe("owner") or members[0]
    if owner not in members:
        raise Refuse(40058, "owner")
    room.made[day] += 1
    room.chats[chatid] = Chat(chatid, call.maybe("name"), owner, members, call.app)
    return {"chatid": chatid}


def _chat(stage: Stage, call: Call) -> Chat:
    chat = stage.world.room(ChatRoom).chats.get(call.text("chatid", missing=86001))
    if chat is None:
        raise Refuse(86003)
    if chat.app != call.app:
        raise Refuse(86008)
    return chat


@routes.post(BASE + "/update")
def update(stage: Stage, call: Call) -> None:
    chat = _chat(stage, call)
    gone = set(call.items("del_user_list", cap=MOST_MEMBERS))
    added = call.items("add_user_list", cap=MOST_MEMBERS)
    members = _members(stage, [u for u in [*chat.members, *added] if u not in gone])
    owner = call.maybe("owner", chat.owner)
    if owner not in members:
        raise Refuse(40058, "owner")
    chat.name, chat.owner, chat.members = call.maybe("name", chat.name), owner, members


@routes.get(BASE + "/get", empty={"chat_info": {}})
def get(stage: Stage, call: Call) -> Body:
    chat = _chat(stage, call)
    view = {"chatid": chat.chatid, "name": chat.name, "owner": chat.owner}
    return {"chat_info": {**view, "userlist": chat.members}}


@routes.post(BASE + "/send")
def send(stage: Stage, call: Call) -> None:
    chat, kind = _chat(stage, call), call.text("msgtype", missing=40008)
    body = call.body.get(kind)
    if kind not in KINDS or not isinstance(body, dict):
        raise Refuse(40008)
    check_body(stage, call, kind, body)
    msgid = stage.world.names.make("", 48, "appchat-message", chat.chatid)
    for userid in chat.members:
        stage.world.guides[userid].inbox.append(Delivery(msgid, call.now, kind, body))
        message = Message(call.now, "app", chat.chatid, userid, text_of(kind, body), msgid=msgid)
        stage.log_arrival(message, to=userid, userid=userid, chatid=chat.chatid, status="sent")
