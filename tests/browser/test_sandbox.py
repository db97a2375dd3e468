"""F1–F4: say something, get a coupon, see why; nothing comes from a guide before she taps; care and consent hold."""

from __future__ import annotations

import time

from playwright.sync_api import Page, expect

from tests.browser.acts import busy, hand_over_a_campaign, number_in


def comes(opens, number: int) -> Page:
    """A visitor who has just been greeted."""
    page = opens(f"/sandbox?who=visitor-{number}")
    expect(page.locator(".m.bot .tx").first).to_contain_text("小禾")
    return page


def says(page: Page, words: str) -> None:
    before = page.locator(".m.me").count()
    page.fill("#say-i", words)
    page.keyboard.press("Enter")
    expect(page.locator(".m.me")).to_have_count(before + 1)


def next_thing(page: Page) -> None:
    shown = page.locator(".clock").inner_text()
    page.click("#ck-next")
    expect(page.locator(".clock")).not_to_have_text(shown)


def test_f1_a_visitor_gets_a_coupon_within_two_seconds_and_reads_why(opens):
    page = comes(opens, 1)
    asked = time.monotonic()
    page.get_by_role("button", name="有什么优惠？").click()
    page.locator(".cpn").first.wait_for()
    assert time.monotonic() - asked < 2 * busy()
    expect(page.locator(".trace li.now").first).to_contain_text("发出一张券")
    expect(page.locator(".trace li.now .why").first).to_contain_text("每人只能领一次")
    expect(page.locator("#tb3")).to_contain_text("2 处变化")
    expect(page.locator("#steps-done")).to_have_text("2 / 5")
    page.click("#tb2")
    sent = page.locator("details.api").filter(has_text="/cgi-bin/kf/send_msg").first
    sent.locator("summary").click()
    expect(sent.locator("pre").first).to_contain_text("open_kfid")
    expect(sent.get_by_role("button", name="复制 curl")).to_be_visible()


def test_f2_nothing_arrives_before_the_guide_taps(opens, shop):
    page = opens("/admin")
    hand_over_a_campaign(
        page, "只等一下", "这周新到了几件薄外套，想试的话来店里找我。", "sleeping"
    )
    who, guide = _somebody_waiting(shop)
    page.goto(f"/sandbox?who={who}&ch=wecom")
    before = page.locator(".m.bot").count()
    arrived = shop.counts(ARRIVED, who)
    page.get_by_role("button", name=f"扮演{guide}，点发送").click()
    expect(page.locator(".m.bot")).to_have_count(before + 1)
    expect(page.locator(".m.bot .tx").last).to_contain_text("薄外套")
    shown = page.locator(".clock").inner_text()
    page.click("#ck-1h")
    expect(page.locator(".clock")).not_to_have_text(shown, timeout=60_000)
    page.click("#tb1")
    expect(page.locator(".trace")).to_contain_text("只等一下：已送达")
    assert shop.counts(ARRIVED, who) == arrived + 1


def _somebody_waiting(shop) -> tuple[str, str]:
    return shop.finds(
        "SELECT t.address, g.name FROM touch t JOIN mass_task m ON m.id = t.mass_task_id"
        " JOIN guide g ON g.id = m.guide_id JOIN campaign c ON c.id = t.campaign_id"
        " WHERE t.state = 'handed_over' AND m.state = 'waiting' AND c.name = '只等一下' LIMIT 1"
    )


ARRIVED = "SELECT count(*) FROM touch WHERE address = ? AND state = 'delivered'"
SENT_INTO_A_CASE = """SELECT count(*) FROM touch t JOIN service_case k ON k.customer_id = t.customer_id
WHERE t.purpose = 'marketing' AND t.sent_at >= k.opened_at AND k.state <> 'closed'"""


def test_f3_a_complaint_has_its_clocks_and_holds_marketing(opens, shop):
    page = comes(opens, 4)
    says(page, "订阅")
    page.get_by_role("button", name="我要投诉").click()
    expect(page.locator(".trace")).to_contain_text("处理完之前不给她发任何活动")
    expect(page.locator(".queue")).to_contain_text("客诉的时限")
    for said in ("客诉快到时限", "客诉超时", "客诉升级"):
        for _ in range(6):
            if said in page.locator(".trace").inner_text():
                break
            next_thing(page)
        expect(page.locator(".trace")).to_contain_text(said)
    shown = page.locator(".clock").inner_text()
    page.click("#ck-7d")
    expect(page.locator(".clock")).not_to_have_text(shown, timeout=60_000)
    page.click("#tb3")
    expect(page.locator("[data-fact=cases]")).to_contain_text("处理中")
    assert shop.counts(SENT_INTO_A_CASE) == 0
    page.goto("/admin/cases")
    expect(page.locator("main")).to_contain_text("超时")


OPTED_OUT = "SELECT count(*) FROM consent_state WHERE purpose = 'marketing_wecom' AND NOT granted"


def opted_out_in_the_preview(opens) -> int:
    """What the rule of everybody says of those who turned away."""
    said = opens("/admin/customers").locator("#why-opted_out")
    return number_in(said.inner_text()) if said.count() else 0


def test_f4_opting_out_empties_the_queue_and_shows_everywhere(opens, shop):
    page = comes(opens, 22)
    says(page, "订阅")
    page.click("#tb3")
    expect(page.locator("[data-fact=consent]")).to_contain_text("同意收")
    before, shown = shop.counts(OPTED_OUT), opted_out_in_the_preview(opens)
    says(page, "退订")
    expect(page.locator("[data-fact=consent]")).to_contain_text("已退订")
    expect(page.locator(".queue")).not_to_contain_text("发一条消息")
    assert shop.counts(OPTED_OUT) == before + 1
    assert opted_out_in_the_preview(opens) == shown + 1
    with page.context.expect_page() as opened:
        page.click("#do-wallet")
    hers = opened.value
    hers.get_by_role("link", name="消息偏好").click()
    expect(hers.locator("#all")).to_contain_text("重新接收")
    hers.click("#all")
    expect(hers.locator("#all")).to_contain_text("全部不收")
    page.reload()
    page.click("#tb3")
    expect(page.locator("[data-fact=consent]")).to_have_text("同意收")


def test_the_official_accounts_menu_answers(opens):
    page = comes(opens, 5)
    page.click("#ch-official")
    page.click("#do-follow-2")
    page.locator(".omenu summary").first.click()
    page.get_by_role("button", name="积分和等级", exact=True).click()
    expect(page.locator(".m.bot .tx").last).to_contain_text("青铜")


def test_what_is_broken_on_purpose_is_seen_and_survived(opens):
    page = comes(opens, 6)
    page.click("#tb2")
    for fault, trace in (("forged", "403"), ("duplicate", "200"), ("token", "40014")):
        page.click(f"#f-{fault}")
        expect(page.locator("#sb-note")).to_contain_text("已模拟")
        before = page.locator(".m.bot").count()
        says(page, "我有多少积分")
        expect(page.locator(".m.bot")).to_have_count(before + 1)
        expect(page.locator("#tp2 .api").filter(has_text=trace).first).to_be_visible()
    page.click("#f-heal")
    expect(page.locator("#sb-note")).to_contain_text("一切正常")


def test_a_saved_session_plays_again_the_same(opens, tmp_path):
    page = comes(opens, 7)
    page.get_by_role("button", name="有什么优惠？").click()
    page.locator(".cpn").first.wait_for()
    says(page, "我有多少积分")
    page.locator("#keep summary").click()
    with page.expect_download() as saved:
        page.click("#save")
    saved.value.save_as(tmp_path / "scenario.json")
    page.set_input_files("#replay-file", tmp_path / "scenario.json")
    page.click("#replay")
    expect(page.locator("#sb-note")).to_contain_text("都和存的时候一样", timeout=30_000)
    expect(page.locator(".cpn")).to_have_count(1)
