"""F10: beside a chat the right button stands for every way in, and what is sent is what was shown."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

HERS = """SELECT f.external_userid, c.ref FROM follow f JOIN guide g ON g.id = f.guide_id
JOIN customer c ON c.id = f.customer_id JOIN customer_tier t ON t.customer_id = c.id
WHERE g.userid = 'SuQing' AND f.ended_at IS NULL AND NOT c.marketing_held
ORDER BY t.rank, c.id LIMIT 1 OFFSET ?"""
DONE = """SELECT count(*) FROM guide_task t JOIN follow f ON f.customer_id = t.customer_id
WHERE f.external_userid = ?"""
STUB = """
const said = what => { const all = JSON.parse(document.body.dataset.said || '[]');
  document.body.dataset.said = JSON.stringify([...all, what]); };
window.ww = { env: { isWeCom: true },
  register: o => Promise.all([o.getConfigSignature(location.href), o.getAgentConfigSignature(location.href)])
    .then(all => { document.body.dataset.signed = all.map(one => one.signature.length).join(); }),
  getContext: async () => ({ entry: '%(entry)s' }),
  getCurExternalContact: async () => ({ userId: '%(who)s' }),
  sendChatMessage: async message => said({ message }),
  openEnterpriseChat: async chat => said({ chat }),
};
"""


def beside(page: Page, address: str, *, entry: str, who: str = "") -> Page:
    """The page as WeCom's browser would open it."""
    script = STUB % {"entry": entry, "who": who}
    page.unroute("**/vendor/wecom-jssdk.min.js")
    page.route(
        "**/vendor/wecom-jssdk.min.js",
        lambda route: route.fulfill(body=script, content_type="text/javascript"),
    )
    page.goto(address)
    return page


def said(page: Page) -> list[dict]:
    return json.loads(page.locator("body").get_attribute("data-said") or "[]")


def test_from_her_chat_the_words_shown_are_the_words_sent(opens, shop):
    external, _ = shop.finds(HERS, 0)
    page = beside(
        opens("/guide", width=390), "/guide/side", entry="single_chat_tools", who=external
    )
    page.wait_for_url(f"**/guide/side?cid={quote(external)}")
    expect(page.locator("body")).to_have_attribute("data-signed", "40,40")
    page.click("#another")
    words = page.locator(".choice:not([hidden]) textarea")
    words.fill(words.input_value() + "周末见。")
    shown = words.input_value()
    page.click("#send")
    expect(page.locator("#sent")).to_be_visible()
    assert [one["message"]["text"]["content"] for one in said(page)] == [shown]
    assert shop.counts(DONE, external) == 1


def test_words_for_one_do_not_go_to_another(opens, shop):
    (hers, _), (other, _) = shop.finds(HERS, 1), shop.finds(HERS, 2)
    page = opens("/guide", width=390)
    beside(page, f"/guide/side?cid={hers}", entry="single_chat_tools", who=other)
    expect(page.locator("#other")).to_be_visible()
    expect(page.locator("#send")).to_be_hidden()
    expect(page.locator("#open-chat")).to_be_visible()


@pytest.mark.parametrize("entry", ["normal", "group_chat_tools"])
def test_elsewhere_her_chat_is_opened_with_the_words_copied(opens, shop, entry):
    external, ref = shop.finds(HERS, 1)
    page = opens("/guide", width=390)
    beside(page, f"/guide/side?cid={ref}", entry=entry)
    expect(page.locator("#in-group")).to_be_visible(visible=entry == "group_chat_tools")
    expect(page.locator("#send")).to_be_hidden()
    page.click("#open-chat")
    assert said(page) == [{"chat": {"externalUserIds": [external]}}]


def test_in_a_group_without_a_customer_it_says_so(opens):
    page = beside(opens("/guide", width=390), "/guide/side", entry="group_chat_tools")
    expect(page.get_by_text("这里是群聊，没有一位正在聊的顾客")).to_be_visible()


def test_outside_of_wecom_it_explains_the_way_in(opens, shop):
    page = opens(f"/guide/side?cid={shop.finds(HERS, 1)[0]}", width=390)
    expect(page.locator("#outside")).to_contain_text("请从聊天右侧的工具栏打开")
    expect(page.locator("#only-copy")).to_be_visible()
    expect(page.locator("#send")).to_be_hidden()
