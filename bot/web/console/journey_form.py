"""A journey as a form: what was typed becomes the body that is kept, and one press changes one thing of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

from multidict import MultiDict, MultiMapping

from bot.web.console import rules
from bot.web.console.rules import Choices, Row

KINDS = {
    "wait": "等一等",
    "message": "发一条消息",
    "tag": "打标签",
    "invite": "邀请进群",
    "guide_task": "交给导购",
    "branch": "分两路",
    "end": "到此结束",
}
PLAIN = tuple(kind for kind in KINDS if kind != "branch")
ARMS = {"then": "符合", "else": "不符合"}
SLOTS = ("entry", "exit", "goal")
NUMBERS = {"days", "hours", "due_days"}
SEVERAL = {"add", "remove"}
TYPED = {
    "wait": ("days", "hours", "part", "at", "until"),
    "message": ("template", "offer"),
    "tag": ("add", "remove", "days"),
    "invite": ("group",),
    "guide_task": ("kind", "why", "words", "due_days"),
    "end": (),
}
FRESH: dict[str, dict[str, Any]] = {
    "wait": {"days": 1, "part": "morning"},
    "guide_task": {"kind": "contact", "due_days": 2},
}
MOST_STEPS = 40
MOST_TYPED = 400
Body = dict[str, Any]
Form = MultiMapping[Any]


def read(form: Form, before: Mapping[str, Any]) -> Body:
    """The body that the form says. What no form shows (greetings, tactics) stays as it was before."""
    kept = {name: before[name] for name in ("tactic", "greetings") if name in before}
    body: Body = {"tactic": []} | kept
    for name in ("name", "why", "purpose"):
        if said := _text(form, name):
            body[name] = said
    if trigger := _happening(form, "trigger"):
        body["trigger"] = trigger
    body["entry"] = _entry(form)
    for slot in ("exit", "goal"):
        if rule := _rule(form, slot):
            body[slot] = rule
    if percent := _text(form, "holdout_percent"):
        body["holdout_percent"] = _number(percent)
    return body | {"steps": [_step(form, f"s.{n}") for n in _numbers(form, "s")]}


def _entry(form: Form) -> Body:
    again: int | str = _text(form, "again") or "never"
    if again == "days":
        again = _number(_text(form, "again.days"))
    rule = _rule(form, "entry")
    return ({"segment": rule} if rule else {}) | {"again": again}


def _numbers(form: Form, at: str) -> Iterator[int]:
    for n in range(MOST_STEPS):
        if f"{at}.{n}.kind" not in form:
            return
        yield n


def _step(form: Form, at: str) -> Body:
    kind = _text(form, f"{at}.kind")
    if kind == "branch":
        arms = {
            arm: [_step(form, f"{at}.{arm}.{n}") for n in _numbers(form, f"{at}.{arm}")]
            for arm in ARMS
        }
        rule = _rule(form, f"{at}.if")
        return {"branch": ({"if": rule} if rule else {}) | arms}
    if kind not in TYPED or kind == "end":
        return {"end": True}
    return {kind: {name: said for name in TYPED[kind] if (said := _field(form, at, name))}}


def _field(form: Form, at: str, name: str) -> Any:
    # A step's own kind stands in the form under this very name.
    said = _text(form, f"{at}.{'ask' if name == 'kind' else name}")
    if name == "until":
        return _happening(form, f"{at}.until")
    if name in SEVERAL:
        return [part for part in said.replace("，", "、").replace(",", "、").split("、") if part]
    return _number(said) if name in NUMBERS and said else said


def _happening(form: Form, name: str) -> str:
    kind, what = _text(form, name), _text(form, f"{name}.what")
    return f"{kind}:{what}" if kind and what else kind


def _text(form: Form, name: str) -> str:
    return str(form.get(name, "")).strip()[:MOST_TYPED]


def _number(said: str) -> int | str:
    """What is no number stays as it was typed, for the step to be told of."""
    return int(said) if said.isdecimal() and len(said) < 7 else said


def _rule(form: Form, slot: str) -> Body | None:
    """A rule that the form cannot show travels as it is."""
    if kept := _as_it_was(form, slot):
        return kept
    asked = _conditions(form, slot)
    return asked.written() if asked.parts else None


def _as_it_was(form: Form, slot: str) -> Body | None:
    try:
        found = json.loads(str(form.get(f"{slot}.kept", "null"))[:100_000])
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _conditions(form: Form, slot: str) -> rules.Form:
    begin = f"{slot}:"
    said = MultiDict[str](
        (name.removeprefix(begin), str(value)[:MOST_TYPED])
        for name, value in form.items()
        if name.startswith(begin)
    )
    was = iter(said.getall("was", []))
    return rules.each(rules.read_form(said), lambda row: _chosen(row, next(was, row.field)))


def _chosen(row: Row, was: str) -> Row:
    """Another field than before begins with its own comparison and value."""
    return row if row.field == was else rules.new_row(row.field, Choices())


def changed(body: Body, press: str, form: Form, segments: Mapping[str, Any]) -> tuple[Body, str]:
    """The body after one press of a button, and where to go on; unknown presses change nothing."""
    body = copy.deepcopy(body)
    act, _colon, where = press.partition(":")
    if act in {"add", "up", "down", "drop"}:
        return body, _moved(body, act, where, _text(form, f"kind.{where}"))
    if act in {"cond", "uncond", "copy"}:
        slot, _colon, number = where.partition(":")
        found = segments.get(_text(form, f"from.{slot}"))
        put_rule(body, slot, _another(rule_at(body, slot), act, number, found))
        return body, slot
    return body, ""


def _moved(body: Body, act: str, where: str, kind: str) -> str:
    if act == "add":
        steps = list_at(body, where)
        if steps is None or len(steps) >= MOST_STEPS or kind not in KINDS:
            return ""
        made: Any = True if kind == "end" else dict(FRESH.get(kind, {}))
        made = {"then": [], "else": []} if kind == "branch" else made
        # What ends the way stays last.
        last = where == "s" and bool(steps) and "end" in steps[-1]
        place = len(steps) - (last and kind != "end")
        steps.insert(place, {kind: made})
        return f"{where}.{place}"
    at, _dot, number = where.rpartition(".")
    steps, n = list_at(body, at), int(number) if number.isdecimal() else -1
    if steps is None or not 0 <= n < len(steps):
        return ""
    if act == "drop":
        del steps[n]
        return f"{at}.{min(n, len(steps) - 1)}" if steps else at
    to = min(max(n + (1 if act == "down" else -1), 0), len(steps) - 1)
    steps.insert(to, steps.pop(n))
    return f"{at}.{to}"


def list_at(body: Body, where: str) -> list[Any] | None:
    """The steps of the whole (`s`), or of an arm (`s.3.then`)."""
    parts = where.split(".")
    steps: list[Any] = body.get("steps", [])
    if parts == ["s"]:
        return steps
    if len(parts) != 3 or not parts[1].isdecimal() or int(parts[1]) >= len(steps):
        return None
    found = steps[int(parts[1])].get("branch", {}).get(parts[2])
    return found if isinstance(found, list) else None


def rule_at(body: Mapping[str, Any], slot: str) -> Any:
    if slot == "entry":
        return body.get("entry", {}).get("segment")
    if slot in SLOTS:
        return body.get(slot)
    branch = _branch(body, slot)
    return None if branch is None else branch.get("if")


def put_rule(body: Body, slot: str, rule: Any) -> None:
    if slot in SLOTS:
        holder, name = (
            (body.setdefault("entry", {}), "segment") if slot == "entry" else (body, slot)
        )
    else:
        branch = _branch(body, slot)
        if branch is None:
            return
        holder, name = branch, "if"
    holder.pop(name, None)
    if rule:
        holder[name] = rule


def _branch(body: Mapping[str, Any], slot: str) -> Body | None:
    number = slot.removeprefix("s.").removesuffix(".if")
    steps = body.get("steps", [])
    if not number.isdecimal() or int(number) >= len(steps):
        return None
    found = steps[int(number)].get("branch")
    return found if isinstance(found, dict) else None


def _another(rule: Any, act: str, number: str, copied: Any) -> Any:
    if act == "copy":
        return copied or rule
    form = rules.form_of(rule) if rule else rules.Form()
    if form is None:
        return None if act == "uncond" else rule
    if act == "cond":
        return rules.Form(
            (*form.parts, rules.new_row("orders.last_days", Choices())), form.mode
        ).written()
    kept = rules.without(form, int(number) if number.isdecimal() else -1)
    return kept.written() if kept.parts else None
