"""What the gate says of many at once is what it says of each alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from bot.domain.channels import OpenWindow, Tie
from bot.domain.quotas import Limits, Used
from bot.store.gate import Question, Standing, ask

NOON = datetime(2026, 3, 12, 4, tzinfo=UTC)
PURPOSES = ("marketing_wecom", "marketing_official")


def somebody(dice: Random, number: int) -> Standing:
    tie = Tie(1 + number % 3, "wang", f"wm{number}", NOON - timedelta(days=9))
    away = tie._replace(away_until=NOON + timedelta(days=dice.randrange(-1, 2)))
    window = OpenWindow("official", f"o{number}", NOON + timedelta(hours=1), dice.randrange(2))
    return Standing(
        number,
        held=dice.random() < 0.1,
        suppressed=dice.random() < 0.1,
        consents={name: dice.random() < 0.8 for name in PURPOSES if dice.random() < 0.8},
        used=Used(*(dice.randrange(2) if dice.random() < 0.2 else 0 for _ in range(4))),
        ties=[away] * dice.randrange(2),
        windows=[window] * dice.randrange(2),
    )


def test_a_question_to_a_thousand_is_answered_as_if_each_were_asked_alone():
    dice = Random(5)
    people = [somebody(dice, number) for number in range(1_000)]
    some = frozenset(range(0, 1_000, 7)), dict.fromkeys(range(0, 1_000, 11), "per_customer")
    holdout = {"percent": 10, "seed": "house"}
    limits = Limits.model_validate({"holdout": holdout})
    question = Question(limits=limits, at=NOON, weary=some[0], spent=some[1])
    said = [ask(question, one) for one in people]
    assert said == [ask(replace(question, decided={}), one) for one in people]
    assert len({verdict.reason for verdict in said}) > 8
    assert len(question.decided) < len(people)
