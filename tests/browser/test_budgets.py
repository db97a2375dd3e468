"""F14: pages are small, and there soon on a slow phone with a slow line."""

from __future__ import annotations

import gzip

from playwright.sync_api import CDPSession, Page

from tests.browser.acts import busy
from tests.browser.places import PLACES, address

ONLY_LOOKS = True

LARGEST_KB = {"analytics": 260}
LARGE_KB = 60
SOON = 2.0
"""Seconds until a page can be used; on a machine that is busy with other work as many times longer."""
TRIES = 3
SLOW = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 200_000,
    "uploadThroughput": 90_000,
}
USABLE = """() => {
  const [page] = performance.getEntriesByType('navigation');
  return page.domContentLoadedEventEnd / 1000;
}"""


def test_pages_are_small(opens):
    page, heavy = opens("/admin"), {}
    seen: dict[str, int] = {}
    page.on(
        "response",
        lambda answer: (
            seen.update({answer.url: len(gzip.compress(answer.body(), 6))})
            if answer.status == 200
            else None
        ),
    )
    chromium = _without_cache(page)
    for place in PLACES:
        at = address(page, place)
        if at is None or place.name == "refused":
            continue
        seen.clear()
        page.goto(at)
        page.wait_for_load_state("networkidle")
        size = sum(seen.values()) / 1024
        if size > LARGEST_KB.get(place.name, LARGE_KB):
            heavy[place.name] = round(size, 1)
    chromium.detach()
    assert heavy == {}


def test_pages_are_there_soon_on_a_slow_phone(opens):
    page, late = opens("/admin"), {}
    chromium = _without_cache(page)
    places = {place.name: address(page, place) for place in PLACES if place.name != "refused"}
    chromium.send("Network.emulateNetworkConditions", SLOW)
    chromium.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    for name, at in places.items():
        if at and (took := _soonest(page, at)) > SOON * busy():
            late[name] = round(took, 2)
    assert late == {}


def _without_cache(page: Page) -> CDPSession:
    chromium = page.context.new_cdp_session(page)
    chromium.send("Network.enable")
    chromium.send("Network.setCacheDisabled", {"cacheDisabled": True})
    return chromium


def _soonest(page: Page, at: str) -> float:
    best = float("inf")
    for _ in range(TRIES):
        page.goto(at, wait_until="domcontentloaded")
        best = min(best, float(page.evaluate(USABLE)))
        if best <= SOON:
            break
    return best
