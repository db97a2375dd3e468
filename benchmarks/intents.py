"""Measure how well sentences become intents (docs/models.md).

    python benchmarks/intents.py [--data DIR] [--small]

Without DIR only the shop's own sentences are measured, each fifth held back in turn, and it exits 2. DIR holds
`zh_intents_train.csv.gz` (part,label,text): 31 kinds of a general assistant; learned from its part `train`, measured on
the rest. Exits 1 when that falls below .89, or learning the shop's own takes over 100 ms of processor time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from kit import texts

from bot.domain.intents import UNCLEAR, Intents, IntentSpec
from bot.domain.text_model import teach

FILE = "zh_intents_train.csv.gz"
GOALS = {"accuracy": 0.89, "ms": 100.0}
Pairs = Sequence[tuple[str, str]]


def accuracy(learned: Pairs, new: Pairs) -> float:
    names = sorted({name for _, name in learned})
    model = teach([text for text, _ in learned], [names.index(name) for _, name in learned])
    right = sum(names[int(model.shares(text).argmax())] == name for text, name in new)
    return right / len(new)


def intents_of(pairs: Pairs) -> Intents:
    names = dict.fromkeys(name for _, name in pairs)
    specs = ((name, tuple(text for text, n in pairs if n == name)) for name in names)
    return Intents(IntentSpec(name=name, phrases=phrases) for name, phrases in specs)


def own() -> float:
    """Milliseconds that learning takes."""
    pairs, said = texts.intents(), []
    for turn in range(texts.HELD_BACK):
        new = pairs[turn :: texts.HELD_BACK]
        known = intents_of([pair for pair in pairs if pair not in new])
        said += [(known.understand(text), name) for text, name in new]
    sure = [(one.name == name) for one, name in said if one.name != UNCLEAR]
    guessed = sum(one.guess == name for one, name in said) / len(said)
    print(
        f"own sentences, held back in turn: {len(said)} of {len({n for _, n in pairs})} intents;",
        end="",
    )
    print(f" first guess right {guessed:.3f}; sure {len(sure) / len(said):.3f}", end="")
    print(f", then right {sum(sure) / len(sure):.3f}")
    return _speed(pairs)


def _speed(pairs: Pairs) -> float:
    whole = intents_of(pairs)
    began = time.process_time()
    whole.understand("这一句谁也没写过")
    learned = time.process_time()
    for text, _ in pairs:
        whole.understand(f"{text} 的")
    each = (time.process_time() - learned) / len(pairs)
    took = (learned - began) * 1000
    print(f"learned in {took:.0f} ms of processor time; {each * 1000:.3f} ms a sentence")
    return took


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--data", type=Path)
    words.add_argument("--small", action="store_true", help="the same; it is small")
    asked = words.parse_args()
    quick = own() <= GOALS["ms"]
    if texts.missing(asked.data, (FILE,)):
        return 2
    rows = texts.rows(asked.data, FILE)
    learned = [(r["text"], r["label"]) for r in rows if r["part"] == "train"]
    new = [(r["text"], r["label"]) for r in rows if r["part"] != "train"]
    right = accuracy(learned, new)
    print(f"accuracy {right:.4f} of {len(new)} sentences, {len(learned)} learned")
    return 0 if quick and right >= GOALS["accuracy"] else 1


if __name__ == "__main__":
    sys.exit(main())
