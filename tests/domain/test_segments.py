"""The rule language refuses what it cannot mean, and says where."""

from __future__ import annotations

import pytest

from bot.domain.segments import BadRule, parse, read_back

CORE = {"field": "tier", "op": "in", "value": ["核心"]}


def nested(depth: int) -> dict:
    return CORE if depth == 0 else {"not": nested(depth - 1)}


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("核心", "规则"),
        ({}, "规则"),
        ({"all": [CORE], "any": [CORE]}, "规则"),
        ({"any": []}, "any"),
        ({"all": CORE}, "all"),
        ({"all": [CORE, {"field": "shoe_size", "value": 38}]}, "all[1].field"),
        ({"all": [{"field": "tier", "op": "gte", "value": "核心"}]}, "all[0].op"),
        ({"any": [{"field": "tier", "op": "in", "value": ["铁粉"]}]}, "any[0].value"),
        ({"field": "tag", "value": "连衣裙"}, "规则.value"),
        ({"field": "points", "value": "many"}, "规则.value"),
        ({"field": "points", "value": True}, "规则.value"),
        ({"field": "points", "op": "between", "value": [9, 1]}, "规则.value"),
        ({"field": "points", "op": "gte", "value": 1, "within_days": 7}, "规则.within_days"),
        ({"field": "orders.count", "value": 1, "within_days": 0}, "规则.within_days"),
        ({"field": "tier", "value": ["核心"], "days": 3}, "规则.days"),
        ({"field": "tier", "op": ["in"], "value": ["核心"]}, "规则.op"),
        ({"field": "case.open", "value": "yes"}, "规则.value"),
        ({"field": "birthday_month", "value": 13}, "规则.value"),
        ({"field": "region", "value": "上\0海"}, "规则.value"),
        (nested(6), "not.not.not.not.not.not"),
        ({"all": [CORE] * 100}, "all[99]"),
    ],
)
def test_a_mistake_is_told_with_its_place(rule, path):
    with pytest.raises(BadRule) as told:
        parse(rule)
    assert told.value.path == path


def test_six_levels_and_a_hundred_nodes_are_allowed():
    parse(nested(5))
    parse({"all": [CORE] * 99})


def test_a_rule_that_contains_itself_is_refused():
    rule: dict = {"all": []}
    rule["all"].append(rule)
    with pytest.raises(BadRule, match="太深"):
        parse(rule)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"all": []}, "所有顾客"),
        (CORE, "分层是 核心"),
        (
            {"all": [CORE, {"not": {"field": "case.open", "op": "eq", "value": True}}]},
            "分层是 核心 且 不是（有处理中的客诉）",
        ),
        (
            {"field": "orders.amount", "op": "gte", "value": 50050, "within_days": 30},
            "近 30 天消费金额至少 ¥500.50",
        ),
        (
            {"all": [{"any": [{"field": "tag", "value": "兴趣/针织"}, CORE]}, CORE]},
            "（有标签「兴趣/针织」 或 分层是 核心） 且 分层是 核心",
        ),
        ({"field": "birthday_month", "op": "eq", "value": "this"}, "生日月份是 本月"),
        ({"field": "group.kind", "op": "has_not", "value": "vip"}, "没进「VIP 群」"),
        (
            {"field": "orders.last_days", "op": "between", "value": [14, 60]},
            "距上次下单在 14 天 到 60 天 之间",
        ),
    ],
)
def test_a_rule_reads_back_in_chinese(rule, said):
    assert read_back(parse(rule)) == said
