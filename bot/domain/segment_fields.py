"""What a segment may ask about: each field with its operators, its values and its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain import topics
from bot.domain.consent import PURPOSES
from bot.tongue import _

NUMBER_OPS = ("gte", "lte", "gt", "lt", "eq", "ne", "between")
CHOICE_OPS = ("in", "not_in", "eq", "ne")
HOLD_OPS = ("has", "has_not")

OPS = {
    "gte": "至少",
    "lte": "最多",
    "gt": "多于",
    "lt": "少于",
    "eq": "是",
    "ne": "不是",
    "in": "是",
    "not_in": "不是",
    "between": "在",
    "contains": "包含",
}


@dataclass(frozen=True, slots=True)
class Field:
    words: str
    kind: str
    """number, choice, hold, flag or month: how its value is written and compared."""
    ops: tuple[str, ...]
    unit: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    """The only allowed values with their words; empty means any text."""
    windowed: bool = False
    pair: tuple[str, str] = ("", "")
    """How yes and no are said, for flags and for what she has or has not."""

    def say(self, value: object) -> str:
        if isinstance(value, list):
            return _("或").join(self.say(part) for part in value)
        if self.unit == "元" and isinstance(value, int):
            return f"¥{value / 100:,.2f}".removesuffix(".00")
        if value == "this":
            return _("本月")
        text = self.choices.get(str(value))
        return f"{_(text) if text else value} {_(self.unit)}".strip()


def _number(words: str, unit: str, *, windowed: bool = False) -> Field:
    return Field(words, "number", NUMBER_OPS, unit=unit, windowed=windowed)


def _choice(words: str, choices: Mapping[str, str] | None = None) -> Field:
    return Field(words, "choice", CHOICE_OPS, choices=choices or {})


def _hold(
    yes: str, no: str, choices: Mapping[str, str] | None = None, *, windowed: bool = False
) -> Field:
    return Field(yes, "hold", HOLD_OPS, choices=choices or {}, windowed=windowed, pair=(yes, no))


def _flag(words: str, yes: str, no: str) -> Field:
    return Field(words, "flag", ("eq", "ne"), pair=(yes, no))


STAGES = {
    "knows": "知道",
    "understands": "了解",
    "accepts": "接受",
    "buys": "购买",
    "shares": "分享",
}
GENDERS = {"0": "未知", "1": "男", "2": "女"}
GROUP_KINDS = {"benefit": "福利群", "interest": "兴趣群", "vip": "VIP 群"}
TIER_WORDS = {word: word for word in ("核心", "潜力", "普通", "沉睡")}
SHARE_WORDS = {word: word for word in ("头部", "腰部", "大众")}
PURPOSE_WORDS = dict(
    zip(PURPOSES, ("服务通知", "企业微信营销", "公众号营销", "个性化", "人生阶段"), strict=True)
)

SAID_WORDS = PURPOSE_WORDS | topics.WORDS
"""All that the ledger of consents may tell of."""

IDENTITY_WORDS = {
    "external_userid": "企业微信",
    "openid": "公众号",
    "kf": "微信客服",
    "unionid": "unionid",
    "phone": "手机号",
    "member_no": "会员号",
    "buyer_id": "商城买家号",
}

FIELDS: Mapping[str, Field] = {
    "tier": _choice("分层", TIER_WORDS),
    "share_class": _choice("价值分档", SHARE_WORDS),
    "star": _number("星级", "星"),
    "recency": _number("R（多久没来）", "分"),
    "frequency": _number("F（来得多勤）", "分"),
    "monetary": _number("M（花得多少）", "分"),
    "influence": _number("影响力", "分"),
    "stage": _choice("关系阶段", STAGES),
    "identity": _hold("知道她的", "不知道她的", IDENTITY_WORDS),
    "level": _choice("会员等级"),
    "region": Field("地区", "choice", (*CHOICE_OPS, "contains")),
    "gender": _choice("性别", GENDERS),
    "source_state": _choice("来源"),
    "store": _choice("门店"),
    "tag": _hold("有标签", "没有标签"),
    "group.in": _hold("在群里", "不在群里"),
    "group.kind": _hold("已进", "没进", GROUP_KINDS),
    "coupon.held": _hold("手里有券", "手里没有券"),
    "consent": _hold("已同意", "没有同意", PURPOSE_WORDS),
    "orders.category": _hold("买过", "没有买过", windowed=True),
    "orders.store": _hold("买过的门店有", "买过的门店没有", windowed=True),
    "orders.count": _number("下单次数", "次", windowed=True),
    "orders.amount": _number("消费金额", "元", windowed=True),
    "orders.item_price": _number("买过的单价", "元", windowed=True),
    "orders.last_days": _number("距上次下单", "天"),
    "first_order_days": _number("距首次下单", "天"),
    "messages.intent": _hold("问过", "没问过", windowed=True),
    "messages.count": _number("来过消息", "条", windowed=True),
    "links.opened": _number("点开链接", "个", windowed=True),
    "coupons.used": _number("用过券", "张", windowed=True),
    "points": _number("积分", "分"),
    "follows.days": _number("加好友", "天"),
    "days_since_active": _number("距上次活跃", "天"),
    "follows.guide": _choice("好友导购"),
    "follows.any": _flag("好友关系", "已加导购好友", "没有加导购好友"),
    "reachable": _flag("能否触达", "现在能联系上", "现在联系不上"),
    "case.open": _flag("客诉", "有处理中的客诉", "没有处理中的客诉"),
    "birthday_month": Field("生日月份", "month", ("eq", "ne", "in"), unit="月"),
}
"""Amounts of `orders.amount` are written in fen, as everywhere."""


def value_mistake(asked: Field, op: str, value: object) -> str | None:
    """What is wrong with a value, in words; None when it may be used."""
    if op == "between":
        return _pair_mistake(asked, value)
    if isinstance(value, list):
        if op not in ("in", "not_in", "has", "has_not"):
            return "这里只能写一个值"
        if not 1 <= len(value) <= 200:
            return "这里要写 1 到 200 个值"
        return next((m for one in value if (m := _one_mistake(asked, one))), None)
    return _one_mistake(asked, value)


def _pair_mistake(asked: Field, value: object) -> str | None:
    if not isinstance(value, list) or len(value) != 2:
        return "要写两个数：最小和最大"
    if mistake := next((m for one in value if (m := _one_mistake(asked, one))), None):
        return mistake
    return "最小值比最大值大" if value[0] > value[1] else None


def _one_mistake(asked: Field, value: object) -> str | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    match asked.kind:
        case "number":
            return None if whole and abs(_int(value)) <= 10**15 else "应是整数"
        case "flag":
            return None if isinstance(value, bool) else "应是 true 或 false"
        case "month":
            fine = value == "this" or (whole and 1 <= _int(value) <= 12)
            return None if fine else "应是 1 到 12，或 this（本月）"
    return _text_mistake(asked, str(value) if whole else value)


def _text_mistake(asked: Field, value: object) -> str | None:
    if not isinstance(value, str) or not value.strip() or len(value) > 200 or "\0" in value:
        return "应是一段文字"
    if asked.choices and value not in asked.choices:
        return f"没有「{value}」，可以写：{'、'.join(asked.choices)}"
    if asked.words == "有标签" and "/" not in value:
        return f"标签要写成「组/名」，现在是「{value}」"
    return None


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0
