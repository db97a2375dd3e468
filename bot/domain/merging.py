"""Whether two records are one person: which ids prove it, and which contradict it."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Literal, NamedTuple

Verdict = Literal["merge", "propose"]

_PERSON = "person"
_SPACE = {"kf": _PERSON, "external_userid": _PERSON}
"""微信客服 and 客户联系 number people alike: the same external_userid is the same person."""
_ACCOUNTED = frozenset({"openid", "buyer_id"})
NAME, PHONE = "name", "phone"
CONFIDENCE = {"member_no": 0.95, "buyer_id": 0.95, "phone": 0.8, NAME: 0.95}
"""How far an equal value alone shows that two records are one person; platform ids show it for certain."""
_SURE = {"unionid": 1.0}
_NEARLY = 0.98
ENOUGH = 0.985
"""What it takes to call two records one although some id of theirs differs: at least two agreeing facts."""
SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾萧肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟"
    "谭陆汪范石廖贾夏韦方邹熊孟秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严武戴莫孔向汤"
)

# What must not differ when records meet over an id of this kind. An equal unionid outweighs everything:
# external_userids change when a corp migrates. A card is one member of ours, with whatever WeChat account she
# signs in. A phone may belong to a whole family.
_CONTRADICTIONS: dict[str, frozenset[str]] = {
    "unionid": frozenset(),
    _PERSON: frozenset({"unionid"}),
    "openid": frozenset({"unionid"}),
    "member_no": frozenset({"buyer_id"}),
    "buyer_id": frozenset({"unionid", _PERSON, "member_no"}),
    "phone": frozenset({"unionid", _PERSON, "openid", "member_no", "buyer_id"}),
}
ONE_EACH = frozenset({"member_no", "buyer_id"})
"""Many use two WeChat accounts; a second card, or a second account in one shop, is somebody else's until a person
says otherwise, however much agrees."""


class Key(NamedTuple):
    """One id as it is kept: a phone as its blind index."""

    kind: str
    value: str
    account: str = ""


def key(kind: str, value: str, account: str = "") -> Key:
    """Only openids and buyer ids belong to an account; an openid is unique even without it."""
    return Key(kind, value, account if kind in _ACCOUNTED else "")


def same_person(known: Key) -> tuple[Key, ...]:
    """Every key that by itself proves the same person, the key itself first."""
    if known.kind not in _SPACE:
        return (known,)
    return (known, *(Key(kind, known.value) for kind in _SPACE if kind != known.kind))


def weigh(
    shared: str,
    ours: Collection[Key],
    theirs: Collection[Key],
    *,
    also: Collection[str] = (),
) -> Verdict:
    """What two records that share an id of this kind should become. `also` is what else they were seen
    to share. Who shares a phone is settled among all of them: `phone_sharing`."""
    agreed = {shared, *also}
    apart = contradicted(agreed, ours, theirs)
    if apart and (proof(agreed) < ENOUGH or apart & ONE_EACH):
        return "propose"
    return "merge"


def proof(agreed: Collection[str]) -> float:
    """The confidence of several independent facts together."""
    return 1 - math.prod(1 - _strength(kind) for kind in agreed)


def contradicted(
    agreed: Collection[str], ours: Collection[Key], theirs: Collection[Key]
) -> frozenset[str]:
    """The kinds of ids in which they differ and must not, by the strongest thing they share."""
    kinds = [kind for kind in agreed if kind != NAME]
    spaces = min((_CONTRADICTIONS[_SPACE.get(kind, kind)] for kind in kinds), key=len)
    return frozenset(
        space for space in spaces if _differ(_values(space, ours), _values(space, theirs))
    )


def alike(one: str, other: str) -> bool | None:
    """Whether two full names are one; None when nothing can be told: half a town is called momo or Lily."""
    one, other = one.strip(), other.strip()
    return one == other if _full(one) and _full(other) else None


def _full(name: str) -> bool:
    return (
        2 <= len(name) <= 4 and name[0] in SURNAMES and not name.endswith(("先生", "女士", "小姐"))
    )


def _strength(kind: str) -> float:
    return _SURE.get(kind, CONFIDENCE.get(kind, _NEARLY))


def _values(space: str, keys: Collection[Key]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for known in keys:
        if _SPACE.get(known.kind, known.kind) == space:
            found.setdefault(known.account, set()).add(known.value)
    return found


def _differ(ours: dict[str, set[str]], theirs: dict[str, set[str]]) -> bool:
    return any(ours[account].isdisjoint(theirs[account]) for account in ours.keys() & theirs)
