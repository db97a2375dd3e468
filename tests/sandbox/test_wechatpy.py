"""wechatpy's own clients, led to another host and otherwise as they are, get what they expect."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
import wechatpy
import wechatpy.enterprise
from wechatpy.exceptions import WeChatClientException


@pytest.fixture
def corp(bench) -> Any:
    told = bench.world.corp

    class Corp(wechatpy.enterprise.WeChatClient):
        API_BASE_URL = bench.sandbox.base_url + "/cgi-bin/"

        def fetch_access_token(self) -> Any:
            url = self.API_BASE_URL + "gettoken"
            given = {"corpid": told.corp_id, "corpsecret": told.apps[0].secret}
            return self._fetch_access_token(url=url, params=given)

    return Corp(told.corp_id, told.apps[0].secret)


@pytest.fixture
def fans(bench) -> Any:
    told = bench.world.official

    class Fans(wechatpy.WeChatClient):
        API_BASE_URL = bench.sandbox.official_base_url + "/cgi-bin/"

        def fetch_access_token(self) -> Any:
            given = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
            return self._fetch_access_token(url=self.API_BASE_URL + "token", params=given)

    return Fans(told.app_id, told.secret)


async def test_a_corp_client_finds_people_tags_ways_and_media(bench, corp):
    def use() -> None:
        contacts, customer = corp.external_contact, bench.external("c0002")
        assert len(corp.access_token) > 64
        assert corp.user.get("WangFang")["name"] == "王芳"
        assert "WangFang" in contacts.get_follow_user_list()["follow_user"]
        assert customer in contacts.list("WangFang")["external_userid"]
        made = contacts.add_corp_tag(None, "颜色", 1, [{"name": "蓝", "order": 1}])
        tag = made["tag_group"]["tag"][0]["id"]
        contacts.mark_tag("WangFang", customer, add_tag=[tag])
        (tie,) = [
            tie for tie in contacts.get(customer)["follow_user"] if tie["userid"] == "WangFang"
        ]
        assert tag in [one["tag_id"] for one in tie["tags"]]
        way = contacts.add_contact_way(1, 2, state="s9", user=["WangFang"])["config_id"]
        assert contacts.get_contact_way(way)["contact_way"]["state"] == "s9"
        assert corp.media.upload("image", ("a.png", io.BytesIO(b"PNG" * 9)))["media_id"]

    await asyncio.to_thread(use)


async def test_a_corp_client_hands_a_mass_message_to_a_guide(bench, corp):
    customer = bench.external("c0002")
    task = {"external_userid": [customer], "sender": "WangFang", "text": {"content": "上新了"}}
    made = await asyncio.to_thread(corp.external_contact.add_msg_template, task)
    assert (made["errcode"], made["fail_list"]) == (0, [])
    with pytest.raises(WeChatClientException) as refused:
        await asyncio.to_thread(
            corp.external_contact.mark_tag, "WangFang", customer, add_tag=["no"]
        )
    assert refused.value.errcode == 40068


async def test_an_official_client_writes_lists_tags_and_sets_a_menu(bench, fans):
    await bench.act("follow_official", customer="c0003")
    openid = bench.customer("c0003").fan.openid

    def use() -> None:
        assert openid in fans.user.get_followers()["data"]["openid"]
        assert fans.user.get(openid)["subscribe"] == 1
        fans.message.send_text(openid, "您好")
        tag = fans.tag.create("新粉")["id"]
        fans.tag.tag_user(tag, openid)
        assert fans.tag.get_user_tag(openid) == [tag]
        button = {"type": "click", "name": "券", "key": "coupon"}
        fans.menu.create({"button": [button]})
        assert fans.menu.get()["menu"]["button"][0]["key"] == "coupon"
        assert fans.media.upload("image", ("a.png", io.BytesIO(b"PNG" * 9)))["media_id"]

    await asyncio.to_thread(use)
    assert bench.arrivals(channel="official", text="您好")
