"""What people fill in for a tag of how somebody buys, in one of the ways a rule may look at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.domain.refusals import Refusal
from bot.domain.tags import CATEGORY, Bought
from bot.tongue import _
from bot.web.console import forms

WAYS = {
    "category": "和同品类比贵不贵",
    "order": "平均每单多少钱",
    "count": "下过几单、买过什么",
    "coupon": "常常用券",
    "weekend": "常常周末来",
    "new": "常常买新品",
}
HABITS = {"coupon": "with_coupon", "weekend": "at_weekends", "new": "new_items"}
VALUES = ("from", "below", "least", "most", "what", "share", "orders", "fresh", "days")
EMPTY = {"least": "1", "share": "50", "orders": "3", "fresh": "30", "days": "365"}
Filled = dict[str, str]


def of_rule(rule: Bought | None, way: str = "") -> Filled:
    """What stands there before anything is filled in: the rule as it is, if it looks that way."""
    live = {} if rule is None else _told(rule)
    way = way or live.get("of", "category")
    if live.get("of") != way:
        return dict.fromkeys(VALUES, "") | EMPTY | {"of": way}
    days = str(rule.within_days or "") if rule else ""
    return dict.fromkeys(VALUES, "") | live | {"days": days}


def _told(rule: Bought) -> Filled:
    if rule.price is not None:
        unit = 100 if rule.price.of == "order" else 1
        low, high = rule.price.from_, rule.price.below
        told = {
            "from": f"{low / unit:g}" if low else "",
            "below": f"{high / unit:g}" if high else "",
        }
        return {"of": rule.price.of} | told
    for way, name in HABITS.items():
        if habit := getattr(rule, name):
            fresh = str(getattr(habit, "days", ""))
            share = f"{100 * habit.share:g}"
            return {"of": way, "share": share, "orders": str(habit.orders), "fresh": fresh}
    orders, what = rule.orders, "" if rule.category == "*" else rule.category or ""
    least, most = (orders.least, orders.most) if orders else (1, None)
    return {"of": "count", "least": str(least), "most": str(most or ""), "what": what}


def of_form(form: Mapping[str, Any]) -> Filled:
    return {name: forms.text(form, name) for name in ("of", *VALUES)}


def written(filled: Filled, tag: str) -> dict[str, Any]:
    """The rule as the file would have it. Raises Refusal bad_number, bad_rule or missing."""
    if filled["of"] not in WAYS:
        raise Refusal("bad_rule", _("规则没有读懂，请刷新页面再试一次"), status=422)
    read: Callable[[Filled], dict[str, Any]] = (
        _band if filled["of"] in ("category", "order") else _habit
    )
    told = _counted(filled, tag) if filled["of"] == "count" else read(filled)
    days = forms.number(filled, "days", least=1, most=3650)
    return {"when": "purchase"} | told | ({"within_days": days} if days else {})


def _band(filled: Filled) -> dict[str, Any]:
    unit = 100 if filled["of"] == "order" else 1
    low = forms.number(filled, "from", most=10**7) or 0
    high = forms.number(filled, "below", least=1, most=10**7)
    if not low and high is None:
        raise Refusal("missing", _("先写从多少起，或到多少为止"), status=422)
    _rises(low, high)
    band = {"of": filled["of"], "from": low * unit}
    return {"price": band | ({"below": high * unit} if high is not None else {})}


def _counted(filled: Filled, tag: str) -> dict[str, Any]:
    """A group whose tags are categories counts each of them for itself."""
    what = "*" if tag.endswith(CATEGORY) else filled["what"]
    least = forms.number(filled, "least", least=1, most=10_000) or 1
    most = forms.number(filled, "most", least=1, most=10_000)
    _rises(least - 1, most)
    orders = {"least": least} | ({"most": most} if most is not None else {})
    return {"orders": orders} | ({"category": what} if what else {})


def _habit(filled: Filled) -> dict[str, Any]:
    share = forms.number(filled, "share", least=1, most=100)
    orders = forms.number(filled, "orders", least=1, most=10_000)
    if share is None or orders is None:
        raise Refusal("missing", _("先写占百分之几，至少多少单"), status=422)
    habit: dict[str, Any] = {"share": share / 100, "orders": orders}
    if filled["of"] == "new":
        habit["days"] = forms.number(filled, "fresh", least=1, most=365) or 30
    return {HABITS[filled["of"]]: habit}


def _rises(low: int, high: int | None) -> None:
    if high is not None and high <= low:
        raise Refusal("bad_rule", _("“到”要比“从”大"), status=422)
