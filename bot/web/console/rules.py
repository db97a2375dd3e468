"""Rules as rows of a form: field, comparison, value, and how many days back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from multidict import MultiMapping

from bot.domain.segment_fields import FIELDS, OPS, Field
from bot.domain.segments import BadRule, Rule, parse
from bot.tongue import _

SEVERAL = "、"
GROUPS = (
    (
        "消费",
        (
            "orders.last_days",
            "orders.count",
            "orders.amount",
            "orders.category",
            "orders.store",
            "coupons.used",
        ),
    ),
    (
        "价值",
        (
            "tier",
            "share_class",
            "recency",
            "frequency",
            "monetary",
            "star",
            "influence",
            "level",
            "points",
            "first_order_days",
        ),
    ),
    ("关系", ("follows.any", "follows.guide", "follows.days", "store", "source_state", "stage")),
    ("标签与群", ("tag", "group.in", "group.kind", "coupon.held")),
    (
        "触达",
        (
            "consent",
            "reachable",
            "case.open",
            "days_since_active",
            "messages.count",
            "messages.intent",
            "links.opened",
        ),
    ),
    ("她是谁", ("birthday_month", "gender", "region", "identity")),
)
LABELS = {
    "tag": "标签",
    "group.in": "在哪组群",
    "group.kind": "群的种类",
    "coupon.held": "手里的券",
    "consent": "同意了",
    "orders.category": "买过的品类",
    "orders.store": "买过的门店",
    "identity": "知道她的",
    "messages.intent": "问过什么",
    "follows.any": "好友关系",
}
HOLDS = {
    "tag": ("有", "没有"),
    "orders.category": ("买过", "没买过"),
    "orders.store": ("买过", "没买过"),
    "messages.intent": ("问过", "没问过"),
}
NUMBERS = ("gte", "lte", "gt", "lt", "eq", "ne", "between")
PARTS = re.compile(r"\s*(?:、|，|,|~|～|到|至|–|(?<=\d)-)\s*")
"""What people write between two numbers."""
CHOOSES = ("in", "not_in")
BETWEEN = "在两数之间"
QUICK = (
    ("本月生日", {"field": "birthday_month", "op": "eq", "value": "this"}),
    ("90 天没来", {"field": "orders.last_days", "op": "gte", "value": "90"}),
    ("加了导购", {"field": "follows.any", "op": "eq", "value": "yes"}),
    ("没有客诉", {"field": "case.open", "op": "eq", "value": "no"}),
)
FIRST = {"number": "30", "flag": "yes", "month": "this"}
FIRST_OF = {"recency": "4", "frequency": "4", "monetary": "4", "star": "4", "influence": "60"}


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
class Form:
    rows: tuple[Row, ...]
    mode: str = "all"

    def written(self) -> dict[str, Any]:
        return {self.mode: [row.written() for row in self.rows]} if self.rows else {"all": []}

    def rule(self) -> Rule | None:
        """None when some row cannot be read."""
        try:
            return parse(self.written())
        except BadRule:
            return None


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


def label_of(name: str) -> str:
    return _(LABELS.get(name, FIELDS[name].words))


def groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """Fields to choose from, by what they are about."""
    return [(_(name), [(key, label_of(key)) for key in keys]) for name, keys in GROUPS]


def ops_of(name: str) -> list[tuple[str, str]]:
    spec = FIELDS[name]
    if spec.kind == "number":
        return [(op, _(BETWEEN if op == "between" else OPS[op])) for op in NUMBERS]
    if spec.kind == "hold":
        yes, no = HOLDS.get(name, ("是", "不是"))
        return [("has", _(yes)), ("has_not", _(no))]
    if spec.kind == "flag":
        return [("eq", _("是"))]
    if spec.kind == "month":
        return [("eq", _("是")), ("ne", _("不是"))]
    more = [("contains", _("包含"))] if "contains" in spec.ops else []
    return [*more, *((op, _(OPS[op])) for op in CHOOSES)]


def new_row(name: str, choices: Choices) -> Row:
    """A field just chosen, with something sensible to begin with."""
    row = Row(
        field=name,
        op=ops_of(name)[0][0],
        value=FIRST_OF.get(name) or FIRST.get(FIELDS[name].kind, ""),
    )
    listed = choices.of(row)
    return row if row.value or not listed else Row(field=name, op=row.op, value=listed[0][0])


def read_form(query: MultiMapping[str]) -> Form:
    """The rows of an address or a form; rows of fields that nobody knows are left out."""
    columns = [query.getall(name, []) for name in ("field", "op", "value", "days")]
    rows = [
        Row(field=name, op=op if op in dict(ops_of(name)) else "", value=value, days=days)
        for name, op, value, days in zip_longest(*columns, fillvalue="")
        if name in FIELDS
    ]
    return Form(tuple(rows), "any" if query.get("mode") == "any" else "all")


def pairs(form: Form) -> list[tuple[str, str]]:
    """The rows as they stand in an address."""
    told = [("mode", form.mode)] if form.rows else []
    for row in form.rows:
        told += [(name, getattr(row, name)) for name in ("field", "op", "value", "days")]
    return told


def form_of(rule: Any) -> Form | None:
    """A stored rule as a form; None when it is nested deeper than a form can show."""
    if not isinstance(rule, Mapping):
        return None
    if "field" in rule:
        rule = {"all": [rule]}
    mode, parts = next(iter(rule.items()), ("all", []))
    if mode not in {"all", "any"} or not all("field" in part for part in parts):
        return None
    rows = list(_rows(parts))
    return Form(tuple(rows), mode) if len(rows) == len(parts) else None


def _rows(parts: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    for part in parts:
        name, op = part["field"], part.get("op", "")
        op = {"eq": "in", "ne": "not_in"}.get(op, op) if FIELDS[name].kind == "choice" else op
        value = part["value"]
        if FIELDS[name].kind == "flag":
            op, value = "eq", "yes" if value == (op != "ne") else "no"
        if op in dict(ops_of(name)):
            days = str(part.get("within_days") or "")
            yield Row(field=name, op=op, value=_shown(FIELDS[name], value), days=days)


def _shown(spec: Field, value: Any) -> str:
    if isinstance(value, list):
        return SEVERAL.join(_shown(spec, part) for part in value)
    if spec.unit == "元" and isinstance(value, int):
        return f"{value / 100:g}"
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


def mistakes(form: Form) -> tuple[Row, ...]:
    """The same rows, each with what is wrong with it."""
    return tuple(_checked(row) for row in form.rows)


def _checked(row: Row) -> Row:
    try:
        parse({"all": [row.written()]})
    except BadRule as mistake:
        words = _(mistake.words)
        return Row(field=row.field, op=row.op, value=row.value, days=row.days, mistake=words)
    return row
