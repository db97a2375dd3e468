"""What the dry run promises is what is handed over, once."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.acts import draft_a_campaign, hand_over_a_campaign, number_in

HANDED = "SELECT count(*) FROM touch t JOIN campaign c ON c.id = t.campaign_id WHERE c.name = ? AND t.state = ?"


def test_the_number_on_the_button_is_handed_over(opens, shop):
    page = opens("/admin")
    promised = hand_over_a_campaign(
        page, "试一批", "店里换了早春的陈列，路过进来坐坐。", "one-order"
    )
    assert promised > 0
    assert shop.counts(HANDED, "试一批", "handed_over") == promised


def test_the_receipt_adds_up(opens):
    page = opens("/admin")
    draft_a_campaign(page, "先看看", "明天店里做熨烫日，衣服可以带来。", "not-in-any-group")
    lines = [number_in(cell) for cell in page.locator("#receipt .dry dd").all_inner_texts()]
    audience, *minus, planned = lines
    assert audience - sum(minus) == planned
    expect(page.locator(".pv .tx").first).to_contain_text("熨烫日")


def test_a_second_click_hands_nothing_over_again(opens, shop):
    page = opens("/admin")
    draft_a_campaign(page, "只一次", "周末有人在店里教围巾的系法。", "plain-recent")
    page.click("#act-approve")
    address = page.url.split("?")[0]
    other = page.context.new_page()
    other.goto(address)
    page.get_by_role("button", name=re.compile("交给导购")).click()
    expect(page.locator("#flash")).to_contain_text("已交给导购")
    other.reload()
    expect(other.get_by_role("button", name=re.compile("交给导购"))).to_have_count(0)
    assert shop.counts("SELECT count(*) FROM campaign WHERE name = '只一次'") == 1


def test_the_kill_switch_is_seen_on_every_page(opens):
    page = opens("/admin/campaigns")
    page.fill("#why", "话术写错了")
    page.get_by_role("button", name="停掉全部发送").click()
    page.goto("/admin/customers")
    expect(page.get_by_role("alert").first).to_contain_text("全部发送已紧急停止")
    page.goto("/admin/campaigns")
    page.fill("#why", "改好了")
    page.get_by_role("button", name="恢复发送").click()
    expect(page.locator("#flash")).to_contain_text("发送已恢复")
