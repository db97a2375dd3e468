"""What people fill in for a tag of what somebody pays, beside what such things cost or by the order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.refusals import Refusal
from bot.domain.tags import Bought
from bot.tongue import _
from bot.web.console import forms

FIELDS = ("of", "from", "below", "days")
EMPTY = {"of": "category", "from": "", "below": "", "days": "365"}
WAYS = {"category": "和同品类的中间价比，写百分之几", "order": "看平均每单，写多少元"}
Filled = dict[str, str]


def of_rule(rule: Bought | None) -> Filled:
    if rule is None or rule.price is None:
        return dict(EMPTY)
    unit = 100 if rule.price.of == "order" else 1
    low, high = rule.price.from_, rule.price.below
    return {
        "of": rule.price.of,
        "from": f"{low / unit:g}" if low else "",
        "below": f"{high / unit:g}" if high else "",
        "days": str(rule.within_days or ""),
    }


def of_form(form: Mapping[str, Any]) -> Filled:
    return {name: forms.text(form, name) for name in FIELDS}


def written(filled: Filled) -> dict[str, Any]:
    """The rule as the file would have it. Raises Refusal bad_number, bad_rule or missing."""
    if filled["of"] not in WAYS:
        raise Refusal("bad_rule", _("规则没有读懂，请刷新页面再试一次"), status=422)
    unit = 100 if filled["of"] == "order" else 1
    low = forms.number(filled, "from", most=10**7) or 0
    high = forms.number(filled, "below", least=1, most=10**7)
    if not low and high is None:
        raise Refusal("missing", _("先写从多少起，或到多少为止"), status=422)
    if high is not None and high <= low:
        raise Refusal("bad_rule", _("“到”要比“从”大"), status=422)
    band = {"of": filled["of"], "from": low * unit}
    if high is not None:
        band["below"] = high * unit
    rule = {"when": "purchase", "price": band}
    days = forms.number(filled, "days", least=1, most=3650)
    return rule | {"within_days": days} if days else rule
