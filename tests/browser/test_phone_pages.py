"""The pages that only somebody known sees: a customer's own, and what the till answers."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser import looks

HERS = (
    "",
    "/points",
    "/activities",
    "/contests/outfit",
    "/preferences",
    "/data",
    "/cases",
    "/contact",
)


def faults_of(page: Page, tongue: str) -> list[str]:
    """On a phone, on the smallest phone, and there with larger text."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_load_state("networkidle")
    found = looks.shut_out(page) + looks.off_the_screen(page) + looks.misspoken(page, tongue)
    found += [] if page.locator("h1").count() == 1 else ["not one heading"]
    page.set_viewport_size({"width": 320, "height": 700})
    found += [f"320 {one}" for one in looks.off_the_screen(page)]
    page.evaluate(looks.LARGER)
    return found + [f"320 × 1.6 {one}" for one in looks.off_the_screen(page)]


@pytest.mark.parametrize("tongue", ["zh", "en"])
def test_what_she_sees_fits_and_shuts_nobody_out(walks, tongue):
    page = walks(width=1440, tongue=tongue, axe=True)
    page.goto(f"/sandbox?who=visitor-8{len(tongue)}{'12'[tongue == 'en']}")
    page.locator(".m.bot").first.wait_for()
    for words in ("有什么优惠？", "毛衣起球了，我要投诉"):
        before = page.locator(".m.me").count()
        page.fill("#say-i", words)
        page.keyboard.press("Enter")
        page.locator(".m.me").nth(before).wait_for()
    with page.context.expect_page() as opened:
        page.click("#do-wallet")
    hers, faults = opened.value, {}
    for path in HERS:
        hers.goto(f"/h5{path}")
        faults[path or "wallet"] = faults_of(hers, tongue)
        if not path:
            code = hers.locator("#code .code").inner_text()
    faults |= _at_the_till(hers, tongue, code)
    hers.goto("/guide/side")
    faults["side"] = faults_of(hers, tongue)
    assert {name: found for name, found in faults.items() if found} == {}


def _at_the_till(page: Page, tongue: str, code: str) -> dict[str, list[str]]:
    faults = {}
    for name, typed in (("verdict", code), ("used", code), ("unknown", "AAAA AAAA AA")):
        page.goto("/store/redeem")
        page.fill("#code", typed)
        page.click("#check")
        page.wait_for_url("**/check")
        faults[name] = faults_of(page, tongue)
        if name == "verdict":
            page.fill("#amount", "299")
            page.click("#confirm")
            page.wait_for_url("**/done/*")
            faults["done"] = faults_of(page, tongue)
            page.goto(page.url.replace("done", "undo"))
            faults["undo"] = faults_of(page, tongue)
    return faults
