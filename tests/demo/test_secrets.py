"""What people are called, their phones and what was said never lie in clear where the bot writes."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import pytest

from bot.demo import check


@pytest.fixture(scope="module")
def written(recorded: Path) -> dict[str, bytes]:
    """Everything the bot has written: its database with its journals, its logs, what an import left."""
    files = [*recorded.glob("siyu.db*"), *recorded.glob("bot.*"), *recorded.glob("*reject*")]
    return {file.name: file.read_bytes() for file in files}


@pytest.fixture(scope="module")
def planted(recorded: Path) -> dict[str, list[str]]:
    said = json.loads((recorded / "planted.json").read_text(encoding="utf-8"))
    log = check.read_log(recorded / "sandbox.log")
    heard = [row["args"]["text"] for row in log if row.get("act") in ("say_kf", "say_official")]
    # A word as short as 我的券 stands in our own playbooks too.
    said["said"] += [text for text in heard if len(text) >= 8]
    lines = [line for row in log if row["side"] == "arrival" for line in row["text"].splitlines()]
    said["sent"] = [line for line in lines if any(name in line for name in said["names"])]
    return {kind: sorted(set(words)) for kind, words in said.items()}


def spellings(word: str) -> Iterable[bytes]:
    """As text, as JSON writes it, and in base64 wherever it may begin."""
    plain = word.encode()
    yield plain
    yield json.dumps(word)[1:-1].encode()
    if len(plain) >= 9:
        for shift in range(3):
            yield base64.b64encode(b"\0" * shift + plain)[4 if shift else 0 : -4]


def found(words: Iterable[str], written: dict[str, bytes]) -> set[tuple[str, str]]:
    return {
        (name, word)
        for word in words
        for spelling in spellings(word)
        for name, content in written.items()
        if spelling in content
    }


@pytest.mark.parametrize("kind", ["names", "phones", "said", "sent"])
def test_nothing_of_people_lies_in_clear(written, planted, kind):
    assert len(planted[kind]) > 5
    assert found(planted[kind], written) == set()


def test_what_is_in_clear_would_be_found(recorded, tmp_path, planted):
    leaky = tmp_path / "leaky.db"
    with sqlite3.connect(leaky) as db:
        db.execute("CREATE TABLE note (words TEXT)")
        db.execute("INSERT INTO note VALUES (?)", (f"给{planted['names'][0]}回电话",))
    db.close()
    assert found(planted["names"], {"leaky.db": leaky.read_bytes()})


def test_the_other_side_does_hold_them(recorded, planted):
    """Or the search above would prove nothing."""
    theirs = {name: (recorded / name).read_bytes() for name in ("sandbox.log", "world.yaml")}
    assert found(planted["names"], theirs)
    assert found(planted["phones"], theirs)
