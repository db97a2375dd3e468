from __future__ import annotations

import aiohttp
import pytest

from bot.sandbox.errors import Refuse
from bot.sandbox.wecom.media import OfficialMedia, usable

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64


async def upload(bench, path, **query):
    form = aiohttp.FormData()
    form.add_field("media", PNG, filename="图.png", content_type="image/png")
    url = bench.sandbox.base_url + path
    query["access_token"] = await bench.token()
    return (await bench.raw("POST", url, data=form, params=query))[1]


async def fetch(bench, media_id):
    query = {"access_token": await bench.token(), "media_id": media_id}
    url = bench.sandbox.base_url + "/cgi-bin/media/get"
    async with bench.http.get(url, params=query) as answer:
        return await answer.read()


async def test_a_medium_lives_three_days(bench):
    made = await upload(bench, "/cgi-bin/media/upload", type="image")
    assert made["created_at"] == str(bench.sandbox.stage.clock.timestamp())
    assert await fetch(bench, made["media_id"]) == PNG
    await bench.advance(3 * 86400)
    assert b"40007" in await fetch(bench, made["media_id"])


async def test_attachments_and_pictures_for_texts(bench):
    path = "/cgi-bin/media/upload_attachment"
    assert (await upload(bench, path, media_type="image", attachment_type="1"))["media_id"]
    assert (await upload(bench, path, media_type="image"))["errcode"] == 41072
    assert (await upload(bench, "/cgi-bin/media/uploadimg"))["url"].startswith("http")


async def test_a_medium_is_known_where_it_was_uploaded_and_for_what_it_is(bench):
    made = await upload(bench, "/cgi-bin/media/upload", type="image")
    entered = await bench.act("say_kf", customer="c0004", text="在吗")
    assert entered["ok"]
    who = {
        "touser": bench.external("c0004"),
        "open_kfid": next(iter(bench.sandbox.stage.world.kf)),
    }

    async def sent(kind):
        body = {**who, "msgtype": kind, kind: {"media_id": made["media_id"]}}
        return (await bench.post("/cgi-bin/kf/send_msg", body))["errcode"]

    assert (await sent("image"), await sent("file")) == (0, 40007)
    assert usable(bench.sandbox.stage, made["media_id"], bench.sandbox.stage.now())
    with pytest.raises(Refuse):
        usable(
            bench.sandbox.stage,
            made["media_id"],
            bench.sandbox.stage.now(),
            room=OfficialMedia,
        )


async def test_an_oauth_code_names_the_guide_once(bench):
    code = (await bench.act("oauth_code", guide="WangFang", scope="snsapi_privateinfo"))["code"]
    who = await bench.get("/cgi-bin/auth/getuserinfo", code=code)
    assert who["userid"] == "WangFang"
    assert (await bench.get("/cgi-bin/auth/getuserinfo", code=code))["errcode"] == 42022
    detail = {"user_ticket": who["user_ticket"]}
    assert (await bench.post("/cgi-bin/auth/getuserdetail", detail))["userid"] == "WangFang"


async def test_an_oauth_code_is_good_for_five_minutes(bench):
    code = (await bench.act("oauth_code", customer="c0002"))["code"]
    await bench.advance(301)
    assert (await bench.get("/cgi-bin/auth/getuserinfo", code=code))["errcode"] == 42003
    fresh = (await bench.act("oauth_code", customer="c0002"))["code"]
    who = await bench.get("/cgi-bin/auth/getuserinfo", code=fresh)
    assert who["external_userid"] == bench.external("c0002")


async def test_tickets_stay_while_they_are_valid(bench):
    corp = await bench.get("/cgi-bin/get_jsapi_ticket")
    app = await bench.get("/cgi-bin/ticket/get", type="agent_config")
    assert corp["ticket"] != app["ticket"]
    assert (await bench.get("/cgi-bin/get_jsapi_ticket"))["ticket"] == corp["ticket"]
    await bench.advance(7200)
    assert (await bench.get("/cgi-bin/get_jsapi_ticket"))["ticket"] != corp["ticket"]
