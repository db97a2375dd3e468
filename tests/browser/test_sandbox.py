"""The front door: say something, get a coupon, and see why; nothing comes from a guide before she taps."""

from __future__ import annotations

import time

from playwright.sync_api import expect

from tests.browser.acts import hand_over_a_campaign


def test_a_visitor_is_greeted_and_gets_a_coupon_within_two_seconds(opens):
    page = opens("/sandbox?who=visitor-1")
    expect(page.locator(".m.bot .tx").first).to_contain_text("小禾")
    asked = time.monotonic()
    page.get_by_role("button", name="有什么优惠？").click()
    page.locator(".cpn").first.wait_for()
    assert time.monotonic() - asked < 2
    expect(page.locator(".trace li.now").first).to_contain_text("发出一张券")
    expect(page.locator("#tb3")).to_contain_text("处变化")


def test_the_calls_behind_it_are_shown(opens):
    page = opens("/sandbox?who=visitor-2")
    page.locator(".m.bot").first.wait_for()
    page.get_by_role("button", name="我有多少积分").click()
    expect(page.locator(".m.me")).to_have_count(1)
    expect(page.locator(".m.bot .tx").last).to_contain_text("青铜")
    page.click("#tb2")
    sent = page.locator("details.api").filter(has_text="/cgi-bin/kf/send_msg").first
    sent.locator("summary").click()
    expect(sent.locator("pre").first).to_contain_text("open_kfid")
    expect(sent.get_by_role("button", name="复制 curl")).to_be_visible()


def test_opting_out_shows_in_the_profile_at_once(opens):
    page = opens("/sandbox?who=visitor-3")
    page.locator(".m.bot").first.wait_for()
    page.fill("#say-i", "订阅")
    page.keyboard.press("Enter")
    page.click("#tb3")
    expect(page.locator("[data-fact=consent]")).to_have_text("同意收")
    page.fill("#say-i", "退订")
    page.keyboard.press("Enter")
    expect(page.locator("[data-fact=consent]")).to_have_text("已退订")


def test_the_official_accounts_menu_answers(opens):
    page = opens("/sandbox?who=visitor-5")
    page.locator(".m.bot").first.wait_for()
    page.click("#ch-official")
    page.click("#do-follow-2")
    page.locator(".omenu summary").first.click()
    page.get_by_role("button", name="积分和等级", exact=True).click()
    expect(page.locator(".m.bot .tx").last).to_contain_text("青铜")


def test_a_complaint_opens_a_case_with_a_clock(opens):
    page = opens("/sandbox?who=visitor-4")
    page.locator(".m.bot").first.wait_for()
    page.get_by_role("button", name="我要投诉").click()
    expect(page.locator(".trace")).to_contain_text("立了一件客诉")
    expect(page.locator(".queue")).to_contain_text("客诉的时限")
    page.goto("/admin/cases")
    expect(page.locator(".cq")).to_contain_text("还剩")


def test_nothing_arrives_before_the_guide_taps(opens, shop):
    page = opens("/admin")
    hand_over_a_campaign(
        page, "只等一下", "这周新到了几件薄外套，想试的话来店里找我。", "sleeping"
    )
    who, guide = _somebody_waiting(shop)
    page.goto(f"/sandbox?who={who}&ch=wecom")
    before = page.locator(".m.bot").count()
    page.get_by_role("button", name=f"扮演{guide}，点发送").click()
    expect(page.locator(".m.bot")).to_have_count(before + 1)
    expect(page.locator(".m.bot .tx").last).to_contain_text("薄外套")
    page.click("#ck-1h")
    expect(page.locator(".trace")).to_contain_text("只等一下：已送达")


def _somebody_waiting(shop) -> tuple[str, str]:
    return shop.finds(
        "SELECT t.address, g.name FROM touch t JOIN mass_task m ON m.id = t.mass_task_id"
        " JOIN guide g ON g.id = m.guide_id JOIN campaign c ON c.id = t.campaign_id"
        " WHERE t.state = 'handed_over' AND m.state = 'waiting' AND c.name = '只等一下' LIMIT 1"
    )
