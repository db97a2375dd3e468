"""Whether the lift we report can be believed: campaigns whose true effect is known, drawn and judged as the bot does.

    python benchmarks/lift.py [--small] [--campaigns N] [--people N] [--seed N]

Purchases of a week are rare and skewed: most people buy nothing, a few buy much. An effect of +10 % must lie in the
95 % interval in at least 90 of 100 campaigns, the interval being at most 1.2 times as wide as Welch's; no effect at all
may be called a win in at most 5 of 100. By guide, the people of one guide are alike. Exits 1 when a promise is broken.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from statistics import NormalDist, fmean, variance

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot.domain.experiments import Arm, Lift, clustered, in_holdout, lift

HOLDOUT = 20
GUIDES = 60
BUYS = 0.3
EFFECT = 0.1


@dataclass(frozen=True, slots=True)
class Judged:
    covered: int
    wins: int
    width: float
    """Of the mean interval, as a part of Welch's."""


def judge(
    *, campaigns: int, people: int, effect: float, seed: int, by_guide: bool = False
) -> Judged:
    covered = wins = 0
    widths = []
    for number in range(campaigns):
        week = _week(random.Random(f"{seed}:{number}:{effect}"), people)
        true = effect * fmean(fen for _, fen in week)
        found, welch = _told(f"{seed}:{number}", week, effect, by_guide)
        covered += found.low <= true <= found.high
        wins += found.low > 0
        widths.append((found.high - found.low) / welch)
    return Judged(covered, wins, fmean(widths))


def _week(dice: random.Random, people: int) -> list[tuple[int, float]]:
    """(guide, fen) of each customer, were nobody written to."""
    likes = [dice.gauss(1, 0.15) for _ in range(GUIDES)]
    return [
        (guide, likes[guide] * dice.lognormvariate(9.5, 0.8) if dice.random() < BUYS else 0.0)
        for guide in (number % GUIDES for number in range(people))
    ]


def _told(
    seed: str, week: list[tuple[int, float]], effect: float, by_guide: bool
) -> tuple[Lift, float]:
    arms: dict[bool, list[tuple[int, float]]] = {True: [], False: []}
    for customer, (guide, fen) in enumerate(week):
        kept = in_holdout(seed, f"guide:{guide}" if by_guide else customer, HOLDOUT)
        arms[kept].append((guide, fen if kept else fen * (1 + effect)))
    made = _by_guide if by_guide else _by_customer
    return lift([(made(arms[False]), made(arms[True]))]), _welch(*arms.values())


def _by_customer(arm: list[tuple[int, float]]) -> Arm:
    return Arm(len(arm), sum(fen for _, fen in arm), sum(fen * fen for _, fen in arm))


def _by_guide(arm: list[tuple[int, float]]) -> Arm:
    of: defaultdict[int, list[float]] = defaultdict(list)
    for guide, fen in arm:
        of[guide].append(fen)
    return clustered((len(some), sum(some)) for some in of.values())


def _welch(kept: list[tuple[int, float]], treated: list[tuple[int, float]]) -> float:
    spread = sum(variance(fen for _, fen in arm) / len(arm) for arm in (kept, treated))
    return 2 * NormalDist().inv_cdf(0.975) * sqrt(spread)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--campaigns", type=int, default=100)
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    people = 2000 if args.small else args.people
    broken = False
    for by_guide in (False, True):
        size = {"campaigns": args.campaigns, "people": people, "seed": args.seed}
        planted = judge(effect=EFFECT, by_guide=by_guide, **size)
        nothing = judge(effect=0.0, by_guide=by_guide, **size)
        print(
            f"{args.campaigns} campaigns of {people}, drawn by {'guide' if by_guide else 'customer'}"
        )
        print(f"  +10 %: covered in {planted.covered}, width {planted.width:.2f} × Welch")
        print(f"  0 %: covered in {nothing.covered}, called a win in {nothing.wins}")
        least, most = 0.9 * args.campaigns, 0.05 * args.campaigns
        broken |= planted.covered < least or nothing.wins > most
        broken |= not by_guide and planted.width > 1.2
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
