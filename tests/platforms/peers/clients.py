"""wechatpy's own clients, led to another host and otherwise as they are, through a running sandbox: every method of
theirs that has a page in today's documents answers as they expect; what was withdrawn or is not played is a 404."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import wechatpy
import wechatpy.enterprise
from requests.adapters import HTTPAdapter
from wechatpy.exceptions import WeChatClientException

from tests.processes import SandboxProcess, read

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
Step = Callable[[], Any]


class Led(HTTPAdapter):
    """Some methods have the real host's name written into them: the same request, to the sandbox."""

    def __init__(self, base: str) -> None:
        self.base = base
        super().__init__()

    def send(self, request: Any, *args: Any, **named: Any) -> Any:
        asked = urlsplit(request.url)
        request.url = f"{self.base}{asked.path}?{asked.query}"
        return super().send(request, *args, **named)


def led(client: Any, base: str) -> Any:
    for host in ("https://qyapi.weixin.qq.com", "https://api.weixin.qq.com"):
        client._http.mount(host, Led(base))
    return client


class Told:
    """What came of it, method by method."""

    def __init__(self) -> None:
        self.answered: list[str] = []
        self.absent: list[str] = []
        self.wrong: list[str] = []

    def right(self, name: str, step: Step) -> Any:
        """This answers without an errcode, and with something in it."""
        try:
            answer = step()
        except Exception as bug:  # noqa: BLE001 - told, and the next one is tried
            self.wrong.append(f"{name}: {type(bug).__name__} {_why(bug)}")
            return None
        if answer in (None, {}, []):
            self.wrong.append(f"{name}: {answer!r}")
        self.answered.append(name)
        return answer

    def refused(self, name: str, code: int, step: Step) -> None:
        try:
            step()
        except WeChatClientException as no:
            if no.errcode == code:
                self.answered.append(name)
                return
            self.wrong.append(f"{name}: {_why(no)} instead of {code}")
        else:
            self.wrong.append(f"{name}: not refused")

    def missing(self, name: str, step: Step) -> None:
        """Not played: 404 with nothing in it, as every path that the platforms do not have."""
        try:
            step()
        except WeChatClientException as no:
            if no.response is not None and (no.response.status_code, no.response.content) == (
                404,
                b"",
            ):
                self.absent.append(name)
                return
            self.wrong.append(f"{name}: {_why(no)} instead of 404")
        else:
            self.wrong.append(f"{name}: answers")


def _why(bug: Exception) -> str:
    if isinstance(bug, WeChatClientException) and bug.response is not None:
        return f"{bug.response.status_code} {bug.response.text[:160]}"
    return str(bug)


def corp_of(sandbox: SandboxProcess) -> Any:
    told = sandbox.settings
    base = told["SIYU_WECOM_API_BASE"]

    class Corp(wechatpy.enterprise.WeChatClient):
        API_BASE_URL = base + "/cgi-bin/"

    return led(Corp(told["SIYU_WECOM_CORP_ID"], told["SIYU_WECOM_SECRET"]), base)


def fans_of(sandbox: SandboxProcess) -> Any:
    told = sandbox.settings
    base = told["SIYU_OFFICIAL_API_BASE"]

    class Fans(wechatpy.WeChatClient):
        API_BASE_URL = base + "/cgi-bin/"

    return led(Fans(told["SIYU_OFFICIAL_APP_ID"], told["SIYU_OFFICIAL_SECRET"]), base)


def a_file(name: str = "a.png", body: bytes = PNG) -> Any:
    return (name, io.BytesIO(body))


def people(told: Told, corp: Any, customer: str) -> None:
    contacts, groups = corp.external_contact, corp.external_contact_group_chat
    told.right("user.get", lambda: corp.user.get("WangFang")["name"])
    told.right("user.list", lambda: corp.user.list(1, fetch_child=True, simple=True))
    told.right("user.list", lambda: corp.user.list(1, fetch_child=True))
    told.right("department.get", corp.department.get)
    told.right("department.get_users", lambda: corp.department.get_users(1, fetch_child=1))
    told.right("get_follow_user_list", lambda: contacts.get_follow_user_list()["follow_user"])
    told.right("external_contact.list", lambda: contacts.list("WangFang")["external_userid"])
    told.right("external_contact.get", lambda: contacts.get(customer)["follow_user"])
    now = int(time.time())
    told.right(
        "get_user_behavior_data",
        lambda: contacts.get_user_behavior_data(["WangFang"], now - 172_800, now - 86_400),
    )
    told.right("get_unassigned_list", lambda: contacts.get_unassigned_list(0, 100))
    chats = told.right("groupchat.list", lambda: groups.list()["group_chat_list"])
    told.right("groupchat.list_all", groups.list_all)
    told.right("groupchat.get", lambda: groups.get(chats[0]["chat_id"])["group_chat"])
    told.right("groupchat.statistic", lambda: groups.statistic(now - 86_400, None, ["WangFang"]))


def tags_and_ways(told: Told, corp: Any, customer: str) -> None:
    contacts = corp.external_contact
    made = told.right(
        "add_corp_tag",
        lambda: contacts.add_corp_tag(None, "颜色", 1, [{"name": "蓝", "order": 1}]),
    )["tag_group"]
    tag = made["tag"][0]["id"]
    told.right("get_corp_tag_list", lambda: contacts.get_corp_tag_list([tag])["tag_group"])
    told.right("edit_corp_tag", lambda: contacts.edit_corp_tag(tag, "海蓝", 2))
    told.right("mark_tag", lambda: contacts.mark_tag("WangFang", customer, add_tag=[tag]))
    told.refused(
        "mark_tag", 40068, lambda: contacts.mark_tag("WangFang", customer, add_tag=["none"])
    )
    told.right("del_corp_tag", lambda: contacts.del_corp_tag(group_id=[made["group_id"]]))
    way = told.right(
        "add_contact_way", lambda: contacts.add_contact_way(1, 2, state="s9", user=["WangFang"])
    )["config_id"]
    told.right("get_contact_way", lambda: contacts.get_contact_way(way)["contact_way"])
    told.right(
        "update_contact_way", lambda: contacts.update_contact_way(way, "门店", user=["LiNa"])
    )
    told.right("del_contact_way", lambda: contacts.del_contact_way(way))


def corp_messages(told: Told, corp: Any, agent: int, customer: str) -> None:
    contacts, message = corp.external_contact, corp.message
    task = {
        "external_userid": [customer],
        "sender": "WangFang",
        "text": {"content": "上新了"},
    }
    told.right("add_msg_template", lambda: contacts.add_msg_template(task)["msgid"])
    told.refused(
        "send_welcome_msg",
        41050,
        lambda: contacts.send_welcome_msg({"welcome_code": "none", "text": {"content": "您好"}}),
    )
    media = told.right("media.upload", lambda: corp.media.upload("image", a_file()))["media_id"]
    told.right("media.upload_img", lambda: corp.media.upload_img(a_file()))
    file = corp.media.upload("file", a_file("a.txt", b"hello world"))["media_id"]
    to = (agent, "WangFang")
    article = {"title": "上新", "description": "", "url": "https://shop.example/", "image": ""}
    told.right("message.send_text", lambda: message.send_text(*to, "早上好"))
    told.right("message.send_text", lambda: message.send_text(agent, ["WangFang", "LiNa"], "好"))
    told.right("message.send_markdown", lambda: message.send_markdown(*to, "**早**"))
    told.right("message.send_image", lambda: message.send_image(*to, media))
    told.right("message.send_file", lambda: message.send_file(*to, file))
    told.right("message.send_articles", lambda: message.send_articles(*to, [article]))
    told.right(
        "message.send_text_card",
        lambda: message.send_text_card(*to, "题", "文", "https://shop.example/"),
    )
    chat = told.right(
        "appchat.create",
        lambda: corp.appchat.create("room1", "店里", "LiNa", ["LiNa", "WangFang"]),
    )["chatid"]
    told.right("appchat.get", lambda: corp.appchat.get(chat))
    told.right("appchat.update", lambda: corp.appchat.update(chat, name="店里的人"))
    told.right("appchat.send_text", lambda: corp.appchat.send_text(chat, "开会"))


def corp_app(told: Told, corp: Any, agent: int) -> None:
    told.right("agent.get", lambda: corp.agent.get(agent))
    told.right("agent.list", corp.agent.list)
    told.right("agent.set", lambda: corp.agent.set(agent, name="私域助手"))
    button = {"button": [{"type": "click", "name": "今天", "key": "today"}]}
    told.right("menu.create", lambda: corp.menu.create(agent, button))
    told.right("menu.update", lambda: corp.menu.update(agent, button))
    told.right("menu.get", lambda: corp.menu.get(agent)["button"])
    told.right("menu.delete", lambda: corp.menu.delete(agent))
    told.right("jsapi.get_ticket", lambda: corp.jsapi.get_ticket()["ticket"])
    told.right("jsapi.get_agent_ticket", lambda: corp.jsapi.get_agent_ticket()["ticket"])
    told.right("misc.get_wechat_ips", corp.misc.get_wechat_ips)
    told.refused("oauth.get_user_info", 40029, lambda: corp.oauth.get_user_info("none"))


def corp_absent(told: Told, corp: Any, customer: str) -> None:
    """Withdrawn by the platform, or the office's own business: the address book, approvals, calendars."""
    contacts = corp.external_contact
    for name, step in {
        "chat.create": lambda: corp.chat.create("c", "n", "LiNa", ["LiNa", "WangFang"]),
        "chat.get": lambda: corp.chat.get("c"),
        "chat.send_single_text": lambda: corp.chat.send_single_text("LiNa", "WangFang", "x"),
        "external_contact.get_group_msg_result": lambda: contacts.get_group_msg_result("m"),
        "external_contact.transfer": lambda: contacts.transfer(customer, "LiNa", "WangFang"),
        "user.create": lambda: corp.user.create("New", "新人"),
        "user.convert_to_openid": lambda: corp.user.convert_to_openid("LiNa"),
        "department.create": lambda: corp.department.create("新部门"),
        "tag.list": corp.tag.list,
        "batch.invite": lambda: corp.batch.invite(user=["LiNa"]),
        "material.get_count": lambda: corp.material.get_count(1),
        "OA.get_approval_detail": lambda: corp.OA.get_approval_detail(1),
        "calendar.get": lambda: corp.calendar.get(["c"]),
        "schedule.get": lambda: corp.schedule.get(["s"]),
    }.items():
        told.missing(name, step)


def fans_people(told: Told, fans: Any, openid: str) -> None:
    told.right("user.get_followers", lambda: fans.user.get_followers()["data"]["openid"])
    told.right("user.iter_followers", lambda: list(fans.user.iter_followers()))
    told.right("user.get", lambda: fans.user.get(openid)["subscribe"])
    told.right("user.get_batch", lambda: fans.user.get_batch([openid]))
    told.right("user.update_remark", lambda: fans.user.update_remark(openid, "老顾客"))
    tag = told.right("tag.create", lambda: fans.tag.create("新粉"))["id"]
    told.right("tag.get", fans.tag.get)
    told.right("tag.update", lambda: fans.tag.update(tag, "新的粉丝"))
    told.right("tag.tag_user", lambda: fans.tag.tag_user(tag, openid))
    told.right("tag.get_user_tag", lambda: fans.tag.get_user_tag(openid))
    told.right("tag.get_tag_users", lambda: fans.tag.get_tag_users(tag)["count"])
    told.right("tag.untag_user", lambda: fans.tag.untag_user(tag, [openid]))
    told.right("tag.delete", lambda: fans.tag.delete(tag))
    told.right("tag.batch_black_list", lambda: fans.tag.batch_black_list([openid]))
    told.right("tag.get_black_list", lambda: fans.tag.get_black_list()["data"])
    told.right("tag.batch_unblack_list", lambda: fans.tag.batch_unblack_list([openid]))
    scene = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "s1"}}}
    told.right("qrcode.create", lambda: fans.qrcode.create(scene)["ticket"])


def fans_messages(told: Told, fans: Any, openid: str) -> None:
    message, menu = fans.message, fans.menu
    image = told.right("media.upload", lambda: fans.media.upload("image", a_file()))["media_id"]
    told.right("media.download", lambda: fans.media.download(image))
    told.right("media.upload_image", lambda: fans.media.upload_image(a_file()))
    article = {"title": "上新", "description": "秋", "url": "https://a.example/", "image": ""}
    items = {"head_content": "要哪个", "list": [{"id": "1", "content": "券"}], "tail_content": ""}
    told.right("message.send_text", lambda: message.send_text(openid, "您好"))
    told.right("message.send_image", lambda: message.send_image(openid, image))
    told.right("message.send_articles", lambda: message.send_articles(openid, [article]))
    told.right("message.send_msg_menu", lambda: message.send_msg_menu(openid, items))
    told.right(
        "message.send_mass_text", lambda: message.send_mass_text(None, "都好", is_to_all=True)
    )
    told.right(
        "message.send_mass_text", lambda: message.send_mass_text(openid, "看", preview=True)
    )
    told.right("message.get_autoreply_info", message.get_autoreply_info)
    told.refused(
        "message.send_subscribe_message",
        40037,
        lambda: message.send_subscribe_message(openid, "none", {"thing1": {"value": "到货"}}),
    )
    button = {"button": [{"type": "click", "name": "券", "key": "coupon"}]}
    told.right("menu.create", lambda: menu.create(button))
    told.right("menu.get", lambda: menu.get()["menu"]["button"])
    told.right("menu.get_menu_info", menu.get_menu_info)
    rule = button | {"matchrule": {"client_platform_type": "2"}}
    more = told.right("menu.add_conditional", lambda: menu.add_conditional(rule))["menuid"]
    told.right("menu.try_match", lambda: menu.try_match(openid))
    told.right("menu.del_conditional", lambda: menu.del_conditional(more))
    told.right("menu.delete", menu.delete)


def fans_stock(told: Told, fans: Any) -> None:
    made = told.right("material.add", lambda: fans.material.add("image", a_file()))["media_id"]
    told.right("material.get", lambda: fans.material.get(made))
    told.right("material.batchget", lambda: fans.material.batchget("image")["item"])
    told.right("material.get_count", fans.material.get_count)
    told.right("material.delete", lambda: fans.material.delete(made))
    told.right("template.set_industry", lambda: fans.template.set_industry("1", "2"))
    told.right("template.get_industry", fans.template.get_industry)
    listed = told.right("template.all", fans.template.get_all_private_template)["template_list"]
    told.right(
        "template.del", lambda: fans.template.del_private_template(listed[0]["template_id"])
    )
    told.right("jsapi.get_ticket", lambda: fans.jsapi.get_ticket()["ticket"])
    told.right("misc.get_wechat_ips", fans.misc.get_wechat_ips)


def fans_absent(told: Told, fans: Any, openid: str) -> None:
    """Withdrawn (groups, shorturl, articles as material), or the old customer-service desk."""
    desk, now = fans.customservice, int(time.time())
    for name, step in {
        "misc.short_url": lambda: fans.misc.short_url("https://shop.example/"),
        "group.create": lambda: fans.group.create("g"),
        "group.get": fans.group.get,
        "user.get_group_id": lambda: fans.user.get_group_id(openid),
        "material.add_articles": lambda: fans.material.add_articles([]),
        "customservice.get_accounts": desk.get_accounts,
        "customservice.get_online_accounts": desk.get_online_accounts,
        "customservice.add_account": lambda: desk.add_account("a@b", "小青", "x"),
        "customservice.create_session": lambda: desk.create_session(openid, "a@b"),
        "customservice.get_session": lambda: desk.get_session(openid),
        "customservice.get_records": lambda: desk.get_records(now - 60, now),
    }.items():
        told.missing(name, step)


def drive(sandbox: SandboxProcess) -> dict[str, Any]:
    """Everything once; `wrong` is empty where all is as it should be."""
    [added] = sandbox.acts(
        {"act": "add_friend", "customer": "reader", "name": "阅", "guide": "WangFang"}
    )
    sandbox.acts(
        {"act": "follow_official", "customer": "reader"},
        {"act": "say_official", "customer": "reader", "text": "在吗"},
    )
    state = json.loads(read(f"{sandbox.url}/__sandbox__/state?customer=reader")[1])
    openid = state["openid"]
    customer, agent = added["external_userid"], int(sandbox.settings["SIYU_WECOM_AGENT_ID"])
    corp, fans, told = corp_of(sandbox), fans_of(sandbox), Told()
    people(told, corp, customer)
    tags_and_ways(told, corp, customer)
    corp_messages(told, corp, agent, customer)
    corp_app(told, corp, agent)
    corp_absent(told, corp, customer)
    fans_people(told, fans, openid)
    fans_messages(told, fans, openid)
    fans_stock(told, fans)
    fans_absent(told, fans, openid)
    return {
        "answered": len(told.answered),
        "absent": told.absent,
        "wrong": told.wrong,
    }
