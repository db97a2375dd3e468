"""Cells into values: money to the fen, phones, words for what happened to an order."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

from bot.tongue import _

LARGEST_FEN = 10**13
FEN = Decimal(1)
TEN_THOUSAND = Decimal(10_000)

GIVEN_BACK = ("退款成功", "已退款", "全额退款", "退款完成", "refunded")
REFUND = ("退货", "退款", "refund", "return", "chargeback")
UNPAID = (
    "未付款",
    "待付款",
    "等待买家付款",
    "未支付",
    "待支付",
    "交易关闭",
    "已关闭",
    "取消",
    "作废",
    "unpaid",
    "pending",
    "cancelled",
    "canceled",
    "void",
    "failed",
    "expired",
)


class Unusable(ValueError):
    """A cell that cannot be what its column says; the message is for people."""


def clean(cell: str) -> str:
    """Without the characters that no database and no screen wants."""
    if cell.isprintable():
        return cell.strip()
    return "".join(c for c in cell if c.isprintable() or c in "\u200d\n").strip()


@lru_cache(maxsize=20_000)
def fen(cell: str) -> int:
    """`¥1,234.50` is 123450; `(3.00)` and `-3` are negative. More than two places are rounded half up."""
    try:
        amount = Decimal(cell)
    except InvalidOperation:
        amount = _written_money(cell)
    if not amount.is_finite():
        raise Unusable(_("不是数字"))
    whole = (amount * 100).quantize(FEN, ROUND_HALF_UP)
    if abs(whole) > LARGEST_FEN:
        raise Unusable(_("金额太大"))
    return int(whole)


def _written_money(cell: str) -> Decimal:
    text = unicodedata.normalize("NFKC", cell).strip().lower()
    if not text:
        raise Unusable(_("没有写"))
    negative = text.startswith("(") and text.endswith(")")
    text = re.sub(r"[¥$€£'’\s元块()]|^(rmb|cny|usd|eur)|(rmb|cny|usd|eur)$", "", text)
    text, many = (text[:-1], TEN_THOUSAND) if text.endswith("万") else (text, FEN)
    text = _with_a_point(text.replace("−", "-"))
    try:
        amount = Decimal(text) * many
    except InvalidOperation:
        raise Unusable(_("不是数字")) from None
    return -amount if negative else amount


def _with_a_point(text: str) -> str:
    """1.234,50 and 12,5 have a comma for a point; 1,234 has one between its thousands."""
    if re.fullmatch(r"-?(\d{1,3}(\.\d{3})+,\d+|\d+,\d{1,2})", text):
        return text.replace(".", "").replace(",", ".")
    return text.replace(",", "")


@lru_cache(maxsize=1_000)
def quantity(cell: str) -> int:
    try:
        return int(Decimal(cell)) if cell else 1
    except (InvalidOperation, OverflowError, ValueError):
        raise Unusable(_("不是数字")) from None


@lru_cache(maxsize=1000)
def status(words: str) -> str:
    """paid, unpaid, refund (the row is one) or given_back: 付款以后退款成功，交易自动关闭 was paid and went back."""
    said = words.lower()
    for meaning, known in (("given_back", GIVEN_BACK), ("refund", REFUND), ("unpaid", UNPAID)):
        if any(word in said for word in known):
            return meaning
    return "paid"


def phone(cell: str) -> str:
    """Mainland mobile numbers and anything longer than six digits; masked ones are no phone."""
    text = unicodedata.normalize("NFKC", cell)
    found = re.sub(r"[\s\-()]", "", text).removesuffix(".0")
    if not re.fullmatch(r"\+?\d{7,15}", found):
        raise Unusable(_("不是手机号"))
    if re.fullmatch(r"1[3-9]\d*", found) and len(found) != 11:
        raise Unusable(_("不是 11 位"))
    return found


def birthday(cell: str) -> tuple[int, str]:
    """Month, and MM-DD; a year is not kept."""
    numbers = [int(number) for number in re.findall(r"\d+", unicodedata.normalize("NFKC", cell))]
    if len(numbers) == 1 and len(str(numbers[0])) == 8:
        numbers = [numbers[0] // 10000, numbers[0] // 100 % 100, numbers[0] % 100]
    month, day = (numbers[1:3] if len(numbers) >= 3 else numbers[:2]) or (0, 0)
    try:
        date(2024, month, day)
    except (ValueError, TypeError):
        raise Unusable(_("不是日期")) from None
    return month, f"{month:02}-{day:02}"


GENDERS = {"男": 1, "女": 2, "m": 1, "f": 2, "male": 1, "female": 2, "先生": 1, "女士": 2}


def gender(cell: str) -> int:
    return GENDERS.get(cell.strip().lower(), 0)


YES = ("是", "有", "同意", "已同意", "授权", "已授权", "接收", "y", "yes", "true", "1", "√", "✓")
NO = (
    "否",
    "无",
    "不同意",
    "未同意",
    "未授权",
    "拒绝",
    "不接收",
    "n",
    "no",
    "false",
    "0",
    "×",
    "✗",
)


def yes(cell: str) -> bool:
    said = unicodedata.normalize("NFKC", cell).strip().lower()
    if said in YES or said in NO:
        return said in YES
    raise Unusable(_("写“是”或“否”"))
