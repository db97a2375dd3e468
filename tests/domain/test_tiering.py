"""What must not change a tier does not, and what must, does: on generated customers and on a real shop's."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.tier_places import ASLEEP, CORE, NOWHERE, UPPER, place_all, place_some, reason
from bot.domain.tiering import (
    DAY,
    Purchases,
    day_after,
    habits,
    local_days,
    measure,
    midnight,
    score,
)
from bot.domain.tiers import TIERS, TierConfig

HOME = ZoneInfo("Asia/Shanghai")
CONFIG = TierConfig()
TODAY = 20_000
SAMPLE = Path(__file__).parent.parent / "data" / "online_retail_sample.csv.gz"

ROWS = st.lists(
    st.tuples(
        st.integers(1, 12),
        st.integers(1, 700),
        st.integers(0, DAY - 1),
        st.integers(-40_000, 90_000),
    ),
    min_size=1,
    max_size=60,
).filter(lambda rows: any(amount > 0 for *_, amount in rows))


def purchases(rows) -> Purchases:
    """(customer, days ago, second of the day, fen)"""
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    start = int(midnight(TODAY, HOME).timestamp())
    return Purchases(table[:, 0], start - table[:, 1] * DAY + table[:, 2], table[:, 3])


def tiers(rows, today=TODAY, before=None):
    known = habits(purchases(rows) if isinstance(rows, list) else rows, HOME)
    scale = measure(known, CONFIG)
    scores = score(known, today, scale)
    former = np.full(len(known.customer), NOWHERE) if before is None else before
    return place_all(known, scores, former, scale, CONFIG, today)[0].tier.tolist()


def values(rows, scale):
    known = habits(purchases(rows), HOME)
    return dict(zip(known.customer.tolist(), score(known, TODAY, scale).value, strict=True))


@given(ROWS)
def test_another_currency_changes_no_tier(rows):
    scaled = [(who, day, second, amount * 71) for who, day, second, amount in rows]
    tenfold = [(who, day, second, amount * 10) for who, day, second, amount in rows]
    assert tiers(scaled) == tiers(tenfold)


@given(ROWS)
def test_364_days_later_everything_stands_as_it_stood(rows):
    here = purchases(rows)
    later = Purchases(here.customer, here.at + 364 * DAY, here.amount)
    assert tiers(later, TODAY + 364) == tiers(rows)


@given(ROWS, st.data())
def test_splitting_an_order_within_its_day_changes_nothing(rows, data):
    paid = [i for i, row in enumerate(rows) if row[3] > 1]
    if not paid:
        return
    who, day, _, amount = rows[i := data.draw(st.sampled_from(paid))]
    part = data.draw(st.integers(1, amount - 1))
    second = data.draw(st.integers(0, DAY - 1))
    halves = [(who, day, second, part), (who, day, DAY - 1 - second, amount - part)]
    whole = habits(purchases(rows), HOME)
    split = habits(purchases(rows[:i] + rows[i + 1 :] + halves), HOME)
    scale = measure(whole, CONFIG)
    assert measure(split, CONFIG) == scale
    assert (score(split, TODAY, scale).value == score(whole, TODAY, scale).value).all()


@given(ROWS, st.integers(1, 700), st.integers(1, 90_000))
def test_a_refund_never_raises_a_value(rows, day, amount):
    scale = measure(habits(purchases(rows), HOME), CONFIG)
    before = values(rows, scale)
    for who in before:
        assert values([*rows, (who, day, 0, -amount)], scale)[who] <= before[who]


@given(ROWS, st.integers(1, 90_000))
def test_buying_today_never_lowers_a_value(rows, amount):
    scale = measure(habits(purchases(rows), HOME), CONFIG)
    before = values(rows, scale)
    for who in before:
        after = values([*rows, (who, 0, 0, amount)], scale)[who]
        assert after >= before[who] * (1 - 1e-12)


@given(ROWS)
def test_everybody_who_paid_has_a_tier_and_a_rerun_moves_nobody(rows):
    first = np.array(tiers(rows))
    assert len(first) == len({who for who, _, _, amount in rows if amount > 0})
    assert tiers(rows, before=first) == first.tolist()


@settings(max_examples=30)
@given(ROWS, st.integers(1, 12))
def test_one_customer_alone_gets_the_tier_she_has_among_all(rows, who):
    known = habits(purchases(rows), HOME)
    scale = measure(known, CONFIG)
    before = np.full(len(known.customer), NOWHERE)
    places, scale = place_all(known, score(known, TODAY, scale), before, scale, CONFIG, TODAY)
    alone = habits(purchases([row for row in rows if row[0] == who]), HOME)
    again = place_some(
        alone,
        score(alone, TODAY, scale),
        places.tier[known.customer == who],
        scale,
        CONFIG,
        TODAY,
    )
    assert (again.share == places.share[known.customer == who]).all()
    assert (again.monetary == places.monetary[known.customer == who]).all()


def test_a_customer_stays_while_her_rank_is_near_the_band():
    rows = [(who, 10, 0, 100_000 - who) for who in range(1, 101)]
    was = np.full(100, NOWHERE)
    was[20:22] = CORE  # ranks 0.20 and 0.21: just outside
    was[24] = CORE  # rank 0.24: too far
    now = tiers(rows, before=was)
    assert [TIERS[now[i]] for i in (19, 20, 21, 22, 24)] == [
        "核心",
        "核心",
        "核心",
        "潜力",
        "潜力",
    ]


def test_long_silence_beyond_her_own_habit_is_sleep():
    weekly = [(1, day, 0, 10_000) for day in range(300, 500, 7)]
    others = [(who, day, 0, 20_000) for who in range(2, 12) for day in (5, 60, 120)]
    assert tiers(weekly + others)[0] == ASLEEP


def test_without_repeat_buyers_the_gap_is_ninety_days():
    scale = measure(habits(purchases([(1, 9, 0, 100), (2, 8, 0, 300)]), HOME), CONFIG)
    assert (scale.gap, scale.basket, scale.half_life) == (90.0, 200.0, 360.0)


def test_days_are_days_of_the_shop():
    late = int(datetime(2026, 3, 11, 17, 0, tzinfo=UTC).timestamp())
    assert (
        local_days(np.array([late]), HOME)[0]
        == local_days(np.array([late - 7 * 3600]), HOME)[0] + 1
    )
    assert day_after(midnight(TODAY, HOME), HOME) == TODAY
    assert day_after(datetime.fromtimestamp(late, UTC), HOME) == late // DAY + 2


def test_the_reason_names_silence_and_habit():
    assert reason(ASLEEP, 0.9, idle=210, gap=45.2, days=4) == "已 210 天没买，平时 45 天一次"
    assert (
        reason(CORE, 0.031, idle=0, gap=9.0, days=30) == "价值排在前 4%，今天买过，平时 9 天一次"
    )
    assert (
        reason(UPPER, 0.4, idle=100, gap=90, days=1) == "价值排在前 40%，已 100 天没买，只买过一次"
    )


@pytest.fixture(scope="module")
def shop() -> Purchases:
    with gzip.open(SAMPLE, "rt", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    paid = [datetime.fromisoformat(row["paid_at"]).replace(tzinfo=HOME) for row in rows]
    return Purchases(
        np.array([int(row["customer_id"]) for row in rows]),
        np.array([int(moment.timestamp()) for moment in paid]),
        np.array([round(float(row["amount"]) * 100) for row in rows]),
    )


def test_the_top_fifth_of_a_real_shop_holds_most_of_what_comes_next(shop):
    today = day_after(datetime(2011, 9, 10, tzinfo=HOME), HOME)
    start = int(midnight(today, HOME).timestamp())
    past, soon = shop.at < start, (shop.at >= start) & (shop.at < start + 90 * DAY)
    known = habits(Purchases(shop.customer[past], shop.at[past], shop.amount[past]), HOME)
    scores = score(known, today, measure(known, CONFIG))
    later = np.array([shop.amount[soon & (shop.customer == who)].sum() for who in known.customer])
    later = np.maximum(later, 0)
    best = np.argsort(-scores.value)[: -(-len(later) // 5)]
    assert later[best].sum() / later.sum() >= 0.6
    assert tiers(Purchases(shop.customer[past], shop.at[past], shop.amount[past]), today).count(
        CORE
    ) == len(best)
