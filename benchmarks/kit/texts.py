"""Texts to learn from and to be measured on: public files that may not ship, and our own sentences that do."""

from __future__ import annotations

import csv
import gzip
import sys
import zlib
from pathlib import Path

import yaml

HERE = Path(__file__).parent.parent
CONTENT = HERE.parent / "content"
HELD_BACK = 5
"""One text in five is never learned from."""


def held_back(key: str) -> bool:
    """Fixed for ever: it depends on the text (or the talk) alone."""
    return zlib.crc32(key.encode()) % HELD_BACK == 0


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with gzip.open(folder / name, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def missing(folder: Path | None, names: tuple[str, ...]) -> bool:
    """Says what is not there."""
    lacking = [name for name in names if folder is None or not (folder / name).is_file()]
    if lacking:
        print(f"not measured: --data DIR with {', '.join(lacking)} is needed", file=sys.stderr)
    return bool(lacking)


def intents() -> list[tuple[str, str]]:
    """The shop's own sentences with what they want."""
    written = yaml.safe_load((CONTENT / "intents.yaml").read_text(encoding="utf-8"))
    return [(phrase, spec["name"]) for spec in written for phrase in spec["phrases"]]


def own() -> list[tuple[str, bool]]:
    """Our own sentences, complaint or not."""
    written = yaml.safe_load((HERE / "texts/complaints.yaml").read_text(encoding="utf-8"))
    found = [(text, name == "complaint") for text, name in intents()]
    found += [(text, True) for texts in written["complaints"].values() for text in texts]
    return found + [(text, False) for text in written["ordinary"]]
