"""A file of orders from the shop's own computer: checked, mended, imported once, whatever its encoding."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acts import number_in

ORDERS = "SELECT count(*) FROM shop_order WHERE order_no LIKE ?"


def rows(mark: str) -> str:
    """Forty orders of ten buyers, and thirteen rows that nobody could use."""
    good = (
        f"{mark}{n},1391234{n % 10:04},2026-01-{n % 28 + 1:02} 11:20,{n + 1}.50,羊毛开衫"
        for n in range(40)
    )
    bad = (f"{mark}X{n},139,三月,三百,羊毛开衫" for n in range(13))
    return "\n".join(("订单号,手机号,下单时间,实付金额,商品名称", *good, *bad, ""))


def choose(page: Page, name: str, body: bytes) -> None:
    page.goto("/admin/imports")
    page.set_input_files("#file", {"name": name, "mimeType": "text/csv", "buffer": body})
    page.click("#send-do")
    expect(page.locator("#state")).to_have_attribute("data-state", "checked")


def figure(page: Page, name: str) -> int:
    return number_in(page.locator(f"#n-{name}").inner_text())


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_orders_are_checked_imported_and_counted_once(opens, shop, encoding):
    page, mark = opens("/admin/imports"), f"F8{encoding[:1]}"
    body = rows(mark).encode(encoding)
    choose(page, "orders.csv", body)
    assert [figure(page, n) for n in ("rows", "imported", "rejected")] == [53, 40, 13]
    expect(page.locator("#col-3")).to_have_value("amount")
    assert shop.counts(ORDERS, f"{mark}%") == 0
    page.click("#run")
    expect(page.locator("#state")).to_have_attribute("data-state", "done")
    page.reload()
    assert [figure(page, n) for n in ("imported", "rejected")] == [40, 13]
    with page.expect_download() as bad:
        page.click("#bad-file")
    assert len(bad.value.path().read_text(encoding="utf-8-sig").splitlines()) == 14
    choose(page, "again.csv", body)
    assert [figure(page, n) for n in ("imported", "known")] == [0, 40]
    assert shop.counts(ORDERS, f"{mark}%") == 40
    page.goto("/admin/customers?q=139 1234 0003")
    expect(page.locator("#list-h .sub")).to_have_text("1 人")


def test_columns_with_strange_names_are_chosen(opens, shop):
    page = opens("/admin/imports")
    body = "甲,乙,丙,丁\nF8c1,13912340001,2026-01-05 10:00,88\n"
    page.set_input_files(
        "#file", {"name": "x.csv", "mimeType": "text/csv", "buffer": body.encode()}
    )
    page.click("#send-do")
    expect(page.locator("#trouble")).to_contain_text("没有认出这些列")
    for place, meant in enumerate(("order_no", "phone", "at", "amount")):
        page.select_option(f"#col-{place}", meant)
    page.click("#again")
    expect(page.locator("#state")).to_have_attribute("data-state", "checked")
    assert figure(page, "imported") == 1
