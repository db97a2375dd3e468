"""Drafts, publishing, look-ups, consents asked for by a page, and what a browser sees."""

from __future__ import annotations

import aiohttp
import pytest

from tests.sandbox.kit import Bench


async def thumb(bench: Bench) -> str:
    form = aiohttp.FormData()
    form.add_field("media", b"\xff\xd8 picture", filename="a.jpg")
    query = {"access_token": await bench.official_token(), "type": "image"}
    url = bench.sandbox.official_base_url + "/cgi-bin/material/add_material"
    return (await bench.raw("POST", url, data=form, params=query))[1]["media_id"]


async def test_a_draft_is_published_and_pushes_nothing_to_fans(bench):
    article = {"title": "秋冬上新", "content": "<p>大衣</p>", "thumb_media_id": await thumb(bench)}
    made = await bench.official("/cgi-bin/draft/add", {"articles": [article]})
    fresh = {**made, "index": 0, "articles": {**article, "title": "冬装"}}
    await bench.official("/cgi-bin/draft/update", fresh)
    got = await bench.official("/cgi-bin/draft/get", made)
    assert got["news_item"][0]["title"] == "冬装"
    job = await bench.official("/cgi-bin/freepublish/submit", made)
    waiting = {"publish_id": job["publish_id"]}
    assert (await bench.official("/cgi-bin/freepublish/get", waiting))["publish_status"] == 1
    await bench.advance(60)
    done = await bench.official("/cgi-bin/freepublish/get", waiting)
    assert (done["publish_status"], bench.ear.names) == (0, ["PUBLISHJOBFINISH"])
    listed = await bench.official("/cgi-bin/freepublish/batchget", {"offset": 0, "count": 5})
    assert [item["article_id"] for item in listed["item"]] == [done["article_id"]]
    assert (await bench.official("/cgi-bin/draft/count"))["total_count"] == 0
    await bench.official("/cgi-bin/freepublish/delete", {"article_id": done["article_id"]})
    gone = await bench.official("/cgi-bin/freepublish/getarticle", {"article_id": "x"})
    assert gone["errcode"] == 53600
    assert bench.arrivals() == []


async def test_a_draft_without_a_cover_is_refused(bench):
    article = {"title": "秋冬上新", "content": "x", "thumb_media_id": "none"}
    made = await bench.official("/cgi-bin/draft/add", {"articles": [article]})
    assert made["errcode"] == 40007


async def test_a_refused_call_can_be_looked_up_by_its_rid(bench):
    body = {"touser": "nobody", "msgtype": "text", "text": {"content": "x"}}
    refused = await bench.official("/cgi-bin/message/custom/send", body)
    rid = refused["errmsg"].rpartition("rid: ")[2]
    found = (await bench.official("/cgi-bin/openapi/rid/get", {"rid": rid}))["request"]
    assert "nobody" in found["request_body"]
    assert "40003" in found["response_body"]
    assert (await bench.official("/cgi-bin/openapi/rid/get", {"rid": "x"}))["errcode"] == 76001


async def test_quotas_are_counted_and_cleared_ten_times_a_month(bench):
    asked = {"cgi_path": "/cgi-bin/user/get"}
    await bench.official("/cgi-bin/user/get")
    quota = await bench.official("/cgi-bin/openapi/quota/get", asked)
    assert quota["quota"] == {"daily_limit": 500, "used": 1, "remain": 499}
    appid = {"appid": bench.world.official.app_id}
    codes = [(await bench.official("/cgi-bin/clear_quota", appid))["errcode"] for _ in range(11)]
    assert codes == [0] * 10 + [48006]
    quota = await bench.official("/cgi-bin/openapi/quota/get", asked)
    assert quota["quota"]["used"] == 0


async def test_a_page_asks_for_one_message_and_gets_one(bench):
    official = bench.sandbox.official_base_url
    page = f"{official}/mp/subscribemsg?action=get_confirm&appid=a&scene=7&template_id=T&redirect_url="
    opened = await bench.act("view_link", customer="c0001", url=f"{page}https://shop.example/back")
    assert opened["url"].startswith("https://shop.example/back?openid=")
    message = {"touser": bench.customer("c0001").fan.openid, "template_id": "T", "scene": "7"}
    message |= {"title": "到货了", "data": {"content": {"value": "大衣"}}}
    path = "/cgi-bin/message/template/subscribe"
    assert [(await bench.official(path, message))["errcode"] for _ in range(2)] == [0, 43101]
    assert (await bench.conversation("c0001"))[-1] == "到货了\n大衣"


@pytest.mark.parametrize(("key", "value"), [("phrase1", "六个字长的词"), ("number2", "三")])
async def test_a_value_of_the_wrong_kind_is_refused(bench, key, value):
    [template, *_] = bench.world.official.templates
    body = {"touser": bench.customer("c0001").fan.openid, "template_id": template}
    refused = await bench.official(
        "/cgi-bin/message/template/send", body | {"data": {key: {"value": value}}}
    )
    assert refused["errcode"] == 47003


async def test_the_newest_menu_that_fits_a_fan_is_hers(bench):
    button = {"type": "click", "name": "会员", "key": "member"}
    await bench.official("/cgi-bin/menu/create", {"button": [{**button, "name": "首页"}]})
    tag = (await bench.official("/cgi-bin/tags/create", {"tag": {"name": "VIP"}}))["tag"]["id"]
    rule = {"button": [button], "matchrule": {"tag_id": str(tag)}}
    await bench.official("/cgi-bin/menu/addconditional", rule)
    empty = await bench.official("/cgi-bin/menu/addconditional", {**rule, "matchrule": {}})
    assert empty["errcode"] == 65301
    who = {"user_id": bench.customer("c0001").fan.openid}
    assert (await bench.official("/cgi-bin/menu/trymatch", who))["button"][0]["name"] == "首页"
    openids = {"openid_list": [who["user_id"]], "tagid": tag}
    await bench.official("/cgi-bin/tags/members/batchtagging", openids)
    assert (await bench.official("/cgi-bin/menu/trymatch", who))["button"][0]["name"] == "会员"


async def test_codes_can_be_seen_in_a_browser(bench):
    [way] = [
        w for w in (await bench.control("state"))["contact_ways"] if w["state"] == "store-s01"
    ]
    for url in (way["qr_code"], f"{bench.sandbox.official_base_url}/cgi-bin/showqrcode?ticket=T"):
        async with bench.http.get(url) as answer:
            assert (await answer.read()).startswith(b"\x89PNG")
    async with bench.http.get(bench.sandbox.base_url + "/qr/nothing") as answer:
        assert answer.status == 404
