"""The exact words that customers read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.content.templates import BYTES
from bot.domain.refusals import Refusal

MARCH = datetime(2026, 3, 12, 2, 24, tzinfo=UTC)


@pytest.fixture
def gift(content):
    return content.offer_facts("newcomer", MARCH)


def test_a_promotion_says_who_sends_it_and_how_to_stop(content, gift):
    text = content.render("newcomer/gift", gift, channel="kf")
    assert text.endswith("—— 青禾衣坊 活动消息，回复“退订”不再接收")
    assert "满 199 元减 30 元，3 月 26 日前" in text


def test_a_service_message_carries_no_footer(content):
    assert "退订" not in content.render("care/how_is_it", {"称呼": "小满"})


def test_a_mass_text_is_the_same_for_everybody(content, gift):
    texts = {
        content.render(
            "newcomer/gift", gift | {"称呼": name, "coupon_code": code}, channel="wecom"
        )
        for name, code in (("小满", "AAAA"), ("周敏", "BBBB"))
    }
    assert len(texts) == 1
    assert "AAAA" not in texts.pop()


def test_a_window_speaks_to_one_person(content, gift):
    text = content.render(
        "newcomer/gift", gift | {"称呼": "小满", "coupon_code": "QH7K"}, channel="kf"
    )
    assert text.startswith("小满，")
    assert "券码 QH7K" in text


def test_a_tier_has_its_own_words(content):
    told = content.offer_facts("birthday", MARCH) | {"guide": "王芳"}
    assert "王芳" in content.render("birthday/month", told, "核心")
    assert "王芳" not in content.render("birthday/month", told, "普通")


def test_a_missing_fact_is_a_refusal_and_not_a_hole(content):
    with pytest.raises(Refusal) as refusal:
        content.render("newcomer/gift", {"称呼": "小满"})
    assert refusal.value.reason == "missing_fact"


def test_too_long_is_refused_and_never_cut(folder):
    from bot.content import load_content

    folder.template("{{ note }}", head="channels: [kf]\npurpose: service\nfacts: {note: 短}")
    content = load_content(folder.path)
    with pytest.raises(Refusal) as refusal:
        content.render("mine/text", {"note": "https://" + "x" * 2100})
    assert refusal.value.reason == "too_long"


def test_an_unspoken_if_leaves_no_hole(content):
    text = content.render("welcome/kf", {"称呼": "小满"})
    assert "\n\n\n" not in text


def test_every_text_fits_every_channel_it_may_use(content):
    for template in content.templates.values():
        told = {name: fact.sample for name, fact in template.facts.items()}
        for channel in template.channels:
            assert len(template.render(told, channel=channel).encode()) <= BYTES[channel]


def test_every_promotional_text_names_the_way_out(content):
    for template in content.templates.values():
        if template.purpose == "marketing":
            told = {name: fact.sample for name, fact in template.facts.items()}
            for channel in set(template.channels) - {"moment"}:  # nobody can answer a moment
                assert "回复“退订”不再接收" in template.render(told, channel=channel)


def test_amounts_and_days_read_well(content):
    told = content.offer_facts("ladder", MARCH) | {"spent_this_month": 199900}
    assert "¥1,999" in content.render("ladder/start", told, channel="kf")
