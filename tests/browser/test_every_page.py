"""Every page opens without trouble and fits a phone."""

from __future__ import annotations

import pytest

PAGES = (
    "/sandbox?who=visitor-9",
    "/admin",
    "/admin/customers",
    "/admin/groups",
    "/admin/groups/benefit",
    "/admin/campaigns",
    "/admin/campaigns/new",
    "/admin/cases",
    "/admin/audit?check=1",
)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_it_opens_and_fits(opens, path, width):
    page = opens(path, width=width, height=844)
    page.wait_for_load_state("networkidle")
    assert page.locator("h1").count() == 1
    assert _widest(page) <= width


def test_one_customer_opens_and_fits(opens):
    page = opens("/admin/customers", width=390, height=844)
    page.goto(page.locator("#cust-table tbody a").first.get_attribute("href"))
    assert page.locator("h1").count() == 1
    assert _widest(page) <= 390


def _widest(page) -> int:
    box = page.locator("html").evaluate_handle("element => element.scrollWidth")
    return int(box.json_value())
