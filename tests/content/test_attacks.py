"""A template can say facts; it cannot do anything."""

from __future__ import annotations

import pytest

from bot.domain.facts import clean

HEAD = "---\ntitle: 一段话\npurpose: service\nchannels: [kf]\n---\n"

ATTACKS = [
    "{{ ''.__class__.__mro__ }}",
    "{{ brand.__class__ }}",
    "{{ brand['__class__'] }}",
    "{{ brand.name.__class__ }}",
    "{{ 称呼.format(1) }}",
    "{{ 称呼 | attr('__class__') }}",
    "{{ self.__init__ }}",
    "{{ lipsum }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ config }}",
    "{{ env }}",
    "{{ request.application }}",
    "{{ 'a' * 1000000000 }}",
    "{{ 7 * 7 }}",
    "{{ 称呼 ~ 称呼 }}",
    "{{ range(1000000000) }}",
    "{{ 称呼 | center(900000000) }}",
    "{{ 称呼 | map('upper') | list }}",
    "{{ 称呼 | default('x', boolean=称呼.__class__) }}",
    "{{ [1, 2] }}",
    "{{ {'a': 1} }}",
    "{% for x in 称呼 %}{{ x }}{% endfor %}",
    "{% set x = 1 %}{{ x }}",
    "{% macro f() %}{% endmacro %}",
    "{% include 'brand.yaml' %}",
    "{% import 'x' as y %}",
    "{% extends 'x' %}",
    "{% block b %}{% endblock %}",
    "{% call f() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% with a = 1 %}{% endwith %}",
    "{% if 称呼 is divisibleby(0) %}x{% endif %}",
    "{{ (" + "(" * 500 + "1" + ")" * 500 + ") }}",
    "{{ 称呼 if 称呼 else 1 }}",
    "{{ 称呼[0:1] }}",
    "{{ -points }}",
]


def test_every_attack_is_refused_before_it_is_kept(folder):
    for number, attack in enumerate(ATTACKS):
        folder.write(f"templates/mine/{number}.j2", f"{HEAD}你好。{attack}\n")
    refused = {mistake.split(":")[0] for mistake in folder.mistakes()}
    assert refused == {f"templates/mine/{number}.j2" for number in range(len(ATTACKS))}


def test_what_a_customer_calls_herself_is_never_run(content):
    text = content.render("chat/greeting", {"称呼": "{{ 7*7 }}<a href='x'>"})
    assert text.startswith("{{ 7*7 }}a href='x'")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("小\u202e满\n", "小满"),
        ("  周  敏 ", "周 敏"),
        ("字" * 90, "字" * 39 + "…"),
        (12, 12),
    ],
)
def test_a_name_stays_inside_its_line(said, shown):
    assert clean(said) == shown
