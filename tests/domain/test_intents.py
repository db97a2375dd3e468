"""What customers mean, learned from the shipped sentences, and the brand's own answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from bot.domain.intents import SURE, UNCLEAR, Intents, IntentSpec, normal
from bot.domain.knowledge import Knowledge, read_page

CONTENT = Path(__file__).parents[2] / "content"


@pytest.fixture(scope="module")
def intents():
    import yaml

    written = yaml.safe_load((CONTENT / "intents.yaml").read_text(encoding="utf-8"))
    return Intents(TypeAdapter(tuple[IntentSpec, ...]).validate_python(written))


@pytest.fixture(scope="module")
def knowledge():
    pages = (CONTENT / "knowledge").glob("*.md")
    return Knowledge(e for page in pages for e in read_page(page.read_text(encoding="utf-8")))


def test_every_phrase_means_what_it_stands_under(intents):
    wrong = [
        (phrase, said.name)
        for spec in intents
        for phrase in spec.phrases
        if (said := intents.understand(phrase)).name != spec.name
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("有什么优惠？", "coupon"),
        ("你好，请问还有券领吗", "coupon"),
        ("ＶＩＰ群怎么进呀", "group"),
        ("我想看看我的积分还有多少", "points"),
        ("我上周买的那件发货了没呀", "logistics"),
        ("这件连衣裙 M 码还有货吗？", "stock"),
        ("买大了，想换个码", "exchange_goods"),
        ("你们周日几点关门", "store_hours"),
        ("叫你们客服来，不要机器人", "person"),
        ("羊绒衫可以机洗吗", "care_advice"),
        ("谢谢啦！", "thanks"),
        ("删除我的个人信息", "my_data"),
        ("我想再买一件上次那个", "reorder"),
        ("地址写错了，帮忙改下", "change_order"),
        ("我都说三遍了快给我转人工", "person"),
        ("发漂怎么弄", "invoice"),
        ("别再给我推活动了", "opt_out"),
        ("能不能不要根据我买的东西推荐", "impersonal"),
    ],
)
def test_sentences_that_nobody_wrote_down_are_understood(intents, text, name):
    assert intents.understand(text).name == name


@pytest.mark.parametrize("text", ["", "？？？", "蓝莓山药羹", "昨天的球赛真精彩", "1234567"])
def test_what_is_not_ours_is_unclear(intents, text):
    said = intents.understand(text)
    assert said.name == UNCLEAR
    assert said.confidence < SURE or said.guess


def test_the_shop_ships_enough_sentences(intents):
    assert len(intents) >= 20
    assert [spec.name for spec in intents if len(spec.phrases) < 25] == []
    assert len({phrase for spec in intents for phrase in spec.phrases}) == sum(
        len(spec.phrases) for spec in intents
    )


def test_most_sentences_held_back_are_understood_or_called_unclear(intents):
    """One in five is taken away; what is then said with confidence is nearly always right."""
    kept = [s.model_copy(update={"phrases": _parted(s)[0]}) for s in intents]
    taken = [(phrase, s.name) for s in intents for phrase in _parted(s)[1]]
    fewer = Intents(kept)
    said = [(fewer.understand(phrase).name, name) for phrase, name in taken]
    sure = [pair for pair in said if pair[0] != UNCLEAR]
    assert len(sure) >= 0.5 * len(said)
    assert sum(one == other for one, other in sure) >= 0.9 * len(sure)


def _parted(spec):
    taken = spec.phrases[::5]
    return tuple(phrase for phrase in spec.phrases if phrase not in taken), taken


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
    entry, _ = knowledge.best(asked)
    assert says in entry.answer


def test_words_of_the_answer_help_to_find_it(knowledge):
    entry, _ = knowledge.search("雪松木放几粒")[0]
    assert entry.questions[0] == "羊绒衫怎么收"


def test_no_answer_is_better_than_a_wrong_one(knowledge):
    assert knowledge.best("你们老板是谁") is None
    assert knowledge.best("") is None
