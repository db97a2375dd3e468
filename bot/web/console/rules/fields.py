"""What may be asked of a customer in a form: fields by what they are about, their comparisons, and where to begin."""

from __future__ import annotations

from bot.domain.segment_fields import FIELDS, OPS
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
            "orders.item_price",
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
