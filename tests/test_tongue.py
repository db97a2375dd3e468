from __future__ import annotations

from bot.tongue import _, speaking, tongue


def test_chinese_is_said_as_it_is_written() -> None:
    assert _("跳到正文") == "跳到正文"
    assert _("%(count)s 人没收到", count=3) == "3 人没收到"


def test_english_comes_from_its_catalogue_and_ends_with_its_block() -> None:
    with speaking("en"):
        assert _("跳到正文") == "Skip to content"
    assert tongue() == "zh"


def test_a_language_we_do_not_speak_is_answered_in_chinese() -> None:
    with speaking("fr"):
        assert _("跳到正文") == "跳到正文"
