"""The star table is what the file says, and its mistakes are named."""

from __future__ import annotations

import numpy as np
import pytest

from bot.domain.influence import Influence
from bot.domain.stars import Stars
from bot.domain.tiers import TierConfig


def star(days, yuan, interests, table=None):
    given = (np.array([days]), np.array([yuan * 100]), np.array([interests]))
    return int((table or Stars()).level(*given)[0])


@pytest.mark.parametrize(
    ("days", "yuan", "interests", "stars"),
    [(1, 100, 0, 1), (2, 499, 1, 2), (4, 2000, 0, 3), (8, 5000, 0, 4), (8, 5000, 2, 5)],
)
def test_each_line_passed_is_a_point(days, yuan, interests, stars):
    assert star(days, yuan, interests) == stars


def test_the_file_sets_the_table():
    config = TierConfig.read({"stars": {"frequency": [1, 1, 1], "steps": [1, 2, 3, 4]}})
    assert star(1, 0, 0, config.stars) == 4


@pytest.mark.parametrize(
    "written",
    [
        {"stars": {"frequency": [3, 1]}},
        {"stars": {"shoes": [1]}},
        {"stars": [1]},
        {"influence": {"koc": -1}},
        {"influence": {"koc": "many"}},
    ],
)
def test_a_table_that_makes_no_sense_is_named(written):
    with pytest.raises((ValueError, TypeError), match=next(iter(written))):
        TierConfig.read(written)


def test_groups_alone_make_no_koc():
    config = Influence()
    assert config.score(0, 0, 500) < config.koc <= config.score(12, 0, 0)
