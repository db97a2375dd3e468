"""Segments: the one rule language, and its published versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row
from bot.domain.segment_fields import FIELDS, OPS, Field, value_mistake
from bot.tongue import _, listed

DEEPEST = 6
LARGEST = 100


class Segment(Row):
    __tablename__ = "segment"
    __table_args__ = (UniqueConstraint("key", "version"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    key: Mapped[str]
    version: Mapped[int]
    name: Mapped[str]
    rule: Mapped[dict[str, Any]]
    state: Mapped[str]
    """draft, published or retired."""
    at: Mapped[datetime]
    by: Mapped[str]


class BadRule(ValueError):
    """A rule that cannot be used: where the mistake is, and what to write instead."""

    def __init__(self, path: str, words: str) -> None:
        super().__init__(f"{path}：{words}")
        self.path = path
        self.words = words


@dataclass(frozen=True, slots=True)
class Condition:
    path: str
    field: str
    op: str
    value: Any
    within_days: int | None = None


@dataclass(frozen=True, slots=True)
class Junction:
    """All of its parts hold, or any of them."""

    path: str
    word: str
    parts: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    path: str
    part: Rule


Rule = Condition | Junction | Negation


def parse(rule: object) -> Rule:
    """The rule behind its written form. Raises BadRule with the path of the first mistake."""
    nodes = iter(range(LARGEST))
    return _parse(rule, path="", depth=1, nodes=nodes)


def conditions(rule: Rule) -> Iterator[Condition]:
    """Every single condition, in the order it was written."""
    if isinstance(rule, Condition):
        yield rule
    elif isinstance(rule, Negation):
        yield from conditions(rule.part)
    else:
        for part in rule.parts:
            yield from conditions(part)


def asks_nothing(rule: Rule) -> bool:
    """True when nobody is left out because nothing is asked of anybody."""
    return next(conditions(rule), None) is None


def _parse(rule: object, *, path: str, depth: int, nodes: Iterator[int]) -> Rule:
    if depth > DEEPEST:
        raise BadRule(path, _("嵌套太深，最多 %(most)s 层", most=DEEPEST))
    if next(nodes, None) is None:
        raise BadRule(path, _("条件太多，最多 %(most)s 个", most=LARGEST))
    if not isinstance(rule, Mapping):
        raise BadRule(path or _("规则"), _("这里应该是一个条件，或 all / any / not"))
    if "field" in rule:
        return _condition(rule, path)
    if len(rule) != 1 or next(iter(rule)) not in ("all", "any", "not"):
        raise BadRule(
            path or _("规则"), _("只能写 all、any、not 其中一个，或写 field / op / value")
        )
    word, inner = next(iter(rule.items()))
    here = f"{path}.{word}" if path else word
    if word == "not":
        return Negation(here, _parse(inner, path=here, depth=depth + 1, nodes=nodes))
    if not isinstance(inner, list) or (not inner and word == "any"):
        raise BadRule(
            here, _("这里应该是一组条件") if inner or word == "all" else _("至少要有一个条件")
        )
    parts = tuple(
        _parse(part, path=f"{here}[{i}]", depth=depth + 1, nodes=nodes)
        for i, part in enumerate(inner)
    )
    return Junction(here, word, parts)


def _condition(rule: Mapping[str, Any], path: str) -> Condition:
    path = path or _("规则")
    if unknown := set(rule) - {"field", "op", "value", "within_days"}:
        raise BadRule(f"{path}.{min(map(str, unknown))}", _("不认识这个键"))
    field = FIELDS.get(rule["field"]) if isinstance(rule["field"], str) else None
    if field is None:
        raise BadRule(f"{path}.field", _("没有「%(field)s」这个字段", field=rule["field"]))
    op = rule.get("op", field.ops[0])
    if op not in field.ops:
        raise BadRule(
            f"{path}.op",
            _("「%(words)s」只能用 %(ops)s", words=_(field.words), ops=listed(field.ops)),
        )
    if "value" not in rule:
        raise BadRule(f"{path}.value", _("没有写值"))
    if mistake := value_mistake(field, op, rule["value"]):
        raise BadRule(f"{path}.value", mistake)
    days = rule.get("within_days")
    _check_window(field, days, path)
    return Condition(path, rule["field"], op, rule["value"], days)


def _check_window(field: Field, days: object, path: str) -> None:
    if days is None:
        return
    if not field.windowed:
        raise BadRule(f"{path}.within_days", _("「%(words)s」不能限定天数", words=_(field.words)))
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= 3660:
        raise BadRule(f"{path}.within_days", _("天数应是 1 到 3660 的整数"))


def read_back(rule: Rule) -> str:
    """The rule as a sentence."""
    return _say(rule) or _("所有顾客")


def _say(rule: Rule) -> str:
    if isinstance(rule, Condition):
        return _say_condition(rule)
    if isinstance(rule, Negation):
        return _("不是（%(part)s）", part=read_back(rule.part))
    joined = _(" 且 ") if rule.word == "all" else _(" 或 ")
    said = [_say(part) for part in rule.parts]
    bracketed = [
        _("（%(part)s）", part=text)
        if isinstance(part, Junction) and len(part.parts) > 1
        else text
        for part, text in zip(rule.parts, said, strict=True)
    ]
    return joined.join(text for text in bracketed if text)


def _say_condition(condition: Condition) -> str:
    field = FIELDS[condition.field]
    yes, no = field.pair
    if field.kind == "flag":
        return _(yes if condition.value == (condition.op == "eq") else no)
    days = condition.within_days
    return (_("近 %(n)s 天", n=days) if days else "") + _said_of(field, condition)


def _said_of(field: Field, condition: Condition) -> str:
    yes, no = field.pair
    value = condition.value
    if field.kind == "hold":
        what = _(no if condition.op == "has_not" else yes)
        return _("%(what)s「%(value)s」", what=what, value=field.say(value))
    if condition.op == "between":
        low, high = map(field.say, value)
        return _("%(what)s在 %(low)s 到 %(high)s 之间", what=_(field.words), low=low, high=high)
    op = _(OPS[condition.op])
    return _("%(what)s%(op)s %(value)s", what=_(field.words), op=op, value=field.say(value))
