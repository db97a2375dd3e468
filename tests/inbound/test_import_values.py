"""Cells as shops write them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.inbound.imports.columns import recognise
from bot.inbound.imports.source import Unreadable
from bot.inbound.imports.values import (
    Moments,
    Unusable,
    birthday,
    clean,
    day_comes_first,
    fen,
    phone,
    status,
)

NOW = datetime(2026, 3, 12, 2, 24, tzinfo=UTC)
HOME = Moments(ZoneInfo("Asia/Shanghai"), NOW)


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("139.12", 13912),
        ("22.2", 2220),
        ("0", 0),
        ("-27.5", -2750),
        ("(3.00)", -300),
        ("¥1,234.50", 123450),
        ("１２３元", 12300),
        ("RMB 88", 8800),
        ("15.299999999999999", 1530),
        ("0.005", 1),
        ("1e2", 10000),
    ],
)
def test_money_is_exact_to_the_fen(cell, amount):
    assert fen(cell) == amount


@pytest.mark.parametrize("cell", ["三百", "", "NaN", "Infinity", "12.3.4", "9" * 20])
def test_what_is_no_amount_is_refused(cell):
    with pytest.raises(Unusable):
        fen(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "2019-01-01 00:17:59",
        "2019-01-01T00:17:59+08:00",
        "2018-12-31T16:17:59Z",
        "2019/1/1 0:17:59",
        "2019年1月1日 00:17:59",
        "20190101001759",
        "1546273079",
        "1546273079000",
        "1/1/2019 0:17:59",
    ],
)
def test_one_moment_in_many_hands(cell):
    assert HOME.read(cell) == datetime(2018, 12, 31, 16, 17, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "cell", ["", "昨天", "2019-13-01", "2099-01-01", "1970-01-01", "12", "99999"]
)
def test_what_is_no_moment_is_refused(cell):
    with pytest.raises(Unusable):
        HOME.read(cell)


def test_a_column_with_a_thirteenth_first_number_puts_days_first():
    assert day_comes_first(["1/2/2019", "13/2/2019"])
    assert not day_comes_first(["1/2/2019", "12/30/2019"])
    european = Moments(HOME.zone, NOW, day_first=True)
    assert european.read("2/1/2019 12:00").month == 1
    assert HOME.read("2/1/2019 12:00").month == 2


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("交易成功", "paid"),
        ("", "paid"),
        ("付款以后用户退款成功，交易自动关闭", "given_back"),
        ("等待买家付款", "unpaid"),
        ("交易关闭", "unpaid"),
        ("refund", "refund"),
        ("refunded", "given_back"),
        ("sale", "paid"),
    ],
)
def test_status_words(words, meaning):
    assert status(words) == meaning


def test_phones_of_eleven_digits_only():
    assert phone("+86 138-0000-0001") == "+8613800000001"
    for wrong in ("1380013", "138****0001", "一三八", "1380000000", ""):
        with pytest.raises(Unusable):
            phone(wrong)


def test_birthdays_lose_their_year():
    assert birthday("1990-03-12") == birthday("3月12日") == birthday("19900312") == (3, "03-12")
    with pytest.raises(Unusable):
        birthday("2-30")


def test_characters_no_database_wants_are_left_out():
    assert clean(" 小\0曼\u202e 👨‍👩‍👧 ") == "小曼 👨‍👩‍👧"


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (
            "customer_id,order_id,paid_at,amount",
            {"buyer_id": 0, "order_no": 1, "at": 2, "amount": 3},
        ),
        (
            "订单编号,买家昵称,付款日期,实付金额(元)",
            {"order_no": 0, "buyer_id": 1, "at": 2, "amount": 3},
        ),
        (
            "下单时间,付款时间,手机号码,Order ID,Total Amount",
            {"at": 1, "phone": 2, "order_no": 3, "amount": 4},
        ),
        (
            "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID",
            {
                "order_no": 0,
                "sku": 1,
                "name": 2,
                "quantity": 3,
                "at": 4,
                "price": 5,
                "buyer_id": 6,
            },
        ),
    ],
)
def test_columns_are_guessed(header, found):
    assert recognise(header.split(","), "orders", {}).place == found


def test_a_column_may_be_named_by_the_user():
    header = ["who", "no", "when", "消费额"]
    said = {"who": "buyer_id", "no": "订单号", "when": "at", "消费额": "金额"}
    assert recognise(header, "orders", said).place["amount"] == 3


def test_what_is_missing_is_named_with_what_there_is():
    with pytest.raises(Unreadable, match=r"时间、金额。文件里有：customer_id、shoe"):
        recognise(["customer_id", "shoe"], "orders", {})
