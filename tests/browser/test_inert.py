"""Whatever people call themselves, their tags or their files stays words: nothing of it runs."""

from __future__ import annotations

import csv
import io

from playwright.sync_api import Page, expect

NASTY = '<img src=x onerror="window.hurt=1">'
FORMULA = "=cmd|'/c calc'!A1"
FILE = "姓名,手机号,地区\n"


def nothing_ran(page: Page) -> None:
    assert page.locator("img[src=x]").count() == 0


def a_row(*cells: str) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def test_names_tags_files_and_segments_are_words(opens, shop):
    page = opens("/admin/imports")
    body = FILE + a_row(NASTY, "13955550001", NASTY) + a_row(FORMULA, "13955550002", FORMULA)
    body += a_row(NASTY, "短", NASTY)
    page.set_input_files(
        "#file", {"name": f"{NASTY[:20]}.csv", "mimeType": "text/csv", "buffer": body.encode()}
    )
    page.check("#kind-customers")
    page.click("#send-do")
    expect(page.locator("#state")).to_have_attribute("data-state", "checked")
    nothing_ran(page)
    page.click("#run")
    expect(page.locator("#state")).to_have_attribute("data-state", "done")
    with page.expect_download() as bad:
        page.click("#bad-file")
    for cells in csv.reader(bad.value.path().read_text(encoding="utf-8-sig").splitlines()):
        assert not any(cell.startswith(("=", "+", "@")) for cell in cells)
    for phone in ("13955550001", "13955550002"):
        page.goto(f"/admin/customers?q={phone}")
        nothing_ran(page)
        page.locator("#cust-table tbody a").first.click()
        expect(page.locator("h1")).to_contain_text("*")
        nothing_ran(page)
    page.goto("/admin/customers?field=region&op=in&value=" + "%3Cimg%20src=x%20onerror=1%3E")
    expect(page.locator("#rule-say")).to_contain_text("<img")
    nothing_ran(page)
    page.click("#publish-open")
    page.fill("#seg-name", NASTY)
    page.click("#publish-do")
    expect(page.locator("#rule-h")).to_be_visible()
    nothing_ran(page)
    page.goto("/admin/tags")
    page.click("#new-tag")
    page.fill("#tag-group", "试试")
    page.fill("#tag-name", '<b>"粗"</b>'.replace("/", ""))
    page.click("#tag-do")
    expect(page.locator("main")).to_contain_text('<b>"粗"<b>')
    nothing_ran(page)
    formulas_stay_words(page)


def formulas_stay_words(page: Page) -> None:
    page.goto("/admin/customers?q=13955550002")
    page.click(".files summary")
    page.get_by_label("为什么导出").fill("核对名单")
    with page.expect_download() as taken:
        page.get_by_role("button", name="CSV").click()
    for cells in csv.reader(taken.value.path().read_text(encoding="utf-8-sig").splitlines()):
        assert not any(cell.startswith(("=", "+", "@")) for cell in cells)
