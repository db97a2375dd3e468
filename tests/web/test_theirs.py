"""On an English page what the brand and its people wrote is marked as Chinese, wherever HTML can carry it."""

from __future__ import annotations

import pytest

from bot.tongue import speaking
from bot.web.pages import environment
from bot.web.theirs import marked


def shown(template: str, tongue: str = "en", **facts: str) -> str:
    with speaking(tongue):
        return marked(environment().from_string(template).render(**facts))


@pytest.mark.parametrize(
    ("template", "page"),
    [
        ("<b>{{ x }}</b>", '<b><bdi lang="zh-CN">苏晴</bdi></b>'),
        ('<a title="{{ x }}">-</a>', '<a title="苏晴" translate="no">-</a>'),
        ("<option value=1>{{ x }}</option>", '<option value=1 lang="zh-CN">苏晴</option>'),
        ("<title>{{ x }} · {{ _('登录') }}</title>", '<title lang="zh-CN">苏晴 · Sign in</title>'),
        ("{{ _('模拟时间 %(at)s', at=x) }}", 'Simulated time <bdi lang="zh-CN">苏晴</bdi>'),
        ("{{ _(x) }}", '<bdi lang="zh-CN">苏晴</bdi>'),
    ],
)
def test_where_it_stands_decides_how_it_is_marked(template, page):
    assert shown(template, x="苏晴") == page


def test_chinese_pages_are_left_as_they_are():
    assert shown("<b>{{ x }}</b>{{ _('登录') }}", "zh", x="苏晴") == "<b>苏晴</b>登录"


@pytest.mark.parametrize("tongue", ["zh", "en"])
def test_only_sentences_of_the_catalogue_may_carry_marks(tongue):
    assert "<img" not in shown("{{ _(x) }}{{ x }}", tongue, x="<img src=苏>")


def test_signs_that_somebody_wrote_herself_are_dropped():
    assert shown("<i>{{ x }}</i>", x="\ue000苏\ue001") == '<i><bdi lang="zh-CN">苏</bdi></i>'
