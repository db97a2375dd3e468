"""What a language model may be asked, and what of its answer may be said: only what the brand's own page says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from bot.domain.intents import bigrams, normal

NEARBY = 0.15
"""Entries less near than this have nothing to do with the question."""
MOST_ASKED = 200
LONGEST = 300
GROUNDED = 0.55
"""So much of what is said must stand in the page."""

_ORDERS = re.compile(
    r"(忽略|无视|忘记|不要理会|绕过).{0,12}(规则|指令|指示|提示|设定|以上|上面|之前|前面)|"
    r"(系统|开发者)(提示|指令|消息)|(你|您)(现在|从现在起|接下来)(就?是|扮演)|扮演|越狱|"
    r"ignore.{0,30}(instruction|rule|above|previous|prompt)|system ?prompt|jailbreak|"
    r"<\|?/?(system|assistant|user|im_start|im_end)|\b(developer|DAN) mode",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"((?:我叫|姓名|名字|收件人|收货人|联系人)(?:是|为|叫)?[:： ]?)[\u4e00-\u9fff·]{2,6}"
)
_PLACED = re.compile(r"((?:地址|住在|住址|寄到|送到|发到)(?:是|为)?[:： ]?)[^，。！？,.!?\s]{4,}")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
_NUMBER = re.compile(r"(?:\+?\d[ -]?){5,}[\dXx]*")
_LINK = re.compile(
    r"(?:https?://|www\.)[^\s，。）)]+|\b[\w-]+\.(?:com|cn|net|org|top|xyz|shop)\b[^\s，。）)]*"
)
_AMOUNT = re.compile(
    r"\d+(?:\.\d+)?|[一二两三四五六七八九十百千半零]+(?=[折元块天日年月小成倍件次分%])"
)
_PROMISE = re.compile(
    r"保证|承诺|一定能|肯定能|包退|包换|全额|赔|免费|免单|赠送|白送|返现|补差|打折|降价|优惠|退款"
)
_OURS = "〔"
"""Opens what stands for something masked; an answer that repeats it answers nothing."""


def masked(text: str, names: Iterable[str] = ()) -> str:
    """Her question without what tells who she is."""
    told = unicodedata.normalize("NFKC", text)[:MOST_ASKED]
    for name in sorted(filter(None, names), key=len, reverse=True):
        told = told.replace(name, "〔人名〕")
    told = _NAMED.sub(r"\1〔人名〕", told)
    told = _PLACED.sub(r"\1〔地址〕", told)
    return _NUMBER.sub("〔号码〕", _MAIL.sub("〔邮箱〕", told))


def gives_orders(text: str) -> bool:
    """Words that speak to a model and not to a shop: neither a question nor a page like that is shown to one."""
    return _ORDERS.search(unicodedata.normalize("NFKC", text)) is not None


def flaw(answer: str, page: str) -> str | None:
    """Why this answer must not be said, as one word; None when it says what the page says and no more."""
    said, known = (unicodedata.normalize("NFKC", each) for each in (answer, page))
    if not said.strip() or len(said) > LONGEST or _OURS in said:
        return "shape"
    if gives_orders(said):
        return "orders"
    if any(link not in known for link in _LINK.findall(said)):
        return "link"
    if set(_AMOUNT.findall(said)) - set(_AMOUNT.findall(known)):
        return "amount"
    if any(word not in known for word in _PROMISE.findall(said)):
        return "promise"
    return None if _share(said, known) >= GROUNDED else "ungrounded"


def _share(said: str, known: str) -> float:
    pairs = bigrams(normal(said))
    return len(pairs & bigrams(normal(known))) / len(pairs)
