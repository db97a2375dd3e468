"""Cells as shops write them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.inbound.imports.columns import recognise
from bot.inbound.imports.moments import Moments, day_comes_first
from bot.inbound.imports.source import Unreadable
from bot.inbound.imports.values import (
    Unusable,
    birthday,
    clean,
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
        ("1.234,50", 123450),
        ("12,5 €", 1250),
        ("1,234", 123400),
        ("1 234,50", 123450),
        ("1.2万元", 1200000),
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
        "1/1/2019 12:17:59 AM",
        "1.1.2019 00:17:59",
        "01-Jan-2019 00:17:59",
        "Jan 1, 2019 12:17:59 AM",
        "Tue Jan 01 00:17:59 2019",
        "2018-12-31 16:17:59 UTC",
        "2019-01-01 00:17:59 +0800",
        "2018/12/31 12:17:59.250 -04:00",
        "2018-12-31 下午 4:17:59 GMT",
        "1546273079.0",
        "43466.0124884",
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


def test_seconds_that_look_like_a_year_are_seconds():
    assert HOME.read("1704072420000").year == 2024


def test_a_column_with_a_thirteenth_first_number_puts_days_first():
    assert day_comes_first(["1/2/2019", "13/2/2019"])
    assert day_comes_first(["1/2/2019", "12/30/2019", "13/2/2019"]) is False
    assert day_comes_first(["1/2/2019", "2019-30-12", "3/4/19"]) is None
    european = Moments(HOME.zone, NOW, day_first=True)
    assert european.read("2/1/2019 12:00").month == 1
    assert HOME.read("2/1/2019 12:00").month == 2
    assert HOME.read("01/05/97").year == 1997


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


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        ("会员卡号 小票号 消费时间 消费金额（元）", "member_no order_no at amount"),
        ("client order time amount", "buyer_id order_no at amount"),
        ("Kundennummer Bestellnummer Datum Betrag", "buyer_id order_no at amount"),
        ("user_id transaction_id ts price", "buyer_id order_no at amount"),
        ("CustomerName CustomerID OrderTime ShipDate TotalPaid", "person buyer_id at - amount"),
        ("uid order_sn pay_time discount_amount pay_amount", "buyer_id order_no at - amount"),
        ("客户类型 客户代码 订单编码 订单状态 付款日 运费金额 成交额", "- buyer_id order_no status at - amount"),
    ],
)  # fmt: skip
def test_headers_that_nobody_listed_are_told_by_their_words(header, meant):
    place = recognise(header.split(), "orders", {}).place
    told = {at: field for field, at in place.items()}
    assert [told.get(at, "-") for at in range(len(header.split()))] == meant.split()
