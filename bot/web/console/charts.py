"""Charts as numbers for inline SVG: the server draws, the browser needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 640, 250
LEFT, RIGHT, TOP, BOTTOM = 44, 52, 10, 24
STEPS = 4
WORDS_MOST = 14
"""So many labels fit below the days."""


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    label: str
    """Empty where the axis has no room for it."""
    middle: float


@dataclass(frozen=True, slots=True)
class Tick:
    y: float
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Chart:
    bars: list[Bar]
    line: str
    dots: list[tuple[float, float]]
    ticks: list[Tick]
    width: int = WIDTH
    height: int = HEIGHT


def bars_and_line(rows: Sequence[tuple[str, int, int]]) -> Chart:
    """(label, people as a bar, fen as a line); each has its own axis from nought."""
    most = _round_up(max((people for _label, people, _fen in rows), default=0))
    top = _round_up(max((fen for _label, _people, fen in rows), default=0) // 100)
    inner, floor = HEIGHT - TOP - BOTTOM, HEIGHT - BOTTOM
    slot = (WIDTH - LEFT - RIGHT) / max(len(rows), 1)
    every = -(-len(rows) // WORDS_MOST)
    bars, dots = [], []
    for number, (label, people, fen) in enumerate(rows):
        tall, middle = inner * people / most, LEFT + slot * (number + 0.5)
        width = slot * 0.62
        shown = label if number % max(every, 1) == 0 else ""
        bars.append(
            Bar(
                round(middle - width / 2, 1),
                round(floor - tall, 1),
                round(width, 1),
                round(tall, 1),
                shown,
                round(middle, 1),
            )
        )
        dots.append((round(middle, 1), round(floor - inner * fen / 100 / top, 1)))
    ticks = [
        Tick(
            round(floor - inner * step / STEPS, 1),
            f"{most * step // STEPS:,}",
            f"¥{top * step // STEPS:,}",
        )
        for step in range(STEPS + 1)
    ]
    return Chart(bars, " ".join(f"{x},{y}" for x, y in dots), dots, ticks)


def short(day: date) -> str:
    return f"{day.month}-{day.day}"


def _round_up(most: int) -> int:
    """The next number that four steps divide into plain ones."""
    size = 4
    while True:
        for factor in (1, 2, 3, 5):
            if size * factor >= most:
                return size * factor
        size *= 10


def sparkline(values: Sequence[int], width: int = 120, height: int = 28, most: int = 0) -> str:
    """Points of a small line; the highest value, or `most`, at the top."""
    most, step = max([*values, most, 1]), width / max(len(values) - 1, 1)
    return " ".join(
        f"{round(number * step, 1)},{round(height - 2 - (height - 4) * value / most, 1)}"
        for number, value in enumerate(values)
    )
