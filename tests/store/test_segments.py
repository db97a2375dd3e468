"""Segments mean in SQL exactly what they mean by hand, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.segment_fields import FIELDS, Field
from bot.domain.segments import BadRule, parse
from bot.store import segments
from tests.store.segment_oracle import Oracle
from tests.store.segment_world import STAGES, TAGS, Facts, a_world

NOW = datetime(2026, 3, 12, 2, 24, tzinfo=UTC)
TEXTS = {
    "tag": TAGS,
    "region": ("上海", "广州", "hang", "Hangzhou"),
    "level": ("青铜", "黄金"),
    "source_state": ("till", "none"),
    "store": ("A", "B", "C"),
    "messages.intent": ("size", "stock", "none"),
    "orders.store": ("A", "B", "C"),
    "stage": STAGES,
    "group.in": ("fuli", "zhenzhi"),
    "coupon.held": ("welcome", "birthday"),
    "orders.category": ("连衣裙", "针织"),
    "follows.guide": ("lin", "chen"),
}
NUMBERS = st.sampled_from((-1, 0, 1, 2, 7, 29, 30, 31, 90, 9900, 30000))


def values(name: str, field: Field, op: str) -> st.SearchStrategy[Any]:
    match field.kind:
        case "flag":
            return st.booleans()
        case "month":
            one = st.sampled_from(("this", 1, 3, 12))
            return st.lists(one, min_size=1, max_size=2) if op == "in" else one
        case "number":
            pair = st.tuples(NUMBERS, NUMBERS).map(sorted)
            return pair if op == "between" else NUMBERS
    one = st.sampled_from(TEXTS.get(name) or tuple(field.choices))
    several = st.lists(one, min_size=1, max_size=2)
    return several if op in ("in", "not_in", "has", "has_not") else one


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(sorted(FIELDS)))
    op = draw(st.sampled_from(FIELDS[name].ops))
    rule = {"field": name, "op": op, "value": draw(values(name, FIELDS[name], op))}
    if FIELDS[name].windowed and draw(st.booleans()):
        rule["within_days"] = draw(st.sampled_from((1, 7, 30, 90, 365)))
    return rule


RULES = st.recursive(
    conditions(),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=6,
)


@pytest.fixture
async def world(sessions) -> dict[int, Facts]:
    async with sessions.begin() as session:
        return await a_world(session, NOW)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(written=RULES)
async def test_sql_means_what_the_rule_says(sessions, world, written):
    try:
        rule = parse(written)
    except BadRule as deep:
        assert "太深" in deep.words  # noqa: PT017
        return
    by_hand = {who for who, facts in world.items() if Oracle(NOW).fits(rule, facts)}
    async with sessions.reading() as session:
        found = await segments.sample(session, rule, NOW, n=1000)
        assert {customer.id for customer in found} == by_hand
        assert await segments.count(session, rule, NOW) == len(by_hand)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(written=conditions(), place=st.integers(0, 39))
async def test_asking_about_one_customer_is_the_same_question(sessions, world, written, place):
    rule, who = parse(written), sorted(world)[place]
    async with sessions.reading() as session:
        assert await segments.matches(session, rule, who, NOW) == Oracle(NOW).fits(
            rule, world[who]
        )


async def test_every_condition_is_counted_by_itself(sessions, world):
    rule = parse(
        {"all": [{"field": "tier", "value": ["核心"]}, {"field": "follows.any", "value": True}]}
    )
    async with sessions.reading() as session:
        hits = await segments.count_each(session, rule, NOW)
    assert [hit.words for hit in hits] == ["分层是 核心", "已加导购好友"]
    core = sum(1 for facts in world.values() if facts.tier and facts.tier[0] == "核心")
    assert hits[0].customers == core


async def test_publishing_retires_the_former_version(sessions, world):
    old, new = {"field": "tier", "value": ["核心"]}, {"field": "tier", "value": ["沉睡"]}
    facts = {"key": "vip", "name": "VIP", "by": "admin:1", "now": NOW}
    async with sessions.begin() as session:
        await segments.publish(session, rule=old, **facts)
        await segments.publish(session, rule=old, **facts)
        await segments.publish(session, rule=new, **facts)
        live = await segments.published(session, "vip")
        joins, leaves = await segments.difference(session, parse(new), parse(old), NOW)
    assert (live.version, live.rule) == (2, new)
    assert joins + leaves == sum(1 for f in world.values() if f.tier and f.tier[0] in "核心沉睡")
