"""A rule as a form: conditions and groups of them, read in the order in which they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from multidict import MultiMapping

from bot.domain.segment_fields import FIELDS
from bot.domain.segments import DEEPEST, BadRule, Rule, parse
from bot.web.console.rules.fields import ops_of
from bot.web.console.rules.rows import Row, checked, row_of

MODES = {
    "all": "全部满足",
    "any": "满足任一",
    "none": "一条也不满足",
    "not_all": "不是全部满足",
}
"""How the conditions of a group hold together; the rule itself knows the first two."""
NOT = {"none": "any", "not_all": "all"}
ROW = ("op", "value", "days")


@dataclass(frozen=True, slots=True)
class Form:
    """A rule, or a group inside one."""

    parts: tuple[Row | Form, ...] = ()
    mode: str = "all"

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every single condition, in the order of the page."""
        return tuple(
            row
            for part in self.parts
            for row in (part.rows if isinstance(part, Form) else (part,))
        )

    def written(self) -> dict[str, Any]:
        return _written(self) or {"all": []}

    def rule(self) -> Rule | None:
        """None when some row cannot be read."""
        try:
            return parse(self.written())
        except BadRule:
            return None


def _written(form: Form) -> dict[str, Any]:
    """Empty for a group in which nothing stands yet: it asks nothing."""
    parts = [part.written() if isinstance(part, Row) else _written(part) for part in form.parts]
    said = [part for part in parts if part]
    if not said or form.mode not in NOT:
        return {form.mode: said} if said else {}
    alone = len(said) == 1 and form.mode == "none"
    return {"not": said[0] if alone else {NOT[form.mode]: said}}


def read_form(query: MultiMapping[str]) -> Form:
    """The form of an address, whose order is the order of the page; rows of fields that nobody knows are left out."""
    reading = _Reading("any" if query.get("mode") == "any" else "all")
    for name, value in query.items():
        reading.hear(name, value)
    return reading.end()


class _Reading:
    def __init__(self, mode: str) -> None:
        self.open: list[tuple[str, list[Row | Form]]] = [(mode, [])]
        self.too_deep = 0
        self.row: dict[str, str] = {}

    def hear(self, name: str, value: str) -> None:
        if name == "field":
            self._keep()
            self.row = {"field": value}
        elif name in ROW and self.row:
            self.row.setdefault(name, value)
        elif name == "open":
            self._begin(value)
        elif name == "close":
            self._close()

    def end(self) -> Form:
        while len(self.open) > 1:
            self._close()
        self._keep()
        mode, parts = self.open[0]
        return Form(tuple(parts), mode)

    def _keep(self) -> None:
        name = self.row.get("field", "")
        if name in FIELDS:
            op, value, days = (self.row.get(part, "") for part in ROW)
            op = op if op in dict(ops_of(name)) else ""
            self.open[-1][1].append(Row(field=name, op=op, value=value, days=days))
        self.row = {}

    def _begin(self, mode: str) -> None:
        self._keep()
        if len(self.open) >= DEEPEST - 1:
            self.too_deep += 1
        else:
            self.open.append((mode if mode in MODES else "any", []))

    def _close(self) -> None:
        self._keep()
        if self.too_deep:
            self.too_deep -= 1
        elif len(self.open) > 1:
            mode, parts = self.open.pop()
            self.open[-1][1].append(Form(tuple(parts), mode))


def pairs(form: Form) -> list[tuple[str, str]]:
    """The form as it stands in an address."""
    return [("mode", form.mode), *_pairs(form)] if form.parts else []


def _pairs(form: Form) -> Iterator[tuple[str, str]]:
    for part in form.parts:
        if isinstance(part, Row):
            yield from ((name, getattr(part, name)) for name in ("field", *ROW))
        else:
            yield "open", part.mode
            yield from _pairs(part)
            yield "close", "1"


def form_of(rule: Any) -> Form | None:
    """A stored rule as a form; None when it asks something that the form cannot show, or is no rule at all."""
    try:
        part = _part(rule)
    except (TypeError, ValueError, KeyError, AttributeError, RecursionError):
        return None
    if part is None:
        return None
    if isinstance(part, Form) and part.mode not in NOT:
        return part
    return Form((part,))


def _part(rule: Any) -> Row | Form | None:
    if not isinstance(rule, Mapping) or not rule:
        return None
    if "field" in rule:
        return row_of(rule) if rule["field"] in FIELDS and "value" in rule else None
    word, inner = next(iter(rule.items()))
    if word == "not":
        return _not(inner)
    if word not in ("all", "any") or not isinstance(inner, list):
        return None
    parts = [_part(one) for one in inner]
    kept = tuple(part for part in parts if part is not None)
    return Form(kept, word) if len(kept) == len(parts) else None


def _not(inner: Any) -> Form | None:
    part = _part(inner)
    if isinstance(part, Form) and part.mode not in NOT:
        return Form(part.parts, "none" if part.mode == "any" else "not_all")
    return None if part is None else Form((part,), "none")


def each(form: Form, change: Callable[[Row], Row]) -> Form:
    """The same form with every row changed, in the order of the page."""
    parts = (each(part, change) if isinstance(part, Form) else change(part) for part in form.parts)
    return Form(tuple(parts), form.mode)


def without(form: Form, number: int) -> Form:
    """The same form, but for one row, counted as the page does; a group that is empty then goes too."""
    places = iter(range(len(form.rows)))

    def kept(one: Form) -> Form:
        parts: list[Row | Form] = []
        for part in one.parts:
            if isinstance(part, Form):
                inner = kept(part)
                parts += [inner] if inner.parts else []
            elif next(places) != number:
                parts.append(part)
        return Form(tuple(parts), one.mode)

    return kept(form)


def mistakes(form: Form) -> Form:
    """The same form, each row with what is wrong with it."""
    return each(form, checked)
