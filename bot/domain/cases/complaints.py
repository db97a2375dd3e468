"""Complaint or ordinary question? The trained detector decides; its words say about what, and how bad."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from typing import NamedTuple

from bot.domain.cases.detector import shipped

THRESHOLD = 0.5
_STEEP = 4.0
_MANY = 3.0
"""So many words of trouble in one message are the worst kind."""


class Complaint(NamedTuple):
    score: float
    """0 to 1."""
    category: str
    severity: int
    """1 worst, 3 mild."""

    @property
    def is_complaint(self) -> bool:
        return self.score >= THRESHOLD


CATEGORIES = {
    "quality": "商品质量",
    "wrong": "发错、少发",
    "delivery": "发货与物流",
    "refund": "退换与退款",
    "price": "价格与优惠",
    "attitude": "服务态度",
    "safety": "安全与健康",
    "harassment": "打扰与隐私",
    "other": "其他",
}

_HARM = 2.0
_PLAIN = 1.0
_HINT = 0.6
_WORDS: dict[str, dict[float, str]] = {
    "safety": {
        _HARM: """
            过敏了 起疹 红疹 起了.{0,4}疹 烂脸 划伤 割伤 扎伤 烫伤 受伤 送医 医院 进了急诊 有毒
            甲醛超标 漏电 着火
        """,
        _PLAIN: "皮肤.{0,4}(很|又|特别)?[红痒] 刺鼻 异味 味道.{0,3}(呛|难闻|太大) 有.{0,2}针头 断针",
    },
    "wrong": {
        _PLAIN: """
            发错 寄错 少发 漏发 少了.{0,2}件 少一件 没.{0,3}(赠品|配件) 颜色不对 尺码不对
            不是我(买|要|拍|订)的
        """,
    },
    "delivery": {
        _PLAIN: """
            (还|都|一直|仍|迟迟)(没|不|未)(有)?.{0,2}(发货|收到|送到|到货|物流|动静|更新)
            (迟迟|一直).{0,3}不(发|送) 不更新了 物流.{0,4}(停|卡|不动) 丢件 弄丢
            快递.{0,4}(丢|破|烂|压坏) 包装.{0,3}(破|烂|坏) 等了.{0,6}(天|周|星期|月|久)
            拖了.{0,5}(天|周|月|久) 再三催 催了.{0,3}(次|遍|回)
        """,
    },
    "quality": {
        _PLAIN: """
            起球 掉色 褪色 染色了 缩水 脱线 开线 开胶 破了 破洞 有洞 裂开 断了 坏了 变形 掉毛
            漏绒 钻绒 抽丝 勾丝 残次 次品 假货 假的 山寨 瑕疵 有污渍 脏的 发霉
            质量[^不没]{0,3}(太?差|不行|不好|问题|垃圾|堪忧) 做工[^不没]{0,3}(太?差|粗糙|不行) 货不对板
            图文不符 与.{0,4}不符 和.{0,6}(不一样|不符) 色差.{0,2}(太|很|严重) 偷工减料
        """,
        _HINT: "线头 皱巴巴 很薄 太薄",
    },
    "refund": {
        _PLAIN: """
            (还|都|一直|仍|迟迟)(没|不|未)(给)?.{0,2}(退款|退钱|退货|换货|到账|退)
            不(给|让|肯)(我)?(退|换|赔) 拒绝.{0,2}(退|换|赔) 退款.{0,5}(没到|不到账|卡|失败|被拒)
            赔(我|偿|钱)
        """,
        _HINT: "我要退货 要求退款 必须退",
    },
    "price": {
        _PLAIN: """
            乱扣 多扣 多收 重复扣款 刚买.{0,6}(就)?(降价|便宜) 买完.{0,4}降价 价格欺诈 先涨后降
            优惠.{0,4}(骗|假) 券.{0,5}(用不了|不能用|不让用|骗人) 积分.{0,4}(没了|少了|被扣|不见)
            杀熟 坑(人|我|钱) 宰客
        """,
    },
    "attitude": {
        _PLAIN: """
            态度[^不没]{0,4}(太?差|恶劣|不好|敷衍|冷漠|很差) 什么(服务)?态度
            (没人|没有人|无人|都不|一直不|也不)(回|理|管|处理|答复) 不理(我|人) 爱答不理 敷衍
            推卸 踢皮球 推来推去 骂(我|人) 阴阳怪气 翻白眼 歧视 不耐烦 挂.{0,2}电话 糊弄
        """,
    },
    "harassment": {
        _PLAIN: """
            骚扰 别再(发|打|给我) 天天(发|打) 泄露.{0,4}(信息|隐私|电话|手机)
            怎么(有|知道)我(的)?(电话|手机|信息) 没完没了
        """,
    },
    "other": {
        _HARM: "我?要投诉 投诉你们 12315 消费者协会 消协 工商局 市场监管 曝光 起诉 律师 报警 诈骗",
        _PLAIN: """
            太差 差评 差劲 很差 真差 垃圾 骗子 骗人 被骗 欺骗 上当 无语 气死 生气 恶心 失望
            后悔(买|来) 再也不(来|买|会) 不会再(来|买) 避雷 踩雷 投诉 糟糕 离谱 过分 受不了
            忍无可忍 不负责任 没法(穿|用) 不能(穿|用)了 穿不了 用不了 退钱 凭什么 烂透 太烂
        """,
        _HINT: "不满意 不太好 不舒服 不值 怎么(这么|那么|还) 为什么(还|一直|总)",
    },
}
"""Alternatives of one pattern, parted by spaces."""
_PATTERNS = [
    (category, weight, re.compile("|".join(words.split())))
    for category, by_weight in _WORDS.items()
    for weight, words in by_weight.items()
]
_CLAUSE = re.compile(r"[^,，。.!！?？;；~\s]+")
_NOT = re.compile(
    r"(没有?|并?不是|不会|不怎么|从来?不|从没|未|无|毫无|一点都?不|一点也不|也不|绝不|谈不上|不算|别)[^没不]{0,3}$"
)


def complaint_score(text: str) -> Complaint:
    """How much it sounds like a complaint (from one half on it is one), about what, and how bad."""
    score = 1 / (1 + math.exp(-_STEEP * shipped().margin(text)))
    weights: dict[str, float] = defaultdict(float)
    for clause in _CLAUSE.findall(text):
        for category, weight in _found(clause):
            weights[category] += weight
    return Complaint(round(score, 3), _leading(weights), _severity(score, weights))


def _found(clause: str) -> list[tuple[str, float]]:
    return [
        (category, weight)
        for category, weight, pattern in _PATTERNS
        if (hit := pattern.search(clause)) and not _NOT.search(clause[: hit.start()])
    ]


def _leading(weights: dict[str, float]) -> str:
    named = {category: weight for category, weight in weights.items() if category != "other"}
    return max(named, key=named.__getitem__) if any(named.values()) else "other"


def _severity(score: float, weights: dict[str, float]) -> int:
    if score < THRESHOLD:
        return 3
    return 1 if weights.get("safety", 0) >= _PLAIN or sum(weights.values()) >= _MANY else 2
