from __future__ import annotations

import random
from collections import Counter

from benchmarks.lift import judge
from bot.domain.experiments import Arm, arm_of, clustered, in_holdout, lift


def arm(values):
    return Arm(len(values), sum(values), sum(v * v for v in values))


def test_the_lot_is_the_same_for_the_same_seed_and_another_for_another():
    first = [in_holdout("may", i, 10) for i in range(5000)]
    assert first == [in_holdout("may", i, 10) for i in range(5000)]
    assert first != [in_holdout("june", i, 10) for i in range(5000)]
    assert 400 < sum(first) < 600
    assert not any(in_holdout("may", i, 0) for i in range(1000))


def test_a_known_difference_lies_in_the_interval():
    dice = random.Random(7)
    kept = [dice.gauss(10_000, 3_000) for _ in range(2_000)]
    treated = [dice.gauss(11_000, 3_000) for _ in range(18_000)]
    found = lift([(arm(treated), arm(kept))])
    assert found.low < 1_000 < found.high
    assert found.low > 0


def test_campaigns_of_different_customers_are_compared_within_themselves():
    rich = (arm([100.0, 102.0] * 10), arm([100.0, 102.0] * 90))
    poor = (arm([10.0, 12.0] * 90), arm([10.0, 12.0] * 10))
    assert abs(lift([rich, poor]).difference) < 1e-9


def test_nothing_to_compare_is_no_lift():
    assert lift([]).n_treated == 0
    assert lift([(Arm(5, 10, 30), Arm())]).difference == 0


def test_a_planted_effect_is_covered_and_nothing_is_seldom_called_a_win():
    planted = judge(campaigns=100, people=600, effect=0.1, seed=1)
    assert planted.covered >= 90
    assert planted.width <= 1.2
    assert judge(campaigns=100, people=600, effect=0.0, seed=1).wins <= 5


def test_guides_who_differ_make_the_interval_wider_than_their_customers_alone():
    generous = [(50, 50 * 900.0), (50, 50 * 1100.0)] * 5
    whole = clustered(generous)
    alone = Arm(500, whole.total, sum(n * (fen / n) ** 2 for n, fen in generous))
    assert (whole.n, whole.mean) == (500, 1000.0)
    assert whole.variance > 10 * alone.variance
    assert clustered([(50, 5.0)]).n == 1  # one guide tells nothing of how guides differ


def test_arms_are_of_one_size():
    drawn = Counter(arm_of("may", i, 3) for i in range(3000))
    assert min(drawn.values()) > 900
