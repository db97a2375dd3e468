import pytest

from bot.domain.refusals import Refusal
from bot.domain.tags import TagBook, parts

GROUPS = [{"name": "兴趣", "tags": ["衬衫"], "open": True}, {"name": "风格", "tags": ["通勤"]}]
NO_AGES = [{"pattern": "[0-9]+ *个月", "why": "年龄记得太细", "instead": "亲子"}]


def book(*rules, **more):
    return TagBook.model_validate({"groups": GROUPS, "rules": rules, "forbidden": NO_AGES} | more)


def test_patterns_match_codes_and_words_match_talk():
    told = book(
        {"when": "contact_way", "tag": "兴趣/衬衫", "any": ["store*"]},
        {"when": "keyword", "tag": "兴趣/衬衫", "any": ["衬衣"]},
    )
    assert [rule.tag for rule in told.heard("contact_way", "store-s01")] == ["兴趣/衬衫"]
    assert told.heard("keyword", "这件衬衣还有吗")
    assert not told.heard("contact_way", "衬衣")


def test_an_answer_gives_its_tag():
    told = book(
        {"when": "answer", "tag": "风格/通勤", "form": "style", "field": "s", "is": "通勤"}
    )
    assert [rule.tag for rule in told.answered("style", {"s": "通勤"})] == ["风格/通勤"]
    assert not told.answered("style", {"s": "休闲"})


@pytest.mark.parametrize(
    "rule",
    [
        {"when": "keyword", "tag": "风格/亲子", "any": ["亲子"]},
        {"when": "purchase", "tag": "兴趣/衬衫", "category": "*"},
        {"when": "purchase", "tag": "风格/{category}", "category": "*"},
        {"when": "purchase", "tag": "兴趣/衬衫", "category": "衬衫", "price": {"from": 1}},
        {"when": "purchase", "tag": "兴趣/衬衫"},
    ],
)
def test_a_rule_that_makes_no_sense_is_a_mistake(rule):
    with pytest.raises(ValueError):
        book(rule)


def test_the_book_itself_may_not_say_too_much():
    with pytest.raises(ValueError, match="亲子"):
        book(groups=[{"name": "家里", "tags": ["宝宝3个月"]}])


@pytest.mark.parametrize(
    ("tag", "reason"),
    [("兴趣/宝宝3个月", "too_precise"), ("风格/甜美", "unknown_tag"), ("风格", "bad_tag")],
)
def test_what_a_person_may_not_give(tag, reason):
    with pytest.raises(Refusal, match=reason):
        book().check(tag)


def test_an_open_group_takes_new_names():
    book().check("兴趣/针织")


def test_names_longer_than_the_platform_takes_are_refused():
    with pytest.raises(Refusal, match="bad_tag"):
        parts(f"兴趣/{'长' * 31}")
