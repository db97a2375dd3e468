"""A shop's own copy of the content, to be spoilt."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.content import ContentError, load_content

SHIPPED = Path(__file__).parents[2] / "content"


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        text = (self.path / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new))

    def template(self, body: str, *, head: str = "channels: [kf]\npurpose: service") -> None:
        self.write("templates/mine/text.j2", f"---\ntitle: 一段话\n{head}\n---\n{body}\n")

    def mistakes(self) -> list[str]:
        """What `siyu check-content` would say of it."""
        try:
            load_content(self.path)
        except ContentError as error:
            return [str(mistake) for mistake in error.mistakes]
        return []


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    shutil.copytree(SHIPPED, tmp_path / "content")
    return Folder(tmp_path / "content")
