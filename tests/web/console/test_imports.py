"""A file sent to the console: looked at, mapped, tried, written once, with its bad rows to download."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from sqlalchemy import func, select

from bot.domain.orders import Order
from bot.web.console.importing import WORKSHOP

HEAD = "订单号,手机号,下单时间,金额\n"
GOOD = "".join(f"N{n},138000{n:05},2024-03-{n % 27 + 1:02} 10:00,{n + 1}.50\n" for n in range(20))
BAD = "".join(f"B{n},138,2024-03-01,{n}\n" for n in range(13))


@pytest.fixture
async def boss(shop):
    boss = await shop.signs_in("owner", "boss")
    await boss.opens("/admin/imports")
    return boss


async def sent(shop, boss, text: str, *, encoding: str = "utf-8", kind: str = "orders"):
    """The page of a file that was sent and looked at."""
    token = re.search(r'id="send".*?name="csrf" value="([^"]+)"', boss.html, re.S)
    csrf = token[1] if token else ""
    answer = await boss.client.post(
        f"/admin/imports?kind={kind}&name=orders.csv",
        data=text.encode(encoding),
        headers={"X-CSRF-Token": csrf, "Content-Type": "application/octet-stream"},
    )
    assert answer.status == 200, await answer.text()
    page = json.loads(await answer.text())["page"]
    await settled(shop)
    return await boss.opens(page), page


async def settled(shop) -> None:
    await asyncio.gather(*shop.server.app[WORKSHOP].tasks)


def number(page, name: str) -> int:
    return int(re.search(rf'id="n-{name}">([\d,]+)', page.html)[1].replace(",", ""))


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
async def test_it_is_tried_written_and_never_counted_twice(bot, shop, boss, encoding):
    page, address = await sent(shop, boss, HEAD + GOOD + BAD, encoding=encoding)
    assert [number(page, name) for name in ("rows", "imported", "rejected")] == [33, 20, 13]
    assert "还没有写入" in page.text
    async with bot.session() as session:
        assert await session.scalar(select(func.count()).select_from(Order)) == 0
    await boss.sends(f"{address}/run")
    await settled(shop)
    page = await boss.opens(address)
    assert [number(page, name) for name in ("imported", "known", "rejected")] == [20, 0, 13]
    bad = await boss.opens(f"{address}/problems")
    assert bad.html.count("\n") == 14
    await boss.opens("/admin/imports")
    page, _ = await sent(shop, boss, HEAD + GOOD + BAD, encoding=encoding)
    assert [number(page, name) for name in ("imported", "known")] == [0, 20]
    async with bot.session() as session:
        assert await session.scalar(select(func.count()).select_from(Order)) == 20


async def test_the_page_may_be_looked_at_all_the_time(shop, boss):
    """Its files come and go meanwhile: the rows with problems are written anew, the file itself is taken away."""
    _, address = await sent(shop, boss, HEAD + GOOD * 20 + BAD * 300)
    await boss.sends(f"{address}/run")
    tasks = set(shop.server.app[WORKSHOP].tasks)
    while not all(task.done() for task in tasks):
        for path in (address, f"{address}/problems"):
            answer = await boss.client.get(path)
            assert answer.status in (200, 410)
    assert number(await boss.opens(address), "rejected") == 13 * 300


async def test_columns_nobody_could_guess_are_said(shop, boss):
    page, address = await sent(shop, boss, "甲,乙,丙,丁\nN1,13800000001,2024-03-01,9.90\n")
    assert "没有认出这些列" in page.text
    said = dict(zip("甲乙丙丁", ("order_no", "phone", "at", "amount"), strict=True))
    page = await boss.posts(
        f"{address}/check",
        **boss.form(f"{address}/check"),
        **{f"col:{name}": field for name, field in said.items()},
    )
    await settled(shop)
    page = await boss.opens(address)
    assert number(page, "imported") == 1


async def test_progress_is_told_until_it_is_over(shop, boss):
    _page, address = await sent(shop, boss, HEAD + GOOD)
    told = await boss.opens(f"{address}/events")
    assert '"state": "checked"' in told.html


async def test_what_is_no_table_and_who_may_not(shop, boss):
    page, _ = await sent(shop, boss, "<html><body>hello</body></html>")
    assert "是网页，不是 CSV" in page.text
    auditor = await shop.signs_in("auditor", "shen")
    assert (await auditor.opens("/admin/imports")).status == 403
