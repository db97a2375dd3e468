"""A closed or troubled API is left alone, but for one call that tries."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.calls import Sent, TryLater, Unclear
from bot.platforms.breaker import Breaker

PATH = "/cgi-bin/x"
BUSY = TryLater(-1, "busy")
CLOSED = TryLater(45009, "rate_limited", timedelta(seconds=60))


@pytest.fixture
def breaker(manual) -> Breaker:
    return Breaker(manual)


def lets_through(breaker: Breaker, path: str = PATH) -> bool:
    return breaker.hold(path) is None


def test_a_closed_api_is_asked_again_once_its_window_is_over(breaker, manual):
    breaker.heard(PATH, CLOSED)
    assert breaker.hold(PATH) == TryLater(0, "held", timedelta(seconds=60))
    assert lets_through(breaker, "/cgi-bin/y")
    manual.advance(seconds=60)
    assert [lets_through(breaker) for _ in range(3)] == [True, False, False]
    breaker.heard(PATH, Sent({}))
    assert [lets_through(breaker) for _ in range(3)] == [True, True, True]


@pytest.mark.parametrize("trouble", [BUSY, TryLater(0, "lost"), Unclear("cut_off")])
def test_trouble_is_borne_twice_and_then_given_time(breaker, manual, trouble):
    for _ in range(2):
        breaker.heard(PATH, trouble)
        assert lets_through(breaker)
    for _ in range(20):  # all of them were under way
        breaker.heard(PATH, trouble)
    assert breaker.hold(PATH).after == timedelta(seconds=5)
    manual.advance(seconds=5)
    assert lets_through(breaker)
    breaker.heard(PATH, trouble)
    assert breaker.hold(PATH).after == timedelta(seconds=10)


def test_when_the_one_that_tries_dies_the_next_one_tries(breaker, manual):
    breaker.heard(PATH, CLOSED)
    manual.advance(seconds=60)
    assert lets_through(breaker)
    manual.advance(seconds=15)
    assert lets_through(breaker)


def test_a_refusal_is_an_answer(breaker):
    breaker.heard(PATH, BUSY)
    breaker.heard(PATH, TryLater(45033, "rate_limited"))
    breaker.heard(PATH, BUSY)
    breaker.heard(PATH, BUSY)
    assert lets_through(breaker)
