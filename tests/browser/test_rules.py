"""The rule builder counts what the database counts, and its address can be shared."""

from __future__ import annotations

import re

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


def test_another_field_is_chosen_in_the_same_row(opens, shop):
    page = opens("/admin/customers?field=orders.count&op=gte&value=2")
    page.locator(".cond select[name=field]").select_option("tier")
    page.locator(".cond select[name=value]").select_option("核心")
    core = shop.counts(f"{BUYERS} AND t.tier = '核心'")
    expect(page.locator("#rule-total")).to_have_attribute("data-total", str(core))
    expect(page.locator(".cond select[name=field]")).to_be_focused()


def test_a_group_of_conditions_counts_what_it_means(opens, shop):
    page = opens("/admin/customers?field=tier&op=in&value=核心")
    page.click("#add-group")
    page.locator(".nest select[name=field]").select_option("orders.count")
    expect(page.locator(".nest select[name=field]")).to_be_focused()
    page.locator(".nest input[name=value]").fill("5")
    page.locator(".nest select[name=open]").select_option("none")
    once = shop.counts(f"{TWICE} AND EXISTS (SELECT 1 FROM customer_tier t WHERE {CORE})", 5)
    core = shop.counts(f"{BUYERS} AND t.tier = '核心'")
    assert 0 < once < core
    expect(page.locator("#rule-total")).to_have_attribute("data-total", str(core - once))
    expect(page.locator("#rule-say")).to_contain_text("分层是 核心 且 不是（下单次数至少 5 次）")
    page.reload()
    expect(page.locator("#rule-total")).to_have_attribute("data-total", str(core - once))


def test_nobody_is_said_in_words(opens):
    page = opens("/admin/customers?field=orders.count&op=gte&value=9999")
    expect(page.locator("#rule-preview")).to_contain_text("没有人同时满足这些条件")
    expect(page.locator("#cust-table")).to_contain_text("没有符合条件的顾客")


def test_a_mistake_is_told_under_its_row(opens):
    page = opens("/admin/customers?field=orders.count&op=gte&value=2")
    page.fill(".cond input[name=value]", "两次")
    expect(page.locator(".cond .mistake")).to_contain_text("整数")
    page.fill(".cond input[name=value]", "2")
    expect(page.locator(".cond .mistake")).to_be_hidden()


def test_a_cell_of_the_heat_map_filters_the_list_and_survives_back(opens):
    page = opens("/admin/customers")
    cell = page.locator(".heat button:not([disabled])").first
    people = number_in(cell.locator("span").first.inner_text().split("，")[1].split("人")[0])
    cell.click()
    # The address is what survives; the number alone may be the end of a larger one.
    page.wait_for_url(re.compile("rf=[1-5]"))
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
    page.click("#publish-open")
    page.fill("#seg-name", "买过三次")
    page.click("#publish-do")
    expect(page.locator("#flash")).to_contain_text("分群已发布")
    expect(page.locator("#rule-h")).to_contain_text("第 1 版")
    assert total(page) == counted


def test_a_group_rule_shows_who_would_come_and_go(opens):
    page = opens("/admin/groups/vip")
    before = total(page)
    page.get_by_role("button", name="90 天没来").click()
    expect(page.locator("#rule-say .down")).not_to_have_text("−0")
    assert total(page) < before


CORE = "t.customer_id = c.id AND t.tier = '核心'"
BUYERS = "SELECT count(*) FROM customer c JOIN customer_tier t ON t.customer_id = c.id WHERE merged_into IS NULL"


def test_one_value_more_will_do(opens, shop):
    page = opens("/admin/customers?field=tier&op=in&value=核心")
    page.locator("[data-or]").select_option("沉睡")
    both = shop.counts(f"{BUYERS} AND t.tier IN ('核心', '沉睡')")
    expect(page.locator("#rule-total")).to_have_attribute("data-total", str(both))
    expect(page.locator("#rule-say")).to_contain_text("核心或沉睡")


def test_the_numbers_lead_to_the_people_behind_them(opens):
    page = opens("/admin/customers?segment=core")
    promised = number_in(page.locator("#why-no_consent").inner_text())
    page.click("#why-no_consent")
    expect(page.locator("#list-h .sub")).to_have_text(f"{promised} 人")
    expect(page.locator("#cust-table tbody .tag", has_text="能发")).to_have_count(0)
    page.get_by_role("link", name="取消").first.click()
    page.locator(".kpis a").nth(2).click()
    expect(page.locator(".cond")).to_have_count(1)


def test_the_difference_to_what_is_published_is_a_list(opens, shop):
    page = opens("/admin/customers?segment=core")
    expect(page.locator("#rule-say")).to_contain_text("+0")
    page.locator(".cond select[name=value]").first.select_option("潜力")
    better = shop.counts(f"{BUYERS} AND t.tier = '潜力'")
    expect(page.locator("#rule-say .up")).to_have_text(f"+{better}")
    page.locator("#rule-say .diff a").first.click()
    expect(page.locator("#list-h .sub")).to_have_text(f"{better} 人")


def test_keys_walk_the_heat_map_and_enter_chooses(opens):
    page = opens("/admin/customers")
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    cells = page.locator(".heat button:not([disabled])")
    cells.first.focus()
    page.keyboard.press("ArrowRight")
    expect(cells.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(cells.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".chip.on", has_text="R5")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(cells.nth(1)).to_have_attribute("aria-pressed", "false")


WEARING = """SELECT count(*) FROM customer_tag w JOIN tag t ON t.id = w.tag_id WHERE t.name = ?"""


def test_the_ticked_ones_are_tagged_and_a_campaign_begins_with_the_list(opens, shop):
    page = opens("/admin/customers?tier=核心&sort=-last")
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("上次消费")
    for box in page.locator("input[name=sel]").all()[:2]:
        box.check()
    page.click("#bulk-open")
    page.fill("#bulk-tag", "风格/通勤")
    page.click("#bulk-add")
    expect(page.locator("#changed")).to_contain_text("2 位")
    assert shop.counts(WEARING, "通勤") == 2
    page.click("#campaign-open")
    page.fill("#group-name", "核心的人")
    page.click("#campaign-do")
    expect(page).to_have_url(re.compile("/admin/campaigns/new"))
    assert shop.counts("SELECT count(*) FROM segment WHERE key = '核心的人'") == 1


def total(page: Page) -> int:
    return int(page.locator("#rule-total").get_attribute("data-total") or -1)
