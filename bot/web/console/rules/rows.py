"""One condition as it stands in a form, and the values that may be chosen for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.domain.segment_fields import FIELDS, Field
from bot.domain.segments import BadRule, parse
from bot.tongue import _
from bot.web.console.rules.fields import FIRST, FIRST_OF, SEVERAL, label_of, ops_of

PARTS = re.compile(r"\s*(?:、|，|,|~|～|到|至|–|(?<=\d)-)\s*")
"""What people write between two numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One condition as it stands in the form."""

    field: str
    op: str = ""
    value: str = ""
    days: str = ""
    hits: int | None = None
    mistake: str = ""

    @property
    def spec(self) -> Field:
        return FIELDS[self.field]

    @property
    def ops(self) -> list[tuple[str, str]]:
        return ops_of(self.field)

    @property
    def several(self) -> bool:
        """More than one value may be named, any of which will do."""
        return self.spec.kind in ("choice", "hold") and self.op != "contains"

    @property
    def label(self) -> str:
        return label_of(self.field)

    def written(self) -> dict[str, Any]:
        """The condition as rules are stored."""
        rule: dict[str, Any] = {"field": self.field, "op": self.op or self.ops[0][0]}
        rule["value"] = _typed(self.spec, rule["op"], self.value.strip())
        if self.days.strip() and self.spec.windowed:
            days = self.days.strip()
            rule["within_days"] = int(days) if days.isdecimal() else days
        return rule


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be chosen for fields whose values the shop makes."""

    known: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)

    def of(self, row: Row) -> list[tuple[str, str]]:
        """Empty: any text. What stands in the row is always among them."""
        spec = row.spec
        if spec.kind == "flag":
            return [("yes", _(spec.pair[0])), ("no", _(spec.pair[1]))]
        if spec.kind == "month":
            months = ((str(n), _("%(n)s 月", n=n)) for n in range(1, 13))
            return [("this", _("本月")), *months]
        fixed = [(value, _(words)) for value, words in spec.choices.items()]
        listed = fixed or list(self.known.get(row.field, ()))
        if listed and row.value and all(row.value != value for value, _ in listed):
            listed.insert(0, (row.value, _joined(row.value, dict(listed))))
        return listed


def _joined(value: str, words: Mapping[str, str]) -> str:
    return _("或").join(words.get(part, part) for part in value.split(SEVERAL))


def new_row(name: str, choices: Choices) -> Row:
    """A field just chosen, with something sensible to begin with."""
    row = Row(
        field=name,
        op=ops_of(name)[0][0],
        value=FIRST_OF.get(name) or FIRST.get(FIELDS[name].kind, ""),
    )
    listed = choices.of(row)
    return row if row.value or not listed else Row(field=name, op=row.op, value=listed[0][0])


def row_of(rule: Mapping[str, Any]) -> Row | None:
    """A stored condition as a row; None when the form has no such comparison."""
    name, op = rule["field"], rule.get("op", "")
    op = {"eq": "in", "ne": "not_in"}.get(op, op) if FIELDS[name].kind == "choice" else op
    value = rule["value"]
    if FIELDS[name].kind == "flag":
        op, value = "eq", "yes" if value == (op != "ne") else "no"
    if op not in dict(ops_of(name)):
        return None
    days = str(rule.get("within_days") or "")
    return Row(field=name, op=op, value=_shown(FIELDS[name], value), days=days)


def _shown(spec: Field, value: Any) -> str:
    if isinstance(value, list):
        return SEVERAL.join(_shown(spec, part) for part in value)
    if spec.unit == "元" and isinstance(value, int):
        return f"{value / 100:.2f}".removesuffix("00").removesuffix(".")
    return str(value)


def _typed(spec: Field, op: str, value: str) -> Any:
    if spec.kind == "flag":
        return value == "yes"
    if spec.kind == "number":
        yuan = spec.unit == "元"
        if op == "between":
            return [_number(part, yuan=yuan) for part in PARTS.split(value) if part]
        return _number(value, yuan=yuan)
    if spec.kind == "month":
        return int(value) if value.isdecimal() else value
    if op in {"in", "not_in", "has", "has_not"}:
        return [part for part in value.split(SEVERAL) if part.strip()]
    return value


def _number(value: str, *, yuan: bool) -> int | str:
    """A whole number; fen of an amount in yuan. Anything else stays as it is, for the rule to refuse."""
    try:
        return round(float(value) * 100) if yuan else int(value)
    except ValueError:
        return value


def checked(row: Row) -> Row:
    """The same row with what is wrong with it."""
    try:
        parse({"all": [row.written()]})
    except BadRule as mistake:
        return replace(row, mistake=_(mistake.words))
    return replace(row, mistake="")
