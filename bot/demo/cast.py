"""The people of the demo: as many as the order file has buyers, all of them invented."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.demo.streams import stream

SURNAMES = (
    "林周陈许沈苏顾陆叶宋唐程傅方袁蒋蔡贾丁魏薛潘杜戴夏钟汪田任姜范石姚谭邹金秦江史侯邵孟万段"
)
GIVEN = (
    "小满",
    "予安",
    "可",
    "知远",
    "清和",
    "若溪",
    "一诺",
    "语桐",
    "书瑶",
    "梓涵",
    "佳宁",
    "雨桐",
    "思琪",
    "静怡",
    "晓彤",
    "欣然",
    "宛如",
    "念真",
    "亦菲",
    "初夏",
    "子衿",
    "南星",
    "听澜",
    "采薇",
    "云舒",
    "沐阳",
    "星眠",
    "白露",
    "立秋",
    "惊蛰",
    "明月",
    "向晚",
    "长安",
    "嘉禾",
    "如意",
    "美兰",
    "秀英",
    "建华",
    "丽娟",
    "海燕",
)

FRIENDS = 0.55
"""The share of those who have bought before the month that are some guide's friends when it begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    id: str
    """The sandbox's name for her, and the buyer id of her orders."""
    name: str
    phone: str
    unionid: str
    birthday: str
    gender: int
    store: str
    guide: str
    follows: bool
    """She is a guide's friend before the month begins."""
    fan: bool
    kf: bool
    consents: bool
    followed_at: datetime
    temper: float
    """0 rarely writes, 1 often."""


def cast(
    buyers: Iterable[str],
    guides: Sequence[tuple[str, str]],
    *,
    seed: int,
    start: datetime,
    known_before: set[str],
    friends: float = FRIENDS,
) -> list[Person]:
    """Everybody, in the file's order; `guides` are (userid, store), `friends` the share of the known who are theirs."""
    return [
        _person(
            number,
            buyer,
            guides,
            seed=seed,
            start=start,
            friends=friends * (buyer in known_before),
        )
        for number, buyer in enumerate(buyers, start=1)
    ]


def _person(
    number: int,
    buyer: str,
    guides: Sequence[tuple[str, str]],
    *,
    seed: int,
    start: datetime,
    friends: float,
) -> Person:
    dice = stream(seed, "person", buyer)
    guide, store = dice.choice(guides)
    follows = friends > 0 and dice.random() < friends
    return Person(
        id=buyer,
        name=dice.choice(SURNAMES) + dice.choice(GIVEN),
        # 1990000…: numbers that no carrier gives out to people.
        phone=f"1990{number:07}",
        unionid="o" + hashlib.sha256(f"{seed}:{buyer}".encode()).hexdigest()[:27],
        birthday=f"{dice.randint(1, 12):02}-{dice.randint(1, 28):02}",
        gender=2 if dice.random() < 0.83 else 1,
        store=store,
        guide=guide,
        follows=follows,
        fan=dice.random() < 0.45,
        kf=dice.random() < 0.6,
        consents=follows and dice.random() < 0.78,
        followed_at=start - timedelta(days=dice.randint(3, 300), minutes=dice.randint(0, 600)),
        temper=dice.random(),
    )
