"""Signing in, staying in and being put out; and tills that open by a PIN."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from bot.domain.access import StaffUser
from bot.store import access, audit_trail, devices
from bot.store.offers import tills
from tests.builders import a_store
from tests.web.faces import a_shop_floor

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
PASSWORD = "r4in-on-the-lake"


async def a_user(bot, name: str = "mei", role: str = "admin") -> None:
    async with bot.session() as session:
        await access.add_user(
            session, name=name, role=role, store=None, password=PASSWORD, now=bot.now
        )


async def comes_in(shop, name: str = "mei", password: str = PASSWORD):
    face = shop.passer_by()
    return await face.posts("/login", name=name, password=password, next="/admin")


async def test_the_console_closes_when_nobody_is_at_it(bot, shop):
    await a_user(bot)
    face = await comes_in(shop)
    for _ in range(3):
        bot.clock.advance(minutes=25)
        assert (await face.opens("/admin")).url == "/admin"
    bot.clock.advance(minutes=31)
    assert (await face.opens("/admin")).url.startswith("/login")


async def test_it_closes_after_a_day_however_busy_she_is(bot, shop):
    await a_user(bot)
    face = await comes_in(shop)
    for _ in range(25):
        bot.clock.advance(minutes=29)
        await face.opens("/healthz")
    assert (await face.opens("/admin")).url.startswith("/login")


async def test_signing_in_again_ends_the_session_before(bot, shop):
    await a_user(bot)
    face = await comes_in(shop)
    jar = face.client.session.cookie_jar
    first = next(one.value for one in jar if one.key == "siyu")
    await face.opens("/login/wecom/back")
    async with bot.session() as session:
        assert await access.session_of(session, first, bot.now)
    again = shop.passer_by()
    again.client.session.cookie_jar.update_cookies({"siyu": first}, again.client.make_url("/"))
    async with bot.session() as session:
        csrf = (await access.session_of(session, first, bot.now)).csrf
    await again.posts("/login", name="mei", password=PASSWORD, csrf=csrf)
    async with bot.session() as session:
        assert await access.session_of(session, first, bot.now) is None


@pytest.mark.parametrize("change", [{"active": False}, {"role": "auditor"}])
async def test_whoever_is_no_longer_who_she_was_is_out_at_once(bot, shop, change):
    await a_user(bot)
    face = await comes_in(shop)
    async with bot.session() as session:
        await session.execute(update(StaffUser).values(**change))
    assert (await face.opens("/admin")).url.startswith("/login")


async def test_guessing_is_stopped_for_names_there_are_and_are_not(bot, shop):
    await a_user(bot)
    assert (await comes_in(shop, "mei", "wrong-word")).status == 401
    for name in ("mei", "nobody"):
        await wrong_words(bot, f"sign-in:{access.fingerprint(name)[:16]}")
        assert (await comes_in(shop, name)).status == 429
    bot.clock.advance(minutes=11)
    assert (await comes_in(shop)).status == 200


async def wrong_words(bot, door: str) -> None:
    async with bot.session() as session:
        for _ in range(tills.MISSES + 1):
            await tills.missed(session, door, bot.now)


async def test_another_sites_page_signs_nobody_in(bot, shop):
    await a_user(bot)
    answer = await shop.passer_by().client.post(
        "/login", data={"name": "mei", "password": PASSWORD}, headers={"Origin": "http://evil"}
    )
    assert answer.status == 403


async def a_till(bot, shop):
    async with bot.session() as session:
        token = await devices.add(session, name="前台", store="S01", pin="2580", now=bot.now)
    face = shop.passer_by()
    await face.opens(f"/store/device/{token}")
    return face, token


async def test_a_paired_till_opens_by_its_pin(bot, shop):
    await a_shop_floor(bot)
    till, token = await a_till(bot, shop)
    assert till.url == "/store/pin"
    assert (await till.posts("/store/pin", pin="0000")).status == 401
    assert (await till.posts("/store/pin", pin="2580")).url == "/store/redeem"
    assert "湖滨店 · 收银员" in till.text
    assert (await shop.passer_by().opens(f"/store/device/{token}")).status == 403
    assert (await shop.passer_by().posts("/store/pin", pin="2580")).status == 403


async def test_a_till_asks_for_its_pin_and_not_for_a_name(bot, shop):
    async with bot.session() as session:
        await a_store(session, code="S01")
    till, _ = await a_till(bot, shop)
    assert (await till.opens("/store/redeem")).url == "/store/pin"
    await wrong_words(bot, "pin:1")
    assert (await till.posts("/store/pin", pin="2580")).status == 429


async def test_a_sixth_browser_ends_the_oldest(bot, shop):
    await a_user(bot)
    first = await comes_in(shop)
    for _ in range(5):
        bot.clock.advance(minutes=1)
        last = await comes_in(shop)
    assert (await first.opens("/admin")).url.startswith("/login")
    assert (await last.opens("/admin")).url == "/admin"


async def test_whoever_tries_many_doors_is_put_on_record(bot, shop):
    face = await shop.signs_in("care", "ca")
    for _ in range(21):
        assert (await face.opens("/admin/settings")).status == 403
    async with bot.session() as session:
        (told,) = [one for one in await audit_trail.page(session) if one.action == "many_refusals"]
    assert (told.actor, told.detail["times"]) == ("care:ca", 20)
