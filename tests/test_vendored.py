"""What others wrote is here as they published it, with its licence."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("home", ["bot/web/static", "tests/browser/vendor"])
def test_vendored_files_are_the_published_ones(home):
    manifest = next((ROOT / home).rglob("MANIFEST.json"))
    for one in json.loads(manifest.read_text(encoding="utf-8")):
        found = hashlib.sha256((ROOT / home / one["file"]).read_bytes()).hexdigest()
        assert found == one["sha256"], one["file"]
