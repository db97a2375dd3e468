"""Reads a QR code from the SVG on a page, as a scanner would from a clean picture: no errors to correct."""

from __future__ import annotations

import re

from segno import consts

LEVELS = {
    1: consts.ERROR_LEVEL_L,
    0: consts.ERROR_LEVEL_M,
    3: consts.ERROR_LEVEL_Q,
    2: consts.ERROR_LEVEL_H,
}
MASKS = (
    lambda r, c: (r + c) % 2 == 0,
    lambda r, _c: r % 2 == 0,
    lambda _r, c: c % 3 == 0,
    lambda r, c: (r + c) % 3 == 0,
    lambda r, c: (r // 2 + c // 3) % 2 == 0,
    lambda r, c: r * c % 2 + r * c % 3 == 0,
    lambda r, c: (r * c % 2 + r * c % 3) % 2 == 0,
    lambda r, c: ((r + c) % 2 + r * c % 3) % 2 == 0,
)
Cells = set[tuple[int, int]]


def text_of(svg: str) -> str:
    dark, size = _modules(svg)
    version = (size - 17) // 4
    known = _format(dark)
    level, mask = LEVELS[known >> 3], MASKS[known & 7]
    taken = _reserved(size, version)
    bits = [((r, c) in dark) != mask(r, c) for r, c in _path(size) if (r, c) not in taken]
    words = [_number(bits[at : at + 8]) for at in range(0, len(bits) - 7, 8)]
    return _said(_in_order(words, version, level), version)


def _modules(svg: str) -> tuple[Cells, int]:
    """Row and column of every dark module, and how many there are in a row."""
    drawn = re.search(r'class="qrline"[^>]* d="([^"]+)"', svg)
    assert drawn
    x, y, dark = 0.0, 0.0, []
    for step, args in re.findall(r"([Mmh])([-\d. ]+)", drawn[1]):
        numbers = [float(one) for one in args.split()]
        if step == "h":
            dark += [(int(y), int(x) + k) for k in range(int(numbers[0]))]
            x += numbers[0]
        elif step == "M":
            x, y = numbers
        else:
            x, y = x + numbers[0], y + numbers[1]
    top, left = min(r for r, _ in dark), min(c for _, c in dark)
    size = max(c for _, c in dark) - left + 1
    return {(r - top, c - left) for r, c in dark}, size


def _format(dark: Cells) -> int:
    places = [(8, c) for c in (0, 1, 2, 3, 4, 5, 7, 8)] + [(r, 8) for r in (7, 5, 4, 3, 2, 1, 0)]
    return (_number([place in dark for place in places]) ^ 0x5412) >> 10


def _reserved(size: int, version: int) -> Cells:
    edge = range(size - 8, size)
    taken = {(r, c) for r in range(9) for c in (*range(9), *edge)}
    taken |= {(r, c) for r in edge for c in range(9)}
    taken |= {(6, k) for k in range(size)} | {(k, 6) for k in range(size)}
    spots = consts.ALIGNMENT_POS[version - 2] if version > 1 else ()
    corners = {(6, 6), (6, size - 7), (size - 7, 6)}
    for r, c in {(r, c) for r in spots for c in spots} - corners:
        taken |= {(r + i, c + j) for i in range(-2, 3) for j in range(-2, 3)}
    if version >= 7:
        block = [(a, b) for a in range(6) for b in range(size - 11, size - 8)]
        taken |= {*block, *((b, a) for a, b in block)}
    return taken


def _path(size: int) -> list[tuple[int, int]]:
    """Two columns at a time from the right, up and down in turn; the timing column is stepped over."""
    found, up = [], True
    for right in range(size - 1, 0, -2):
        column = right if right > 6 else right - 1
        for r in range(size - 1, -1, -1) if up else range(size):
            found += [(r, column), (r, column - 1)]
        up = not up
    return found


def _in_order(words: list[int], version: int, level: int) -> list[int]:
    """The data words of all blocks, as they were before they were dealt out."""
    counts = [info.num_data for info in consts.ECC[version][level] for _ in range(info.num_blocks)]
    blocks: list[list[int]] = [[] for _ in counts]
    dealt = iter(words)
    for at in range(max(counts)):
        for block, count in zip(blocks, counts, strict=True):
            if at < count:
                block.append(next(dealt))
    return [word for block in blocks for word in block]


def _said(words: list[int], version: int) -> str:
    bits = [bool(word >> (7 - k) & 1) for word in words for k in range(8)]
    assert _number(bits[:4]) == 4, "not in byte mode"
    long = 8 if version < 10 else 16
    count, at = _number(bits[4 : 4 + long]), 4 + long
    return bytes(_number(bits[at + 8 * k : at + 8 * k + 8]) for k in range(count)).decode()


def _number(bits: list[bool]) -> int:
    return int("".join("1" if bit else "0" for bit in bits), 2)
