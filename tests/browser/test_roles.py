"""F12: whoever signs in finds what her role may open, and nothing else opens for her."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from bot.domain.permissions import may
from bot.inbound.commands import matrix
from bot.web.console.frame import MENU
from tests.browser.shop import PASSWORD, STAFF

ONLY_LOOKS = True

ENTRIES = [entry for _group, entries in MENU for entry in entries]


@pytest.mark.parametrize("role", [role for role in STAFF if role != "clerk"])
def test_the_menu_holds_what_the_role_may_open(shop, browser, role):
    """Each entry of the menu opens; each that is hidden says no in words, also to whoever types its address."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=shop.url)
    page = context.new_page()
    page.goto("/login")
    page.fill("#name", role)
    page.fill("#password", PASSWORD)
    page.click("#enter")
    shown = {a.get_attribute("href") for a in page.locator("nav.nav > a").all()}
    for entry in ENTRIES:
        allowed = may(matrix(), entry.permission, role)
        assert (entry.address in shown) is allowed, entry.address
        answer = page.goto(entry.address)
        assert answer
        assert answer.status == (200 if allowed else 403), entry.address
        expect(page.locator("h1")).to_be_visible()
    context.close()


def test_a_clerk_sees_the_till_and_no_console(shop, browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=shop.url)
    page = context.new_page()
    page.goto("/login?next=/store/redeem")
    page.fill("#name", "clerk")
    page.fill("#password", PASSWORD)
    page.click("#enter")
    expect(page.locator("#code")).to_be_visible()
    cookies = context.cookies()
    context.close()
    assert {cookie["name"] for cookie in cookies}
