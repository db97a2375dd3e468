"""WeCom says who signs in: guides at their page, people of the back office at theirs."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from bot.calls import GetOAuthMember, Refused, Sent
from bot.store import access
from tests.builders import a_guide, a_store

IN_WECOM = {"User-Agent": "Mozilla/5.0 wxwork/4.1.36 MicroMessenger/7.0.1"}


async def people(bot) -> None:
    """王芳 serves in S01, 李娜 has left; the back office has a manager of S01 whom WeCom knows."""
    async with bot.session() as session:
        store = await a_store(session, code="S01", name="湖滨店")
        await a_guide(session, userid="WangFang", name="王芳", store_id=store.id)
        await a_guide(session, userid="LiNa", name="李娜", active=False)
        await access.add_user(
            session,
            name="店长",
            role="manager",
            store="S01",
            password=None,
            now=bot.now,
            userid="Boss",
        )


async def walks(shop, page: str, *, code: str = "WangFang"):
    """Opens a page in WeCom, which sends her on and brings her back."""
    face = shop.passer_by()
    await face.opens(page, headers=IN_WECOM, allow_redirects=False)
    while face.status == 303 and face.headers["Location"].startswith("/login"):
        await face.opens(face.headers["Location"], headers=IN_WECOM, allow_redirects=False)
    asked = parse_qs(urlsplit(face.headers["Location"]).query)
    return face, f"/login/wecom/back?code={code}&state={asked['state'][0]}"


async def test_a_guide_opens_her_page_in_wecom_and_is_there(bot, shop):
    await people(bot)
    face, back = await walks(shop, "/guide/c?q=1")
    assert face.headers["Location"].startswith("https://open.weixin.qq.com/connect/oauth2/")
    await face.opens(back)
    assert (face.status, face.url) == (200, "/guide/c?q=1")
    assert "王芳" in (await face.opens("/guide")).text
    assert (await face.opens("/admin")).status == 403


@pytest.mark.parametrize("code", ["LiNa", "Nobody", "Boss"])
async def test_whoever_is_no_guide_does_not_get_in(bot, shop, code):
    await people(bot)
    face, back = await walks(shop, "/guide", code=code)
    assert (await face.opens(back)).status == 403
    assert (await face.opens("/guide", allow_redirects=False)).status == 303


async def test_a_manager_whom_wecom_knows_sees_her_back_office(bot, shop):
    await people(bot)
    face, back = await walks(shop, "/admin/customers", code="Boss")
    await face.opens(back)
    assert (face.status, face.url) == (200, "/admin/customers")
    assert "店长" in face.text


async def test_a_guide_is_not_let_into_the_back_office(bot, shop):
    await people(bot)
    face, back = await walks(shop, "/admin")
    await face.opens(back)
    assert face.status == 403
    assert "siyu user bind 名字 WangFang" in face.text


async def test_a_state_is_good_once_and_for_its_own_browser(bot, shop):
    await people(bot)
    face, back = await walks(shop, "/guide")
    assert (await shop.passer_by().opens(back)).status == 403
    await face.opens(back)
    assert (await face.opens(back)).url == "/guide"  # the back button: no second exchange
    assert len(bot.platform.sent(GetOAuthMember)) == 1


@pytest.mark.parametrize(
    "outcome", [Refused(42003, "bad_code", ""), Sent({"openid": "o-somebody"})]
)
async def test_somebody_outside_the_company_is_told_so(bot, shop, outcome):
    await people(bot)
    bot.platform.answers(GetOAuthMember, outcome)
    face, back = await walks(shop, "/guide")
    assert "企业微信没有认出你" in (await face.opens(back)).text


async def test_another_browser_shows_a_code_to_scan_and_asks_guides_for_no_password(bot, shop):
    face = await shop.passer_by().opens("/guide")
    assert 'type="password"' not in face.html
    await face.opens("/login/wecom?next=/guide", allow_redirects=False)
    assert face.headers["Location"].startswith("https://login.work.weixin.qq.com/wwlogin/sso/")
    assert 'type="password"' in (await face.opens("/admin")).html


@pytest.mark.parametrize("page", ["https://evil.example", "//evil.example", "/h5", "/l/1"])
async def test_the_way_back_is_one_of_our_own_faces(shop, page):
    face = await shop.passer_by().opens("/login/wecom", params={"next": page})
    assert face.url == "/login"
