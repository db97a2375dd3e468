"""Nobody pays more for being loyal: the same basket, held against what a lesser tier would pay."""

from __future__ import annotations

import pytest

from bot.domain.fairness import deals_of, unfair
from bot.domain.levels import Level, Levels


def test_what_ships_is_fair(content):
    assert unfair(content.levels, deals_of(content.playbooks.values(), content.offers)) == []


@pytest.mark.parametrize(
    ("cut", "said"),
    [("value: 12", "同一单 ¥199，核心要付 ¥179.10，潜力只付 ¥179"), ("value: 11", "")],
)
def test_a_members_coupon_that_gives_less_than_everybodys_is_named(folder, cut, said):
    new = "value: 10" if said else cut
    folder.change("offers.yaml", "  kind: percent\n  value: 12", f"  kind: percent\n  {new}")
    found = folder.mistakes()
    assert bool(found) == bool(said)
    assert not said or said in found[0]


def test_a_higher_level_is_never_dearer():
    levels = Levels(
        levels=(
            Level(name="青铜", needs=0, percent_off=5),
            Level(name="白银", needs=100, percent_off=3),
        )
    )
    (found,) = unfair(levels, ())
    assert (found.better, found.lesser) == ("白银", "青铜")
