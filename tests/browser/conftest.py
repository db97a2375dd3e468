"""Real Chromium at a real shop. Whatever a person would call broken fails the test that met it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
expect.set_options(
    timeout=15_000
)  # a machine that is busy with other tests is no fault of the page
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HERE = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Shop:
    url: str
    database: Path

    def counts(self, query: str, *values: Any) -> int:
        """One number straight from the database, past all of our own code."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as connection:
            found: int = connection.execute(query, values).fetchone()[0]
        connection.close()
        return found

    def finds(self, query: str, *values: Any) -> Any:
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            return connection.execute(query, values).fetchone()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """A shop for each file: whom one file has written to, and the clock it has moved, is nothing to the next. Those
    that say ONLY_LOOKS share one."""
    if getattr(request.module, "ONLY_LOOKS", False):
        yield request.getfixturevalue("looked_at")
        return
    with _open(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


@pytest.fixture(scope="session")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with _open(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


@contextmanager
def _open(home: Path) -> Iterator[Shop]:
    with (home / "shop.err").open("wb") as complaints:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.shop", str(home)],
            cwd=HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, (home / "shop.err").read_text(encoding="utf-8")[-2000:]
        yield Shop(url, home / "siyu.db")
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opens(shop: Shop, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page of the shop; its troubles are collected and fail the test."""
    troubles: list[str] = []
    contexts = []

    def open_page(path: str, *, width: int = 1440, height: int = 900) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", base_url=shop.url
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        _watch(page, troubles)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def walks(shop: Shop, browser: Browser) -> Iterator[Callable[..., Page]]:
    """A page that goes from place to place in one language; refusals that it is meant to meet are no trouble."""
    troubles: list[str] = []
    contexts = []

    def walk(*, width: int, tongue: str, axe: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            locale="zh-CN" if tongue == "zh" else "en-GB",
            base_url=shop.url,
            bypass_csp=axe,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.add_cookies([{"name": "lang", "value": tongue, "url": shop.url}])
        if axe:
            context.add_init_script(path=AXE)
        page = context.new_page()
        page.set_default_timeout(15_000)
        _watch(page, troubles)
        return page

    yield walk
    for context in contexts:
        context.close()
    assert [one for one in troubles if "404" not in one] == []


def _watch(page: Page, troubles: list[str]) -> None:
    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            troubles.append(f"console: {message.text}")

    def asked(request: Request) -> None:
        if urlsplit(request.url).hostname not in ("127.0.0.1", None):
            troubles.append(f"left this machine: {request.url}")

    def answered(response: Response) -> None:
        if response.status >= 400:
            troubles.append(f"{response.status} {response.url}")

    page.on("console", said)
    page.on("pageerror", lambda error: troubles.append(f"page: {error}"))
    page.on("request", asked)
    page.on("response", answered)
