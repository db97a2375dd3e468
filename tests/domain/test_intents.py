"""What customers mean, read by rules from the shipped intents."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from bot.domain.intents import SURE, UNCLEAR, IntentSpec, normal, understand
from bot.domain.knowledge import best_answer, read_page

CONTENT = Path(__file__).parents[2] / "content"


@pytest.fixture(scope="module")
def intents():
    import yaml

    written = yaml.safe_load((CONTENT / "intents.yaml").read_text(encoding="utf-8"))
    return TypeAdapter(tuple[IntentSpec, ...]).validate_python(written)


@pytest.fixture(scope="module")
def knowledge():
    pages = (CONTENT / "knowledge").glob("*.md")
    return [e for page in pages for e in read_page(page.read_text(encoding="utf-8"))]


def test_every_phrase_means_what_it_stands_under(intents):
    wrong = [
        (phrase, said.name)
        for spec in intents
        for phrase in spec.phrases
        if (said := understand(phrase, intents)).name != spec.name
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("有什么优惠？", "coupon"),
        ("你好，请问还有券领吗", "coupon"),
        ("ＶＩＰ群怎么进呀", "group"),
        ("我想看看我的积分还有多少", "points"),
        ("我上周买的那件发货了没", "order"),
        ("这件连衣裙 M 码还有货吗？", "stock"),
        ("买大了，想换个码", "return_goods"),
        ("你们周日几点关门", "store_hours"),
        ("叫你们客服来，不要机器人", "person"),
        ("羊绒衫可以机洗吗", "care_advice"),
        ("谢谢啦！", "thanks"),
        ("删除我的个人信息", "my_data"),
    ],
)
def test_sentences_that_nobody_wrote_down_are_understood(intents, text, name):
    assert understand(text, intents).name == name


@pytest.mark.parametrize("text", ["", "？？？", "蓝莓山药羹", "昨天的球赛真精彩", "1234567"])
def test_what_is_not_ours_is_unclear(intents, text):
    said = understand(text, intents)
    assert said.name == UNCLEAR
    assert said.confidence < SURE or said.guess


def test_width_case_and_politeness_do_not_matter():
    assert normal("您好，请问 ＶＩＰ 群呢？") == normal("vip群")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("退货的运费谁出呀", "质量问题我们出"),
        ("退款大概多久到账", "1–3 个工作日"),
        ("满多少包邮", "满 199 元包邮"),
        ("羊毛衫起球了怎么办", "去球器"),
    ],
)
def test_the_brands_own_answers_are_found(knowledge, asked, says):
    entry, _ = best_answer(asked, knowledge)
    assert says in entry.answer


def test_no_answer_is_better_than_a_wrong_one(knowledge):
    assert best_answer("你们老板是谁", knowledge) is None
    assert best_answer("", knowledge) is None
