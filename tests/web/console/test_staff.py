"""Colleagues and tills: a store's manager has her own clerks, her own tills and her own store's record."""

from __future__ import annotations

import re

from bot.store import access, audit
from tests.builders import a_store


async def two_stores(bot) -> None:
    async with bot.session() as session:
        for code in ("S01", "S02"):
            await a_store(session, code=code, name=f"{code} 店")
        for name, store in (("小一", "S01"), ("小二", "S02")):
            facts = {"role": "clerk", "store": store, "password": None, "now": bot.now}
            await access.add_user(session, name=name, **facts)


async def test_a_manager_sees_to_her_own_clerks_and_to_nobody_else(bot, shop):
    await two_stores(bot)
    page = await (await shop.signs_in("manager", "店长一", "S01")).opens("/admin/staff")
    assert "小一" in page.text
    assert "小二" not in page.text
    form = page.form("/admin/staff")
    made = await page.sends("/admin/staff", name="小三")
    password = re.search(r'id="password">([^<]+)<', made.html)[1]
    async with bot.session() as session:
        assert (await access.sign_in(session, name="小三", password=password)).store == "S01"
    for wrong in ({"role": "manager"}, {"store": "S02"}):
        answer = await page.posts(
            "/admin/staff", **form | {"name": "小四", "key": str(wrong)} | wrong
        )
        assert answer.status == 403
    again = await page.opens("/admin/staff")
    change = again.form("/admin/staff/change")
    for act in ({"active": "0"}, {"userid": "x"}):
        answer = await again.posts(
            "/admin/staff/change", **change | act | {"name": "小二", "key": str(act)}
        )
        assert answer.status == 404
    raised = change | {"name": "小一", "role": "manager", "key": "raise"}
    assert (await again.posts("/admin/staff/change", **raised)).status == 403
    renewed = await again.posts("/admin/staff/password", **change | {"name": "小三", "key": "new"})
    async with bot.session() as session:
        assert await access.sign_in(session, name="小三", password=password) is None
    assert 'id="password"' in renewed.html


async def test_a_till_is_made_at_a_desk_paired_once_and_out_at_once(bot, shop):
    await two_stores(bot)
    page = await (await shop.signs_in("manager", "店长一", "S01")).opens("/admin/staff")
    assert (await page.sends("/admin/staff/tills", name="前台", pin="12a4")).status == 422
    page = await page.opens("/admin/staff")
    form = page.form("/admin/staff/tills")
    theirs = form | {"name": "后门", "pin": "2468", "store": "S02", "key": "other"}
    assert (await page.posts("/admin/staff/tills", **theirs)).status == 403
    made = await page.posts("/admin/staff/tills", **form | {"name": "前台", "pin": "2468"})
    link = re.search(r"/store/device/[\w-]+", made.html)[0]
    till = await shop.passer_by().opens(link)
    assert "PIN" in till.text
    till = await till.posts("/store/pin", pin="2468")
    assert till.url == "/store/redeem"
    again = await page.opens("/admin/staff")
    assert "能用" in again.text
    ((number),) = set(re.findall(r'action="/admin/staff/tills/(\d+)"', again.html))
    await again.sends(f"/admin/staff/tills/{number}", pin="9753")
    till = await till.opens("/store/redeem")
    assert till.url == "/store/pin"
    assert (await till.posts("/store/pin", pin="2468")).status == 401
    till = await till.posts("/store/pin", pin="9753")
    assert till.url == "/store/redeem"
    other = await shop.signs_in("manager", "店长二", "S02")
    kept = {"csrf": (await other.opens("/admin/staff")).form("/admin/staff")["csrf"], "key": "k"}
    assert (await other.posts(f"/admin/staff/tills/{number}", **kept)).status == 404
    again = await page.opens("/admin/staff")
    await again.posts(
        f"/admin/staff/tills/{number}", csrf=again.form("/admin/staff")["csrf"], key="g"
    )
    assert "还没有配对" in (await till.opens("/store/redeem")).text or till.url == "/store/pin"
    assert (await till.posts("/store/pin", pin="9753")).status == 403


async def test_a_manager_reads_what_her_own_store_did(bot, shop):
    await two_stores(bot)
    head = await (await shop.signs_in("owner", "boss")).opens("/admin/staff")
    await head.sends("/admin/staff", name="远处的人", role="operator")
    for number, store in (("一", "S01"), ("二", "S02")):
        page = await (await shop.signs_in("manager", f"店长{number}", store)).opens("/admin/staff")
        await page.sends("/admin/staff", name=f"新人{number}")
    hers = await page.opens("/admin/audit")
    assert "新人二" in hers.text
    assert "1 条" in hers.text
    assert "新人一" not in hers.text
    assert "远处的人" not in hers.text
    program = await shop.program("manager", "audit:read staff:read", "S01")
    _, told = await program.reads("audit")
    assert {row["store"] for row in told["items"]} == {"S01"}
    _, staff = await program.reads("staff")
    assert {one["name"] for one in staff["items"]} == {"小一", "新人一"}
    async with bot.session() as session:
        assert await audit.verify(session) is None
