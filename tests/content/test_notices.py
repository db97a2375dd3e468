"""Notices in their file: what the platform would refuse at night is told by day."""

from __future__ import annotations

import pytest

from bot.domain.notices import fits


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("text: goods/series_back", "text: goods/series_bakc", "没有模板「goods/series_bakc」"),
        ("thing2: {name: 温馨提示", "thong2: {name: 温馨提示", "不认识字段「thong2」"),
        ("thing2: {name: 温馨提示", "phrase2: {name: 温馨提示", "最多 5 个字"),
        (
            "words: 卡包里的券}",
            "words: 一句怎么也塞不进二十个字里的很长很长很长的话}",
            "最多 20 个字",
        ),
        ("offer.worth | short(9)", "offer.wroth | short(9)", "没有「wroth」"),
        ("channel: template", "channel: tempalte", "只能写"),
    ],
)
def test_each_kind_of_mistake_is_told(folder, old, new, said):
    folder.change("notices.yaml", old, new)
    assert any(said in mistake for mistake in folder.mistakes()), folder.mistakes()


def test_a_mistake_names_the_line_of_its_field(folder):
    folder.change("notices.yaml", "offer.worth | short(9)", "offer.wroth")
    (mistake,) = folder.mistakes()
    assert mistake.startswith("notices.yaml:13: ")


def test_a_text_and_its_notice_name_each_other(folder):
    folder.change("templates/goods/series_back.j2", "subscribed, ", "")
    (mistake,) = folder.mistakes()
    assert "不从 subscribed 发" in mistake
    folder.change("templates/vip/gift.j2", "channels: [", "channels: [subscribed, ")
    assert any(
        "templates/vip/gift.j2:2: 没有给 subscribed 写通知" in one for one in folder.mistakes()
    )


def test_marketing_by_template_message_is_refused_at_save(folder):
    folder.template("你好", head="channels: [template]\npurpose: marketing")
    assert any("只能发服务消息" in mistake for mistake in folder.mistakes())


@pytest.mark.parametrize(
    ("field", "value", "taken"),
    [
        ("thing1", "二" * 20, True),
        ("thing1", "二" * 21, False),
        ("thing1", "", False),
        ("phrase2", "已到货", True),
        ("phrase2", "3 件到货", False),
        ("amount3", "¥30.5", True),
        ("amount3", "三十", False),
        ("time4", "2026年3月12日 10:24", True),
        ("date5", "2026-03-12", True),
        ("date5", "3 月 12 日", False),
        ("number6", "12.5", True),
        ("character_string7", "QH7K2M9P4X", True),
        ("keyword1", "以前的写法", False),
    ],
)
def test_what_the_platform_takes_in_a_field(field, value, taken):
    assert fits(field, value) is taken
