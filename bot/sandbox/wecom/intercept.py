"""敏感词: rules on what members write to customers. No callback tells of a hit."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.api import Body, Call, Routes
from bot.sandbox.errors import Refuse
from bot.sandbox.names import fingerprint
from bot.sandbox.stage import Stage
from bot.sandbox.world.entities import Guide

BASE = "/cgi-bin/externalcontact"
MOST_WORDS, MOST_RULES = 300, 100
BLOCK, WARN = 1, 2
SEMANTICS = {1: r"1\d{10}", 2: r"[\w.+-]+@[\w-]+\.\w+", 3: "红包"}
routes = Routes()


@dataclass
class Rule:
    rule_id: str
    name: str
    created: int
    words: list[str]
    semantics: list[int]
    kind: int
    users: list[str]
    departments: list[int]

    def hits(self, guide: Guide, text: str) -> bool:
        if guide.userid not in self.users and guide.department not in self.departments:
            return False
        known = any(re.search(SEMANTICS[number], text) for number in self.semantics)
        return known or any(word in text for word in self.words)


@dataclass
class InterceptRoom:
    rules: dict[str, Rule] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)


def _words(call: Call) -> list[str]:
    words = [str(word) for word in call.body.get("word_list") or []]
    if len(words) > MOST_WORDS:
        raise Refuse(41068)
    if any(not 1 <= len(word) <= 32 for word in words):
        raise Refuse(41083)
    return words


def _semantics(given: Any) -> list[int]:
    numbers = list(given or [])
    if any(number not in SEMANTICS for number in numbers):
        raise Refuse(41084)
    return numbers


def _kind(call: Call) -> int:
    kind = call.number("intercept_type")
    if kind not in (BLOCK, WARN):
        raise Refuse(40058, "intercept_type")
    return kind


def _name(room: InterceptRoom, call: Call, *, own: str = "") -> str:
    name = call.text("rule_name")
    if not 1 <= len(name) <= 20:
        raise Refuse(40058, "rule_name")
    if any(rule.name == name and rule.rule_id != own for rule in room.rules.values()):
        raise Refuse(41077)
    return name


def _range(stage: Stage, given: Any) -> tuple[list[str], list[int]]:
    users = [str(userid) for userid in (given or {}).get("user_list") or []]
    for userid in users:
        stage.guide(userid)
    if len(users) > 1000:
        raise Refuse(41076)
    return users, list((given or {}).get("department_list") or [])


@routes.post(BASE + "/add_intercept_rule", empty={"rule_id": ""})
def add_rule(stage: Stage, call: Call) -> Body:
    room = stage.world.room(InterceptRoom)
    name, words, kind = _name(room, call), _words(call), _kind(call)
    semantics = _semantics(call.body.get("semantics_list"))
    users, departments = _range(stage, call.body.get("applicable_range"))
    if not words and not semantics:
        raise Refuse(40058, "word_list or semantics_list")
    if not users and not departments:
        raise Refuse(40058, "applicable_range")
    if len(room.rules) >= MOST_RULES:
        raise Refuse(41069)
    rule_id = stage.world.names.make("rl", 32, "rule", fingerprint(call.body))
    rule = Rule(rule_id, name, call.stamp, words, semantics, kind, users, departments)
    room.rules[rule_id] = rule
    return {"rule_id": rule_id}


def _rule(stage: Stage, call: Call) -> Rule:
    room, rule_id = stage.world.room(InterceptRoom), call.text("rule_id")
    if rule_id not in room.rules:
        raise Refuse(41071 if rule_id in room.deleted else 41070)
    return room.rules[rule_id]


@routes.get(BASE + "/get_intercept_rule_list", empty={"rule_list": []})
def list_rules(stage: Stage, _call: Call) -> Body:
    rules = stage.world.room(InterceptRoom).rules.values()
    entries = [
        {"rule_id": rule.rule_id, "rule_name": rule.name, "create_time": rule.created}
        for rule in rules
    ]
    return {"rule_list": entries}


@routes.post(BASE + "/get_intercept_rule", empty={"rule": {}})
def get_rule(stage: Stage, call: Call) -> Body:
    rule = _rule(stage, call)
    return {
        "rule": {
            "rule_id": rule.rule_id,
            "rule_name": rule.name,
            "create_time": rule.created,
            "word_list": rule.words,
            "extra_rule": {"semantics_list": rule.semantics},
            "intercept_type": rule.kind,
            "applicable_range": {"user_list": rule.users, "department_list": rule.departments},
        }
    }


@routes.post(BASE + "/update_intercept_rule")
def update_rule(stage: Stage, call: Call) -> None:
    rule, room = _rule(stage, call), stage.world.room(InterceptRoom)
    name = _name(room, call, own=rule.rule_id) if "rule_name" in call.body else rule.name
    words = _words(call) if "word_list" in call.body else rule.words
    semantics = rule.semantics
    if "extra_rule" in call.body:
        semantics = _semantics((call.body["extra_rule"] or {}).get("semantics_list"))
    kind = _kind(call) if "intercept_type" in call.body else rule.kind
    more, fewer = (
        _range(stage, call.body.get(f"{change}_applicable_range")) for change in ("add", "remove")
    )
    rule.name, rule.words, rule.semantics, rule.kind = name, words, semantics, kind
    rule.users = [u for u in dict.fromkeys([*rule.users, *more[0]]) if u not in fewer[0]]
    rule.departments = [
        d for d in dict.fromkeys([*rule.departments, *more[1]]) if d not in fewer[1]
    ]


@routes.post(BASE + "/del_intercept_rule")
def delete_rule(stage: Stage, call: Call) -> None:
    rule, room = _rule(stage, call), stage.world.room(InterceptRoom)
    del room.rules[rule.rule_id]
    room.deleted.add(rule.rule_id)


def caught(stage: Stage, guide: Guide, text: str) -> tuple[str, bool]:
    """The rule that a guide's words meet, and whether it keeps them back."""
    rules = stage.world.room(InterceptRoom).rules.values()
    met = [rule for rule in rules if rule.hits(guide, text)]
    met.sort(key=lambda rule: rule.kind)
    return (met[0].name, met[0].kind == BLOCK) if met else ("", False)
