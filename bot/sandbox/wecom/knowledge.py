"""The question-and-answer base of the native 微信客服 bot: kept and listed, never spoken from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.api import Body, Call, Routes, page, too_long
from bot.sandbox.errors import Refuse
from bot.sandbox.names import fingerprint
from bot.sandbox.stage import Stage

BASE = "/cgi-bin/kf/knowledge"
MOST_SIMILAR = 10
DEFAULT = "默认分组"
routes = Routes()
Intent = dict[str, Any]


@dataclass
class KnowledgeRoom:
    groups: dict[str, str] = field(default_factory=lambda: {"default": DEFAULT})
    intents: dict[str, Intent] = field(default_factory=dict)


def _room(stage: Stage) -> KnowledgeRoom:
    return stage.world.room(KnowledgeRoom)


def _group(stage: Stage, call: Call) -> str:
    group_id = call.text("group_id")
    if group_id not in _room(stage).groups:
        raise Refuse(40058, "group_id")
    return group_id


def _own_group(stage: Stage, call: Call) -> str:
    group_id = _group(stage, call)
    if group_id == "default":
        raise Refuse(40058, "the default group stays")
    return group_id


def _name(stage: Stage, call: Call) -> str:
    name = call.text("name")
    if too_long(name, size=12, chars=True) or name in _room(stage).groups.values():
        raise Refuse(40058, "name")
    return name


@routes.post(BASE + "/add_group", empty={"group_id": ""})
def add_group(stage: Stage, call: Call) -> Body:
    name = _name(stage, call)
    group_id = stage.world.names.make("", 32, "knowledge-group", name)
    _room(stage).groups[group_id] = name
    return {"group_id": group_id}


@routes.post(BASE + "/mod_group")
def rename_group(stage: Stage, call: Call) -> None:
    _room(stage).groups[_own_group(stage, call)] = _name(stage, call)


@routes.post(BASE + "/del_group")
def delete_group(stage: Stage, call: Call) -> None:
    """Its questions go with it."""
    group_id, room = _own_group(stage, call), _room(stage)
    del room.groups[group_id]
    room.intents = {k: one for k, one in room.intents.items() if one["group_id"] != group_id}


@routes.post(BASE + "/list_group", empty={"group_list": [], "next_cursor": "", "has_more": 0})
def list_groups(stage: Stage, call: Call) -> Body:
    wanted = call.maybe("group_id")
    groups = [one for one in _room(stage).groups.items() if wanted in ("", one[0])]
    shown, following = page(call, groups, default=100, cap=1000)
    entries = [
        {"group_id": key, "name": name, "is_default": int(key == "default")} for key, name in shown
    ]
    return {"group_list": entries, "next_cursor": following, "has_more": int(bool(following))}


def _intent(call: Call) -> Intent:
    question, answers = call.body.get("question"), call.items("answers", cap=1, missing=40063)
    if not question or not ((question.get("text") or {}).get("content")):
        raise Refuse(40063, "question")
    similar = call.body.get("similar_questions") or {"items": []}
    if len(similar.get("items") or []) > MOST_SIMILAR:
        raise Refuse(40058, "similar_questions")
    return {"question": question, "similar_questions": similar, "answers": answers}


@routes.post(BASE + "/add_intent", empty={"intent_id": ""})
def add_intent(stage: Stage, call: Call) -> Body:
    intent, group_id = _intent(call), _group(stage, call)
    intent_id = stage.world.names.make("", 32, "intent", fingerprint(call.body))
    _room(stage).intents[intent_id] = {"group_id": group_id, "intent_id": intent_id, **intent}
    return {"intent_id": intent_id}


def _known(stage: Stage, call: Call) -> Intent:
    intent = _room(stage).intents.get(call.text("intent_id"))
    if intent is None:
        raise Refuse(40058, "intent_id")
    return intent


@routes.post(BASE + "/mod_intent")
def change_intent(stage: Stage, call: Call) -> None:
    intent = _known(stage, call)
    names = ("question", "similar_questions", "answers")
    intent.update({name: call.body[name] for name in names if call.body.get(name)})


@routes.post(BASE + "/del_intent")
def delete_intent(stage: Stage, call: Call) -> None:
    del _room(stage).intents[_known(stage, call)["intent_id"]]


@routes.post(BASE + "/list_intent", empty={"intent_list": [], "next_cursor": "", "has_more": 0})
def list_intents(stage: Stage, call: Call) -> Body:
    group_id, intent_id = call.maybe("group_id"), call.maybe("intent_id")
    found = [
        one
        for one in _room(stage).intents.values()
        if group_id in ("", one["group_id"]) and intent_id in ("", one["intent_id"])
    ]
    shown, following = page(call, found, default=100, cap=1000)
    return {"intent_list": shown, "next_cursor": following, "has_more": int(bool(following))}


@routes.get("/cgi-bin/kf/get_corp_qualification", empty={"wechat_channels_binding": False})
def qualification(_stage: Stage, _call: Call) -> Body:
    return {"wechat_channels_binding": False}
