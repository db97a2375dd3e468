"""Rules as rows: what a form writes is what a form reads."""

from __future__ import annotations

import pytest
from multidict import MultiDict

from bot.domain.segments import parse
from bot.web.console.rules import (
    Choices,
    Row,
    form_of,
    mistakes,
    new_row,
    ops_of,
    pairs,
    read_form,
)

POINTS = {"field": "points", "op": "gte", "value": 1}
TAG = {"field": "tag", "op": "has", "value": ["兴趣/羊毛针织"]}
RULES = (
    {"all": [{"field": "orders.last_days", "op": "lte", "value": 90}]},
    {"any": [{"field": "tag", "op": "has", "value": ["兴趣/羊毛针织"]}]},
    {"all": [{"field": "tier", "op": "in", "value": ["核心", "潜力"]}]},
    {"all": [{"field": "follows.any", "op": "eq", "value": True}]},
    {"all": [{"field": "birthday_month", "op": "eq", "value": "this"}]},
    {"all": [{"field": "orders.amount", "op": "gte", "value": 199_950, "within_days": 365}]},
    {"any": [POINTS, {"all": [POINTS, {"not": {"any": [POINTS, TAG]}}]}]},
    {"all": [{"not": TAG}, {"not": {"all": [POINTS, TAG]}}, POINTS]},
)


@pytest.mark.parametrize("rule", RULES, ids=range(len(RULES)))
def test_a_stored_rule_comes_back_as_it_was(rule):
    """As it was stored, and after it stood in an address."""
    assert form_of(rule).written() == rule
    assert read_form(MultiDict(pairs(form_of(rule)))).written() == rule


def test_amounts_are_typed_in_yuan():
    row = Row(field="orders.amount", op="gte", value="199.5")
    assert row.written()["value"] == 19_950


def test_not_equal_of_a_flag_is_the_other_choice():
    rule = {"all": [{"field": "case.open", "op": "ne", "value": True}]}
    assert form_of(rule).rows[0].value == "no"


def test_groups_end_where_their_rows_end_however_the_address_was_cut():
    query = MultiDict([("open", "none"), ("field", "points"), ("value", "1"), ("open", "any")])
    assert read_form(query).written() == {"all": [{"not": POINTS}]}
    deep = MultiDict([("open", "any")] * 900 + [("field", "points"), ("value", "1")])
    assert parse(read_form(deep).written())


def test_rows_of_unknown_fields_are_left_out():
    query = MultiDict([("field", "password"), ("op", "eq"), ("value", "1"), ("field", "points")])
    assert [row.field for row in read_form(query).rows] == ["points"]


def test_an_unknown_comparison_is_replaced_by_the_first_one():
    query = MultiDict([("field", "points"), ("op", "drop"), ("value", "5")])
    assert read_form(query).written() == {"all": [{"field": "points", "op": "gte", "value": 5}]}


def test_a_mistake_stands_at_its_own_row():
    query = MultiDict([("field", "points"), ("value", "5"), ("field", "points"), ("value", "x")])
    assert [row.mistake for row in mistakes(read_form(query)).rows] == ["", "应是整数"]


@pytest.mark.parametrize("name", ["orders.count", "tier", "follows.any", "birthday_month"])
def test_a_field_just_chosen_can_be_counted_at_once(name):
    parse({"all": [new_row(name, Choices()).written()]})
    assert ops_of(name)


def test_between_is_typed_as_people_write_it():
    for typed in ("30-90", "30 到 90", "30、90", "30~90"):
        row = Row(field="orders.last_days", op="between", value=typed)
        assert row.written()["value"] == [30, 90]
    assert Row(field="orders.amount", op="between", value="99.5–200").written()["value"] == [
        9950,
        20000,
    ]
