"""Lines of a conversation as bubbles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.offers import Coupon, Offer
from bot.web.sandbox.phone import bubbles
from bot.web.sandbox.traffic import rows

NOON = datetime(2026, 3, 12, 4, tzinfo=UTC)


def a_line(text: str, *, mine: bool = False, minutes: int = 0, attachments=(), channel="kf"):
    return {
        "t": (NOON + timedelta(minutes=minutes)).isoformat(),
        "channel": channel,
        "from": "c1" if mine else "wk",
        "to": "wk" if mine else "c1",
        "text": text,
        "attachments": list(attachments),
    }


def shown(*lines, coupons=(), channel="kf", short=None):
    return bubbles({"id": "c1", "conversation": lines}, channel, coupons, short)


def test_only_this_channel_is_shown():
    assert [b.text for b in shown(a_line("甲"), a_line("乙", channel="official"))] == ["甲"]


def test_the_time_stands_above_what_comes_after_a_pause():
    told = shown(a_line("甲"), a_line("乙", minutes=2), a_line("丙", minutes=30))
    assert [bubble.time for bubble in told] == [True, False, True]


def test_a_code_of_hers_becomes_a_ticket():
    offer = Offer(name="见面礼", kind="amount", value=3000, threshold_fen=19900)
    coupon = Coupon(code="QH7K2M9P4X", expires_at=NOON)
    (bubble,) = shown(a_line("给你领好了，券码 QH7K2M9P4X"), coupons=[(coupon, offer)])
    assert (bubble.tickets[0].worth, bubble.tickets[0].unit) == ("30", "元")


def test_a_code_that_she_types_herself_is_only_text():
    offer = Offer(name="见面礼", kind="amount", value=3000, threshold_fen=0)
    coupon = Coupon(code="QH7K2M9P4X", expires_at=NOON)
    (bubble,) = shown(a_line("QH7K2M9P4X", mine=True), coupons=[(coupon, offer)])
    assert bubble.tickets == ()


def test_a_link_hangs_below_and_leaves_the_text():
    (bubble,) = shown(a_line("卡包在这里：http://127.0.0.1:8765/h5"))
    assert bubble.text == "卡包在这里"
    assert bubble.cards[0].title == "我的卡包"


def test_a_code_of_a_group_can_be_scanned():
    (bubble,) = shown(a_line("扫码进群：http://127.0.0.1:8770/qr/abc"))
    assert bubble.cards[0].join


def test_a_short_link_looks_like_the_page_it_opens():
    wallet, code = "http://127.0.0.1:8765/l/1", "http://127.0.0.1:8765/l/2"
    short = {wallet: "/h5", code: "http://127.0.0.1:8770/qr/abc"}
    (bubble,) = shown(a_line(f"{wallet} {code}"), short=short)
    assert [(c.title, c.url, c.join) for c in bubble.cards] == [
        ("我的卡包", wallet, False),
        ("进群二维码", code, True),
    ]


def test_a_menu_keeps_its_ids():
    choice = {"type": "click", "click": {"id": "coupon", "content": "我的券"}}
    menu = {"msgtype": "msgmenu", "msgmenu": {"head_content": "你好", "list": [choice]}}
    (bubble,) = shown(a_line("你好\n· 我的券", attachments=[menu]))
    assert (bubble.text, bubble.menu) == ("你好", (("coupon", "我的券"),))


def a_call(**changes):
    facts = {
        "seq": 1,
        "t": "2026-03-12T12:00:00.000+08:00",
        "side": "api",
        "platform": "wecom",
        "method": "POST",
        "path": "/cgi-bin/kf/send_msg",
        "query": {},
        "request": {"text": {"content": "it's"}},
        "status": 200,
        "errcode": 0,
        "response": {"errcode": 0},
    }
    return facts | changes


def test_a_call_can_be_repeated_in_a_terminal():
    (row,) = rows([a_call()])
    assert row.curl.startswith('curl -s "$SIYU_WECOM_API_BASE/cgi-bin/kf/send_msg?access_token=$T')
    assert "it'\"'\"'s" in row.curl


def test_an_errcode_is_no_success():
    (row,) = rows([a_call(errcode=45009)])
    assert not row.good
    assert row.status == "200 · 45009"


def test_acts_and_arrivals_are_no_traffic():
    assert rows([a_call(side="act"), a_call(side="arrival")]) == []
