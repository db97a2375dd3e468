"""The facts a text may speak of: what each one means, a sample, and what is said when it is not known."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

LONGEST = 40


@dataclass(frozen=True, slots=True)
class Fact:
    what: str
    sample: Any
    fallback: Any = None
    """None: no text can be made without it, unless the template asks `is defined`."""
    personal: bool = True
    """Differs from person to person, so it cannot stand in a 企业群发, whose text is one for many."""

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.sample) if isinstance(self.sample, dict) else ()


FACTS: dict[str, Fact] = {
    "称呼": Fact("怎么称呼她", "小满", "你好"),
    "last_item": Fact("最近买的一件", "亚麻衬衫", "上次选的那件"),
    "last_category": Fact("最近买的品类", "衬衫", "衣服"),
    "favourite": Fact("她最常买的品类，买过三次才说得准", "羊毛针织"),
    "days_since_order": Fact("多少天没买", 42),
    "orders": Fact("一共买过几次", 3),
    "tier": Fact("分层", "潜力", "普通"),
    "level": Fact("会员等级", "白银", "青铜"),
    "points": Fact("积分余额", 320),
    "points_expiring": Fact("这个月底就没有了的积分", {"points": 120, "until": "6 月 30 日"}),
    "next_right": Fact("再攒多少分有什么", "再攒 100 分到白银：生日月双倍积分"),
    "birthday_month": Fact("生日月份", 6),
    "coupon_code": Fact("券码", "QH7K2M9P4X"),
    "coupon_until": Fact("手上的券哪天到期", "6 月 30 日"),
    "case_no": Fact("反馈的编号", "C1024"),
    "spent_this_month": Fact("这个月买了多少（分）", 19900, 0),
    "seen": Fact("她看过、又到货的系列", "云朵系列"),
    "match": Fact("配她常穿的一件，店里还有", "阔腿西裤"),
    "guide": Fact("她的导购", "王芳", "店里的导购", personal=False),
    "store": Fact("她常去的门店", "徐汇店", "门店", personal=False),
    "group": Fact("群的名字", "青禾福利群", "青禾福利群", personal=False),
    "join_link": Fact("进群的链接", "https://work.weixin.qq.com/gm/sample", personal=False),
    "wallet_link": Fact("她的卡包", "https://shop.example.com/h5", personal=False),
    "prefs_link": Fact("消息偏好页", "https://shop.example.com/h5/preferences", personal=False),
    "kf_link": Fact("找客服的链接", "https://work.weixin.qq.com/kfid/sample", personal=False),
    "brand": Fact(
        "品牌",
        {"name": "青禾衣坊", "bot": "小禾", "hours": "9:00–21:00", "promise": "七天无理由退换"},
        personal=False,
    ),
    "offer": Fact(
        "这次给的券或权益",
        {
            "name": "新人见面礼",
            "worth": "减 30 元",
            "threshold": "满 199 元可用",
            "until": "6 月 30 日",
            "days": 14,
        },
        personal=False,
    ),
    "season": Fact("现在的季节", "初夏", personal=False),
    "hero": Fact("这个月的主打单品", "亚麻衬衫", "当季基础款", personal=False),
}


def as_carried(name: str, value: Any) -> Any:
    """A fact as a text may carry it: ours and links as they are (one cut short leads nowhere), a person's own
    words cleaned."""
    known = FACTS.get(name)
    if known is None:
        link = isinstance(value, str) and value.startswith(("https://", "http://"))
        return value if link else clean(value)
    return clean(value) if known.personal else value


def clean(value: Any) -> Any:
    """What a person wrote about themselves, made harmless inside one line of a message."""
    if not isinstance(value, str):
        return value
    line = " ".join(value.split())
    kept = "".join(
        c for c in line if unicodedata.category(c) not in {"Cc", "Cf"} and c not in "<>"
    )
    return kept if len(kept) <= LONGEST else kept[: LONGEST - 1] + "…"


def for_everyone(facts: dict[str, Any]) -> dict[str, Any]:
    """The same facts without what is one person's: what a 企业群发 may say."""
    return {
        name: value
        for name, value in facts.items()
        if name not in FACTS or not FACTS[name].personal
    }
