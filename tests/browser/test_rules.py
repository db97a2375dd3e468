"""The rule builder counts what the database counts, and its address can be shared."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.acts import number_in

TWICE = """SELECT count(*) FROM customer c WHERE merged_into IS NULL AND
(SELECT count(*) FROM shop_order o WHERE o.customer_id = c.id AND o.amount_fen > o.refunded_fen) >= ?"""
FRIENDS = """SELECT count(*) FROM customer c WHERE merged_into IS NULL AND EXISTS
(SELECT 1 FROM follow f WHERE f.customer_id = c.id AND f.ended_at IS NULL)"""


def test_the_count_follows_what_is_typed(opens, shop):
    page = opens("/admin/customers?field=orders.count&op=gte&value=2")
    assert total(page) == shop.counts(TWICE, 2)
    page.fill(".cond input[name=value]", "5")
    expect(page.locator("#rule-total")).to_have_attribute("data-total", str(shop.counts(TWICE, 5)))
    expect(page.locator("#rule-say")).to_contain_text("下单次数至少 5 次")
    assert "value=5" in page.url


def test_a_condition_can_be_added_changed_and_removed(opens, shop):
    page = opens("/admin/customers")
    everybody = total(page)
    page.get_by_role("button", name="加了导购").click()
    expect(page.locator("#rule-total")).to_have_attribute("data-total", str(shop.counts(FRIENDS)))
    page.locator(".cond select[name=value]").select_option("no")
    expect(page.locator("#rule-total")).to_have_attribute(
        "data-total", str(everybody - shop.counts(FRIENDS))
    )
    page.get_by_role("button", name="删除这个条件").click()
    expect(page.locator("#rule-total")).to_have_attribute("data-total", str(everybody))


def test_nobody_is_said_in_words(opens):
    page = opens("/admin/customers?field=orders.count&op=gte&value=9999")
    expect(page.locator("#rule-preview")).to_contain_text("没有人同时满足这些条件")
    expect(page.locator("#cust-table")).to_contain_text("没有符合条件的顾客")


def test_a_mistake_is_told_under_its_row(opens):
    page = opens("/admin/customers?field=orders.count&op=gte&value=2")
    page.fill(".cond input[name=value]", "两次")
    page.wait_for_timeout(600)
    page.reload()
    expect(page.locator(".cond .mistake")).to_contain_text("整数")


def test_a_cell_of_the_heat_map_filters_the_list_and_survives_back(opens):
    page = opens("/admin/customers")
    cell = page.locator(".heat button:not([disabled])").first
    people = number_in(cell.locator("span").first.inner_text().split("，")[1].split("人")[0])
    cell.click()
    expect(page.locator("#list-h")).to_contain_text(f"{people} 人")
    page.reload()
    expect(page.locator(".heat [aria-pressed=true]")).to_have_count(1)
    page.locator("#cust-table a").filter(has_text="**").first.click()
    expect(page.locator("h1")).to_contain_text("*")
    page.go_back()
    expect(page.locator("#list-h")).to_contain_text(f"{people} 人")


def test_the_second_page_lists_other_people(opens):
    page = opens("/admin/customers")
    first = page.locator("#cust-table tbody a").first.get_attribute("href")
    page.get_by_role("link", name="下一页").click()
    expect(page.locator(".pager")).to_contain_text("2 /")
    assert page.locator("#cust-table tbody a").first.get_attribute("href") != first


def test_a_published_rule_can_be_opened_again(opens):
    page = opens("/admin/customers?field=orders.count&op=gte&value=3")
    counted = total(page)
    page.fill("#seg-name", "买过三次")
    page.get_by_role("button", name="发布").click()
    expect(page.locator("#flash")).to_contain_text("分群已发布")
    expect(page.locator("#rule-h")).to_contain_text("第 1 版")
    assert total(page) == counted


def test_a_group_rule_shows_who_would_come_and_go(opens):
    page = opens("/admin/groups/vip")
    before = total(page)
    page.get_by_role("button", name="90 天没来").click()
    expect(page.locator("#rule-say .down")).not_to_have_text("−0")
    assert total(page) < before


def total(page: Page) -> int:
    return int(page.locator("#rule-total").get_attribute("data-total") or -1)
