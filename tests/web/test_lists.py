"""A list as a file: the same rows as its page, harmless in a spreadsheet, and on record."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from datetime import UTC, datetime

import pytest
from openpyxl import load_workbook

from bot.events.commands import Actor, DraftCampaign
from bot.store import audit
from bot.web.lists import Sheet, harmless
from tests import sentences
from tests.web.faces import a_named_customer


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_no_cell_is_a_formula(first):
    assert harmless(f"{first}1+1") == f"'{first}1+1"


def test_numbers_stay_numbers_and_moments_local():
    assert harmless(-3) == -3
    at = datetime(2026, 3, 12, 2, 24, 5, 7, tzinfo=UTC)
    assert harmless(at, UTC) == at.replace(microsecond=0, tzinfo=None)


async def a_campaign(bot, name: str) -> None:
    boss = Actor(kind="owner", id="boss")
    drafted = {"segment": {"field": "orders.count", "op": "gte", "value": 1}, "text": "上新了"}
    await bot.does(DraftCampaign(actor=boss, key="k", at=bot.now, name=name, **drafted))


async def test_a_list_leaves_in_three_formats_and_is_on_record(bot, shop):
    await a_campaign(bot, '=HYPERLINK("http://x")')
    boss = await shop.signs_in("owner", "boss")
    page = await boss.opens("/admin/campaigns?state=draft")
    assert 'href="/admin/campaigns?state=draft&amp;format=csv"' in page.html

    answer = await boss.client.get("/admin/campaigns?state=draft&format=csv")
    body = await answer.read()
    assert body.startswith(b"\xef\xbb\xbf")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    ((_, first),) = [row[:2] for row in csv.reader(io.StringIO(body.decode("utf-8-sig")))][1:]
    assert first == '\'=HYPERLINK("http://x")'

    book = load_workbook(
        io.BytesIO(await (await boss.client.get("/admin/campaigns?format=xlsx")).read())
    )
    assert book.active["B2"].value == first
    (told,) = json.loads((await boss.opens("/admin/campaigns?format=json")).html)
    assert told["starts_at"] == "2026-03-12T10:24:00+08:00"

    trail = (await boss.opens("/admin/audit?action=export_list")).text
    assert trail.count("list:campaigns") == 3
    async with bot.session() as session:
        assert await audit.verify(session) is None


async def test_customers_leave_masked_with_a_reason_and_say_whose_file_it_is(bot, shop):
    await a_named_customer(bot, "林小满")
    boss, there = await shop.signs_in("owner", "boss"), "/admin/customers"
    assert (await boss.opens(f"{there}?format=csv")).status == 422
    page = await boss.opens(f"{there}?why=no_consent")
    assert '<input type="hidden" name="why" value="no_consent"><label' in page.html
    sheet = await boss.opens(f"{there}?format=csv&reason=对账")
    assert "林**" in sheet.html
    assert "小满" not in sheet.html
    said = sheet.html.strip().splitlines()[-1]
    number = re.match(r"导出编号 (\d+) · 店主 boss · 2026-03-12 10:24", said)[1]
    assert f"-{number}.csv" in sheet.headers["Content-Disposition"]
    told = json.loads((await boss.opens(f"{there}?format=json&reason=x")).html)
    assert told["export"] == {
        "number": int(number) + 1,
        "by": "店主 boss",
        "at": "2026-03-12T10:24:00+08:00",
    }
    assert [row["name"] for row in told["rows"]] == ["林**"]
    book = load_workbook(
        io.BytesIO(await (await boss.client.get(f"{there}?format=xlsx&reason=x")).read())
    )
    marks = (
        book.active["A3"].value,
        book.properties.description,
        book.active.oddFooter.center.text,
    )
    assert {mark.split(" · ")[1] for mark in marks} == {"店主 boss"}
    assert '"reason": "对账"' in (await boss.opens("/admin/audit?action=export_list")).text
    operator = await shop.signs_in("operator", "yun")
    assert "为什么导出" not in (await operator.opens(there)).html
    assert (await operator.opens(f"{there}?format=csv&reason=x")).status == 403


async def test_the_audit_trail_leaves_row_by_row(bot, shop):
    async with bot.session() as session:
        for n in range(3):
            await audit.append(
                session, at=bot.now, actor="owner:x", action="pause", subject=f"n:{n}", detail={}
            )
    told = json.loads(
        (await (await shop.signs_in("auditor", "au")).opens("/admin/audit?format=json")).html
    )
    assert [row["object"] for row in told] == ["list:audit", "n:2", "n:1", "n:0"]


async def test_another_format_is_refused(shop):
    page = await (await shop.signs_in("owner", "boss")).opens("/admin/cases?format=pdf")
    assert page.status == 400


PAGES = {
    "/admin/tags": "tags",
    "/admin/groups": "groups",
    "/admin/campaigns/journeys": "journeys",
    "/admin/content": "texts",
    "/admin/imports": "imports",
    "/admin/staff": "staff",
    "/admin/customers/merges": "merges",
    "/admin/contests": "contests",
    "/admin/campaigns/repeating": "repeating",
}


async def test_every_list_of_the_console_says_how_to_take_it_along(bot, shop):
    await bot.publishes()
    boss = await shop.signs_in("owner", "boss")
    for path, name in PAGES.items():
        page = await boss.opens(path)
        assert f'href="{path}?format=xlsx"' in page.html, path
        answer = await boss.client.get(f"{path}?format=json&lang=en")
        assert name in answer.headers["Content-Disposition"]
        assert isinstance(await answer.json(), list)
    for path in ("/admin/moments", "/admin/proposals"):
        assert await (await boss.client.get(f"{path}?format=json")).json() == []
    ((head, *_), *texts) = csv.reader(
        io.StringIO(await (await boss.client.get("/admin/content?format=csv")).text())
    )
    assert (head, len(texts)) == ("\ufeff代号", len(bot.content.templates))


def test_the_heads_of_every_list_are_translated():
    ours = [module for name, module in list(sys.modules.items()) if name.startswith("bot.web")]
    sheets = [one for module in ours for one in vars(module).values() if isinstance(one, Sheet)]
    assert len(sheets) >= 14
    heads = {column.words for sheet in sheets for column in sheet.columns}
    assert {one for one in heads if sentences.CHINESE.search(one)} - sentences.ids() == set()
