"""Requests whose fields are said one by one: each wire name has a rule that says it or refuses to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.platforms.limits import Unsendable, bounded, few, short
from bot.platforms.request import Request, get, post

Rule = Callable[[str, Any], Any]
"""From the call's field and its value to what is said; None stays out."""
Said = Rule | tuple[str, Rule]
"""A rule for the field of the wire's name, or the call's own name of the field and its rule."""
Check = Callable[[Any], None]
Build = Callable[..., Request]

_DAY = 86_400
_WHOLE = ""
"""In place of a field: the rule looks at the whole call."""


def ask(path: str, *checks: Check, **rules: Said) -> Build:
    """A GET."""

    def build(call: Any, _context: object = None) -> Request:
        said = _said(call, checks, rules)
        return get(path, **{name: str(value) for name, value in said.items()})

    return build


def order(path: str, *checks: Check, **rules: Said) -> Build:
    """A POST with a JSON body."""

    def build(call: Any, _context: object = None) -> Request:
        return post(path, **_said(call, checks, rules))

    return build


def _said(call: Any, checks: tuple[Check, ...], rules: Mapping[str, Said]) -> dict[str, Any]:
    for check in checks:
        check(call)
    said = {}
    for name, given in rules.items():
        field, rule = given if isinstance(given, tuple) else (name, given)
        value = rule(field, call if field is _WHOLE else getattr(call, field, None))
        if value is not None:
            said[name] = value
    return said


def maybe(_field: str, value: Any) -> Any:
    """As it is; empty texts stay out."""
    return value if value != "" else None


def must(field: str, value: Any) -> Any:
    if value in (None, ""):
        raise Unsendable(field)
    return value


def flag(_field: str, value: Any) -> int | None:
    return None if value is None else int(value)


def always(value: Any) -> Rule:
    return lambda _field, _value: value


def octets(most: int, *, least: int = 0) -> Rule:
    return _text(bounded, most, least)


def chars(most: int, *, least: int = 0) -> Rule:
    return _text(short, most, least)


def _text(measure: Callable[[str, str, int], str], most: int, least: int) -> Rule:
    def rule(field: str, value: Any) -> str | None:
        if len(value or "") < least:
            raise Unsendable(field)
        return measure(field, value, most) or None if value is not None else None

    return rule


def word(most: int, letters: str = "0-9A-Za-z_-") -> Rule:
    """An id of ours that the platform allows only these letters."""
    pattern = re.compile(f"[{letters}]{{1,{most}}}", re.ASCII)

    def rule(field: str, value: Any) -> str | None:
        if not value:
            return None
        if not pattern.fullmatch(value):
            raise Unsendable(field)
        return str(value)

    return rule


def many(most: int, *, least: int = 0, each: Rule | None = None) -> Rule:
    def rule(field: str, value: Any) -> list[Any] | None:
        entries = few(field, value or (), most, least=least)
        return [each(field, entry) if each else entry for entry in entries] or None

    return rule


def among(*allowed: Any) -> Rule:
    def rule(field: str, value: Any) -> Any:
        if value is not None and value not in allowed:
            raise Unsendable(field)
        return value

    return rule


def upto(most: int, *, least: int = 0) -> Rule:
    def rule(field: str, value: Any) -> int | None:
        if value is not None and not least <= value <= most:
            raise Unsendable(field)
        return None if value is None else int(value)

    return rule


def under(**rules: Said) -> tuple[str, Rule]:
    """An object made of several fields of the call; it stays out when none of them is said."""

    def rule(_field: str, call: Any) -> dict[str, Any] | None:
        return _said(call, (), rules) or None

    return _WHOLE, rule


def span(first: str, last: str, *, days: int) -> Check:
    """The two moments, in epoch seconds, are in order and at most so far apart."""

    def check(call: Any) -> None:
        begin, end = getattr(call, first), getattr(call, last)
        if not 0 <= end - begin <= days * _DAY:
            raise Unsendable(last)

    return check


def some(*fields: str) -> Check:
    """At least one of these is given."""

    def check(call: Any) -> None:
        if not any(getattr(call, field) for field in fields):
            raise Unsendable(fields[0])

    return check


def one(*fields: str) -> Check:
    """Exactly one of these is given."""

    def check(call: Any) -> None:
        if sum(bool(getattr(call, field)) for field in fields) != 1:
            raise Unsendable(fields[0])

    return check
