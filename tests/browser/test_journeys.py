"""A journey written by keyboard in a real browser: the steps change in place, and what counts is what was published."""

from __future__ import annotations

import re

from playwright.sync_api import expect


def test_a_journey_is_written_with_the_keyboard_alone(shop, opens):
    page = opens("/admin/campaigns/journeys/-/new")
    page.get_by_label("旅程的名字").fill("新鞋回访")
    page.keyboard.press("Enter")
    page.wait_for_url("**/edit")
    page.locator("#trigger").select_option("order_paid")
    page.locator("#s-1-template").select_option("newcomer/style")
    expect(page.locator("#s-1-reads")).to_contain_text("会读到")
    page.locator("#kind-s").select_option("guide_task")
    page.locator("#add-s").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#s-2")).to_be_focused()
    page.get_by_role("button", name="第 3 步往上").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="第 2 步往上")).to_be_focused()
    page.locator("#next").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#flaws")).to_contain_text("为什么")
    page.get_by_role("link", name="接着改").click()
    page.locator("#flaws a").click()
    page.locator("#s-1-why").fill("看看鞋合不合脚")
    page.keyboard.press("Enter")
    expect(page.locator("#fine")).to_be_visible()
    page.locator("#next").click()
    page.locator("#publish").click()
    expect(page.locator("#flash")).to_contain_text("旅程已发布")
    key = re.search(r"/journeys/(j-\w+)", page.url)
    assert key
    steps = shop.finds("SELECT body ->> '$.steps' FROM playbook WHERE key = ?", key[1])[0]
    assert steps.index("guide_task") < steps.index("newcomer/style")
