"""F7: from a chat to the till and back; one coupon is used once, whoever taps first."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.qr import text_of

LIVE = """SELECT count(*) FROM redemption r JOIN coupon c ON c.id = r.coupon_id
WHERE c.code = ? AND r.live IS NOT NULL"""


def a_wallet(opens, number: int) -> Page:
    """A visitor's own wallet with the coupon that she was given in the chat."""
    page = opens(f"/sandbox?who=visitor-{number}")
    page.locator(".m.bot").first.wait_for()
    page.get_by_role("button", name="有什么优惠？").click()
    page.locator(".cpn").first.wait_for()
    with page.context.expect_page() as opened:
        page.click("#do-wallet")
    opened.value.locator("#code svg").wait_for()
    return opened.value


def scanned(wallet: Page) -> str:
    return text_of(str(wallet.locator("#code").inner_html()))


def spoken(wallet: Page) -> str:
    return wallet.locator("#code .code").inner_text()


def checks(till: Page, code: str) -> None:
    till.goto("/store/redeem")
    till.fill("#code", code)
    till.click("#check")


def test_f7_scan_check_confirm_and_back(opens, shop):
    wallet, till = a_wallet(opens, 71), opens("/store/redeem", width=390)
    code = spoken(wallet).replace(" ", "")
    token = scanned(wallet)
    assert token.startswith("SYQ.")
    assert code not in token
    checks(till, token)
    expect(till.locator("h1")).to_have_text("填了金额就可以用")
    till.fill("#amount", "150")
    till.click("#confirm")
    expect(till.locator("h1")).to_have_text("这一单还差一点")
    till.fill("#amount", "299")
    till.click("#confirm")
    expect(till.locator("h1")).to_have_text("核销好了")
    expect(till.locator("[role=status]")).to_have_text("这一单减 ¥30")
    checks(till, spoken(wallet).lower())
    expect(till.locator("h1")).to_have_text("这张券已经用过了")
    expect(till.locator("[role=alert]")).to_have_text(re.compile(r"月 .* 日 .*已经在.*用掉了"))
    till.click("#undo")
    till.click("#undo")
    assert shop.counts(LIVE, code) == 0
    wallet.reload()
    checks(till, scanned(wallet))
    expect(till.locator("h1")).to_have_text("填了金额就可以用")


def test_f7_of_two_clerks_at_once_one_wins(opens, shop):
    wallet = a_wallet(opens, 72)
    one, other = opens("/store/redeem"), opens("/store/redeem")
    for till in (one, other):
        checks(till, spoken(wallet))
        till.fill("#amount", "299")
    for till in (one, other):
        till.click("#confirm", no_wait_after=True)
    for till in (one, other):
        expect(till.locator("h1")).to_have_text(re.compile("核销好了|这张券已经用过了"))
    verdicts = sorted(till.locator("h1").inner_text() for till in (one, other))
    assert verdicts == ["核销好了", "这张券已经用过了"]
    assert shop.counts(LIVE, spoken(wallet).replace(" ", "")) == 1
    wallet.reload()
    expect(wallet.locator("details.fold")).to_contain_text("用过和过期的（1）")


def test_f7_a_coupon_of_another_store_says_where_it_is_good(opens):
    desk = opens("/admin/coupons/-/new")
    for name, value in (("name", "静安店专享"), ("worth", "20"), ("pieces", "5")):
        desk.fill(f"#{name}", value)
    desk.fill("#ends", "2026-03-30")
    desk.check("[name=stores][value=S02]")
    desk.check("[name=claimable]")
    desk.click("#check")
    desk.click("#make")
    expect(desk.locator("#flash")).to_be_visible()
    wallet, till = a_wallet(opens, 74), opens("/store/redeem", width=390)
    wallet.goto("/h5/activities")
    wallet.locator("button.use", has_text="静安店专享").click()
    wallet.wait_for_url("**/h5?show=*")
    checks(till, spoken(wallet))
    expect(till.locator("h1")).to_have_text("这张券不是本店的")
    expect(till.locator("#confirm")).to_have_count(0)


def test_f7_a_coupon_that_ran_out_says_so(opens):
    wallet, till = a_wallet(opens, 73), opens("/store/redeem", width=390)
    code, old = spoken(wallet), scanned(wallet)
    world = opens("/sandbox?who=visitor-73")
    for by in ("ck-7d", "ck-7d", "ck-1d"):
        shown = world.locator(".clock").inner_text()
        world.click(f"#{by}")
        expect(world.locator(".clock")).not_to_have_text(shown, timeout=20_000)
    checks(till, old)
    expect(till.locator("h1")).to_have_text("顾客换了新码")
    checks(till, code)
    expect(till.locator("h1")).to_have_text("这张券已经过期")
    expect(till.locator("#confirm")).to_have_count(0)
