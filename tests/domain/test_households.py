"""Who counts as a household: people who gave the same phone."""

from __future__ import annotations

from bot.domain.households import MOST, Tie, households


def of(*ties: tuple[int, int, str | None], stands: dict[int, int] | None = None):
    return {who: set(home) for who, home in households(map(Tie._make, ties), stands or {}).items()}


def test_all_who_gave_one_phone_are_a_household_and_two_phones_make_one_of_two():
    assert of((1, 2, "a"), (1, 3, "a"), (7, 8, "b")) == {
        1: {1, 2, 3},
        2: {1, 2, 3},
        3: {1, 2, 3},
        7: {7, 8},
        8: {7, 8},
    }
    assert of((1, 2, "a"), (2, 3, "b"), (4, 5, None), (5, 3, None))[1] == {1, 2, 3, 4, 5}


def test_records_of_one_person_are_no_household():
    assert of((1, 2, "a"), stands={2: 1}) == {}


def test_the_number_of_a_till_makes_nobody_a_household():
    assert of(*((0, each, "till") for each in range(1, MOST + 1))) == {}
    assert len(of(*((0, each, "home") for each in range(1, MOST)))) == MOST
