"""Campaigns, words, the connection and page budgets, with real clicks."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.browser.acts import draft_a_campaign, hand_over_a_campaign, number_in

TEXT = "/admin/content/sleeping/soft"
PLANNED = (
    "SELECT count(*) FROM touch t JOIN campaign c ON c.id = t.campaign_id"
    " WHERE c.name = ? AND t.arm = 'treated'"
)
TWICE = (
    "SELECT count(*) FROM (SELECT 1 FROM mass_task m JOIN campaign c ON c.id = m.campaign_id"
    " WHERE c.name = ? GROUP BY m.guide_id HAVING count(*) > 1)"
)


def test_three_faces_before_it_is_handed_over_and_a_second_click_does_nothing(opens, shop):
    page = opens("/admin")
    draft_a_campaign(page, "看三位", "周末有人教打领带，路过来坐坐。", "potential")
    page.click("#act-approve")
    for number in (2, 3):
        page.click("#next-face")
        expect(page.locator("#face-number")).to_contain_text(f"{number} / ")
    expect(page.locator(".pv .tx")).to_contain_text("打领带")
    promised = number_in(page.locator("#act-hand-over").inner_text())
    # Twice within one moment: the key of the form makes the second click the same act.
    page.locator("#act-hand-over").dblclick()
    expect(page.locator("#flash")).to_contain_text("已交给导购")
    for _ in range(40):
        if shop.counts(PLANNED, "看三位"):
            break
        page.wait_for_timeout(250)
    assert shop.counts(PLANNED, "看三位") == promised
    assert shop.counts(TWICE, "看三位") == 0


def test_what_was_typed_survives_a_server_that_is_gone_and_is_saved_once(opens, shop, browser):
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=shop.url)
    page = context.new_page()
    page.goto(TEXT)
    said = page.locator("#words").input_value() + "\n随时来坐坐。"
    context.route("**/admin/content/**", lambda route: route.abort("connectionrefused"))
    page.fill("#words", said)
    page.click("#save")
    expect(page.locator("#offline")).to_be_visible()
    assert page.locator("#words").input_value() == said
    context.unroute("**/admin/content/**")
    page.click("[data-retry]")
    expect(page.locator("#flash")).to_contain_text("保存了")
    assert page.locator("#words").input_value() == said
    assert shop.counts("SELECT version FROM content_edit WHERE name = 'texts/sleeping/soft'") == 1
    page.click("#restore")
    expect(page.locator("#flash")).to_contain_text("恢复成文件里")
    context.close()


@pytest.mark.parametrize(
    ("do", "cause"),
    [("errcode:40001", "Secret 不对"), ("errcode:60020", "可信 IP"), ("delay:8", "秒没有回答")],
)
def test_each_trouble_of_the_connection_has_its_cause_and_its_mend(opens, shop, do, cause):
    env = dict(
        line.partition("=")[::2]
        for line in (shop.database.parent / "sandbox.env").read_text().splitlines()
        if "=" in line
    )
    base, secret = (env[f"SIYU_WECOM_{name}"].strip("\"'") for name in ("API_BASE", "SECRET"))
    page = opens("/admin/connect")
    _faults(base, [{"match": "*/gettoken", "p": 1, "do": do}])
    try:
        page.click("#check")
        trouble = page.locator("#trouble")
        expect(trouble).to_contain_text(cause, timeout=30_000)
        expect(trouble).to_contain_text("这样修")
        assert secret not in page.content()
    finally:
        _faults(base, [])


def test_a_callback_that_was_signed_with_another_token_is_explained(opens, shop):
    """As when somebody saves the admin page of WeCom with a Token that is not ours."""
    page = opens("/admin/connect")
    query = f"msg_signature={'0' * 40}&timestamp=1772072640&nonce=n&echostr=c2VhbGVk"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{shop.url}/callback/wecom?{query}", timeout=10)
    assert refused.value.code == 403
    refused.value.close()
    page.click("#check")
    told = page.locator("tr[data-check=wecom_callback]", has_text="拒收了")
    expect(told).to_contain_text("签名对不上", timeout=30_000)
    expect(told).to_contain_text("这样修")
    expect(told).to_contain_text("Token")


def _faults(base: str, faults: list[dict[str, object]]) -> None:
    request = urllib.request.Request(
        f"{base}/__sandbox__/faults",
        data=json.dumps({"faults": faults}).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=10).close()


def test_the_number_on_a_page_is_the_number_of_people_behind_it(opens):
    page = opens("/admin")
    hand_over_a_campaign(page, "数得清", "店里今天有人熨衣服。", "not-in-any-group")
    link = page.locator("[data-state] a").first
    said = number_in(link.inner_text())
    link.click()
    expect(page.locator(".page-h p.num")).to_contain_text(re.compile(rf"^{said:,} 人"))
