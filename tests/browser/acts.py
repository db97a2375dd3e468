"""What people do on several pages."""

from __future__ import annotations

import os
import re
from contextlib import suppress

from playwright.sync_api import Error, Page, expect


def busy() -> float:
    """How many times longer than alone something takes on this machine now."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def number_in(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def draft_a_campaign(page: Page, name: str, words: str, segment: str) -> None:
    page.goto(f"/admin/campaigns/new?segment={segment}")
    page.fill("#name", name)
    page.fill("#text", words)
    page.fill("#holdout", "0")
    page.get_by_role("button", name="建草稿，去预演").click()
    expect(page.locator("#flash")).to_contain_text("草稿建好了")


def hand_over_a_campaign(page: Page, name: str, words: str, segment: str) -> int:
    """Draft, approve and hand over; how many people the button said."""
    draft_a_campaign(page, name, words, segment)
    page.click("#act-approve")
    button = page.get_by_role("button", name=re.compile("交给导购"))
    promised = number_in(button.inner_text())
    button.click()
    expect(page.locator("#flash")).to_contain_text("已交给导购")
    page.wait_for_timeout(300)
    for _ in range(40):
        with suppress(
            Error
        ):  # the page renews itself once all is handed over, maybe at this very moment
            page.reload()
        if page.locator("[data-state=handed_over]").count():
            break
        page.wait_for_timeout(250)
    return promised
