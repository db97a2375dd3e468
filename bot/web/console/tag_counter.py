"""What people fill in for a tag of small signs that add up, and how many have come far enough already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.refusals import Refusal
from bot.domain.tags import Counter
from bot.tongue import _
from bot.web.console import forms

SIGNS = {
    "item": ("看商品", "品类或货号，例如 *针织*"),
    "page": ("看页面", "我们的页面，例如 /h5/activities"),
    "link": ("点链接", "链接的名字，例如 weekly/*"),
    "intent": ("说到的意思", "意图的名字，例如 size"),
}
EMPTY = {"half_life": "14", "enters": "2.5", "leaves": "1"}
Filled = dict[str, str]


def patterns(words: str) -> list[str]:
    for sign in "，,;；\n":
        words = words.replace(sign, "、")
    return [one.strip() for one in words.split("、") if one.strip()]


def of_rule(rule: Counter | None) -> Filled:
    """The form as the rule has it; of several signs of one kind the form shows the first."""
    if rule is None:
        return dict(EMPTY)
    filled = {name: f"{getattr(rule, name):g}" for name in EMPTY}
    for weak in reversed(rule.counts):
        filled |= {weak.of: "、".join(weak.any), f"{weak.of}_points": f"{weak.points:g}"}
        filled[f"{weak.of}_seconds"] = str(weak.seconds) if weak.seconds else ""
    return filled


def of_form(form: Mapping[str, Any]) -> Filled:
    names = [f"{of}{part}" for of in SIGNS for part in ("", "_seconds", "_points")]
    return {name: forms.text(form, name) for name in (*names, *EMPTY) if name in form}


def written(filled: Filled) -> dict[str, Any]:
    """The rule as the file would have it. Raises Refusal bad_number or missing."""
    counts = []
    for of in SIGNS:
        if any_ := patterns(filled.get(of, "")):
            one: dict[str, Any] = {"of": of, "any": any_}
            if of != "intent":
                one["seconds"] = forms.number(filled, f"{of}_seconds", most=600) or 0
            counts.append(one | {"points": _decimal(filled, f"{of}_points", "1")})
    if not counts:
        raise Refusal("missing", _("先写看到什么、听到什么才记分"), status=422)
    return {"when": "counter", "counts": counts} | {
        name: _decimal(filled, name, usual) for name, usual in EMPTY.items()
    }


def _decimal(filled: Filled, name: str, usual: str) -> float:
    said = filled.get(name, "") or usual
    try:
        found = float(said) if said.isascii() else 0.0
    except ValueError:
        found = 0.0
    if not 0 < found <= 1000:
        raise Refusal("bad_number", _("「%(said)s」不是大于 0 的数", said=said), status=422)
    return found
