from __future__ import annotations

import random

from bot.domain.experiments import Arm, in_holdout, lift


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
