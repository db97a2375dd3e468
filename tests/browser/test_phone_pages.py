"""The pages that only somebody known sees: a customer's own, and what the till answers."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import looks

HERS = (
    "",
    "/points",
    "/activities",
    "/contests/outfit",
    "/games/next-season",
    "/games/weekly-draw",
    "/games/daily",
    "/games/style",
    "/games/wardrobe",
    "/share",
    "/preferences",
    "/data",
    "/data/all",
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


def test_a_switch_turns_back_when_it_fails_and_her_wish_to_be_forgotten_is_taken_back(
    shop, browser
):
    """In a browser of its own: what fails here is meant to."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=shop.url)
    page = context.new_page()
    page.goto("/sandbox?who=visitor-77")
    page.locator(".m.bot").first.wait_for()
    with context.expect_page() as opened:
        page.click("#do-wallet")
    hers = opened.value
    hers.set_viewport_size({"width": 390, "height": 844})
    hers.goto("/h5/preferences")
    knob = hers.locator("#sw-topic_offers")
    knob.click()
    expect(knob).to_have_attribute("aria-checked", "false")
    hers.locator("#changed button").click()
    expect(knob).to_have_attribute("aria-checked", "true")
    hers.route("**/h5/preferences", lambda route: route.abort())
    knob.click()
    expect(hers.locator("#failed")).to_be_visible()
    expect(knob).to_have_attribute("aria-checked", "true")
    hers.unroute("**/h5/preferences")
    hers.goto("/h5/data/all")
    with hers.expect_download() as taken:
        hers.click("#take-file")
    assert taken.value.suggested_filename.endswith(".json")
    hers.goto("/h5/data")
    hers.click("#delete summary")
    hers.click("#do-delete")
    hers.click("#keep")
    expect(hers.locator("#delete summary")).to_be_visible()
    assert shop.counts("SELECT count(*) FROM erasure WHERE state = 'taken_back'") == 1
    context.close()


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
