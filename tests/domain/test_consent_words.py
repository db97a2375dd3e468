import pytest

from bot.domain.consent_words import Said, said


@pytest.mark.parametrize(
    "text", ["退订", " 退订。", "TD", "td", "ＴＤ", "T", "取消订阅", "不要再发", "Stop!"]
)
def test_these_words_alone_take_consent_back(text):
    assert said(text) is Said.OPT_OUT


@pytest.mark.parametrize(
    "text", ["怎么退订?", "我要退订你们的消息", "please stop", "你们不要再发了"]
)
def test_the_words_among_others_are_for_a_person_to_read(text):
    assert said(text) is Said.MAYBE_OUT


@pytest.mark.parametrize("text", ["T恤有货吗", "std", "你好", "", "订阅号在哪"])
def test_other_talk_is_left_alone(text):
    assert said(text) is None


def test_consent_is_given_by_word_or_by_menu():
    assert said("订阅") is said("同意接收") is said("好的", "consent_yes") is Said.OPT_IN


def test_personalisation_is_refused_by_a_sentence():
    assert said("不要个性化") is Said.IMPERSONAL
