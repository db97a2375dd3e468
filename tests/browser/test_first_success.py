"""From the command to a coupon in a chat, as a newcomer would go: at most two minutes."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

HERE = Path(__file__).parent.parent.parent
LIMIT = 120
READING = 2.0
"""Seconds that a person looks before she taps."""


@pytest.fixture
def demo() -> Iterator[tuple[float, str]]:
    """When `siyu demo` was typed in a terminal, and the address that it tells."""
    ours, theirs = pty.openpty()
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "demo", "--days", "1"],
        cwd=HERE,
        env=os.environ | {"LANG": "zh_CN.UTF-8", "BROWSER": "true", "NO_COLOR": "1"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    said, found = "", None
    while found is None and time.monotonic() - began < LIMIT:
        said += os.read(ours, 4096).decode("utf-8", "replace")
        found = re.search(r"(http://127\.0\.0\.1:\d+)/sandbox", said)
    assert found, said[-2000:]
    yield began, found[1]
    os.killpg(process.pid, signal.SIGTERM)  # and the month beside it
    process.wait(timeout=30)
    os.close(ours)


def test_a_newcomer_reaches_a_coupon_in_two_minutes(demo: tuple[float, str], browser: Browser):
    began, address = demo
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{address}/sandbox")
    expect(page.locator(".m.bot .tx").first).to_contain_text("小禾", timeout=30_000)
    page.wait_for_timeout(1000 * READING)
    page.get_by_role("button", name="有什么优惠？").click()
    page.locator(".cpn").first.wait_for(timeout=30_000)
    took = time.monotonic() - began
    sys.stdout.write(f"from the command to a coupon: {took:.0f} s\n")
    page.close()
    assert took < LIMIT
