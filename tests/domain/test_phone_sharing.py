"""Who of those seen with one phone are one person."""

from __future__ import annotations

from itertools import permutations

from bot.domain.merging import key
from bot.domain.phone_sharing import Claim, persons

PHONE = key("phone", "p")


def claim(name="", **ids):
    found = [key(kind, value, "mall" if kind == "buyer_id" else "") for kind, value in ids.items()]
    return Claim(frozenset(found or [PHONE]), frozenset({name} - {""}))


def told(*claims, **more):
    """In every order the same persons."""
    answers = set()
    for order in permutations(range(len(claims))):
        groups = persons([claims[n] for n in order], agreed={}, **more)
        answers.add(frozenset(frozenset(order[n] for n in group) for group in groups))
    (answer,) = answers
    return sorted(sorted(group) for group in answer)


def test_whom_nothing_tells_apart_a_phone_makes_one():
    assert told(claim(unionid="u1"), claim(member_no="M1"), claim(buyer_id="7"), claim()) == [
        [0, 1, 2, 3]
    ]


def test_once_two_are_told_apart_the_third_may_be_either_and_stays_alone():
    two = claim(unionid="u1"), claim(unionid="u2")
    assert told(*two, claim(buyer_id="7")) == [[0], [1], [2]]
    assert told(*two, claim()) == [[0], [1], [2]]


def test_who_can_be_nobody_else_is_joined_though_the_phone_is_shared():
    mother = claim(unionid="u1", member_no="M1")
    assert told(mother, claim(unionid="u2"), claim(member_no="M2")) == [[0], [1, 2]]


def test_a_name_joins_two_accounts_and_another_name_parts_two_ids():
    her = claim("王丽娜", unionid="u1"), claim("王丽娜", unionid="u2")
    assert told(*her) == [[0, 1]]
    assert told(claim("王丽娜", unionid="u1"), claim("李强", member_no="M1")) == [[0], [1]]
    assert told(claim("王丽娜", member_no="M1"), claim("王丽娜", member_no="M2")) == [[0], [1]]


def test_another_fact_joins_and_a_persons_no_holds():
    two = [claim(unionid="u1"), claim(unionid="u2")]
    pair = frozenset({0, 1})
    assert persons(two, agreed={pair: {"buyer_id"}}) == [pair]
    assert told(claim(unionid="u1"), claim(member_no="M1"), denied=[pair]) == [[0], [1]]
