"""F1 to F8 by keys alone: nothing here moves a mouse, and the focus is seen wherever it is used."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.acts import number_in
from tests.browser.hands import press, reach, write
from tests.browser.test_imports import rows

WAITING = """SELECT t.address FROM touch t JOIN mass_task m ON m.id = t.mass_task_id
JOIN campaign c ON c.id = t.campaign_id
WHERE t.state = 'handed_over' AND m.state = 'waiting' AND c.name = '用键盘发' LIMIT 1"""


def comes(opens, number: int) -> Page:
    page = opens(f"/sandbox?who=visitor-{number}")
    expect(page.locator(".m.bot .tx").first).to_contain_text("小禾")
    return page


def says(page: Page, words: str) -> None:
    before = page.locator(".m.me").count()
    write(page, "#say-i", words)
    page.keyboard.press("Enter")
    expect(page.locator(".m.me")).to_have_count(before + 1)


def test_f1_a_coupon_its_reason_and_its_call(opens):
    page = comes(opens, 41)
    press(page, ".chips button, #say-form button, button", "有什么优惠？")
    page.locator(".cpn").first.wait_for()
    reach(page, "[role=tab]")
    for _ in range(2):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(100)
    expect(page.locator("#tb3")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#tb3")).to_contain_text("2 处变化")
    page.keyboard.press("ArrowLeft")
    press(page, "details.api summary")
    expect(page.locator("details.api[open] pre").first).to_be_visible()


def test_f2_and_f6_three_faces_handed_over_and_sent_by_her_guide(opens, shop):
    page = opens("/admin/campaigns/new?segment=core")
    write(page, "#name", "用键盘发")
    write(page, "#text", "店里今天有人教叠毛衣，路过来看看。")
    write(page, "#holdout", "0")
    press(page, "button", "建草稿，去预演")
    expect(page.locator("#flash")).to_contain_text("草稿建好了")
    for number in (2, 3):
        press(page, "#next-face")
        expect(page.locator("#face-number")).to_contain_text(f"{number} / ")
        expect(page.locator(".htmx-settling, .htmx-added")).to_have_count(0)
    press(page, "#act-approve")
    promised = number_in(page.locator("#act-hand-over").inner_text())
    press(page, "#act-hand-over")
    expect(page.locator("#flash")).to_contain_text("已交给导购")
    for _ in range(60):
        if waiting := shop.finds(WAITING):
            break
        page.wait_for_timeout(250)
    assert promised > 0
    page.goto(f"/sandbox?who={waiting[0]}&ch=wecom")
    before = page.locator(".m.bot").count()
    press(page, "#g-send")
    expect(page.locator(".m.bot")).to_have_count(before + 1)


def test_f3_a_complaint_runs_out_of_time(opens):
    page = comes(opens, 43)
    press(page, "button", "我要投诉")
    expect(page.locator(".trace")).to_contain_text("处理完之前不给她发任何活动")
    for _ in range(8):
        if "客诉超时" in page.locator(".trace").inner_text():
            break
        shown = page.locator(".clock").inner_text()
        press(page, "#ck-next")
        expect(page.locator(".clock")).not_to_have_text(shown)
    expect(page.locator(".trace")).to_contain_text("客诉超时")


def test_f4_off_and_on_again(opens):
    page = comes(opens, 44)
    says(page, "订阅")
    says(page, "退订")
    with page.context.expect_page() as opened:
        press(page, "#do-wallet")
    hers = opened.value
    press(hers, "a", "消息偏好")
    expect(hers.locator("#all")).to_contain_text("重新接收")
    press(hers, "#all")
    expect(hers.locator("#all")).to_contain_text("全部不收")
    press(hers, "[role=switch]", key="Space")
    expect(hers.locator("#changed")).to_contain_text("关掉了")


def test_f5_a_rule_with_a_group_is_written_mended_and_taken_back(opens):
    page = opens("/admin/customers?field=orders.count&op=gte&value=2")
    before = page.locator("#rule-total").get_attribute("data-total")
    reach(page, "#rule [name=value]")
    write(page, "#rule [name=value]", "3")
    expect(page.locator("#rule-say")).to_contain_text("至少 3 次")
    press(page, "#add-group")
    expect(page.locator(".nest [name=open]")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#rule-say")).to_contain_text("不是")
    reach(page, ".nest [name=field]")
    page.locator(".nest [name=field]").press("Home")
    write(page, ".nest [name=value]", "9999")
    expect(page.locator("#rule-say")).to_contain_text("9999")
    assert "open=none" in page.url
    page.reload()
    expect(page.locator(".nest [name=open]")).to_have_value("none")
    press(page, ".nest > .rowline [data-rm]")
    expect(page.locator(".nest")).to_have_count(0)
    expect(page.locator("#add-row")).to_be_focused()
    press(page, "#rule .cond [data-rm]")
    expect(page.locator("#rule-total")).not_to_have_attribute("data-total", str(before))
    press(page, ".pager a", "下一页")
    expect(page.locator(".pager")).to_contain_text("2 /")


def test_f7_from_the_chat_to_the_till_and_back(opens):
    page = comes(opens, 47)
    press(page, "button", "有什么优惠？")
    page.locator(".cpn").first.wait_for()
    with page.context.expect_page() as opened:
        press(page, "#do-wallet")
    code = opened.value.locator("#code .code").inner_text()
    till = opens("/store/redeem", width=390)
    write(till, "#code", code.lower())
    till.keyboard.press("Enter")
    till.locator("#amount").wait_for()
    write(till, "#amount", "299")
    press(till, "#confirm")
    expect(till.locator("h1")).to_have_text("核销好了")
    till.goto("/store/redeem")
    write(till, "#code", code)
    till.keyboard.press("Enter")
    expect(till.locator("h1")).to_have_text("这张券已经用过了")
    press(till, "#undo")
    till.wait_for_url("**/undo/*")
    press(till, "#undo")
    expect(till.locator("h1")).not_to_have_text(re.compile("用过"))


def test_f8_a_file_is_chosen_checked_and_imported(opens):
    page = opens("/admin/imports")
    body = rows("K8").encode()
    file = {"name": "orders.csv", "mimeType": "text/csv", "buffer": body}
    # Listened for before the walk: a chooser that opens while the listener is on its way is the system's own.
    page.on("filechooser", lambda chooser: chooser.set_files(file))
    press(page, "#file")
    expect(page.locator("#file")).not_to_have_value("")
    press(page, "#send-do")
    expect(page.locator("#state")).to_have_attribute("data-state", "checked")
    press(page, "#run")
    expect(page.locator("#state")).to_have_attribute("data-state", "done")
    assert number_in(page.locator("#n-imported").inner_text()) == 40


def test_the_tags_are_walked_by_arrows_from_one_tab_stop(opens):
    page = opens("/admin/tags")
    here = page.locator("[role=treeitem]:focus")
    first = page.locator("[role=tree] > [role=treeitem]").first
    first.focus()
    page.keyboard.press("ArrowDown")
    expect(here).to_have_class("leaf")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(first).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    expect(here).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("End")
    expect(here).to_have_class("leaf")
    page.keyboard.press("Home")
    expect(first).to_be_focused()
    expect(page.locator("[role=tree] [tabindex='0']")).to_have_count(1)
