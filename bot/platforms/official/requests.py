"""How each call of ours is said to the Official Account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.calls import (
    Call,
    CreateMenu,
    CreateQrCode,
    GetFan,
    GetFans,
    GetOfficialJsTicket,
    GetOfficialQuota,
    LinkCard,
    ListFans,
    MenuItem,
    SendOfficial,
    SendSubscribed,
    SendTemplate,
    ShowTyping,
)
from bot.platforms.limits import CallTooBig, Unsendable, bounded, few, short
from bot.platforms.request import Request, get, post

_MESSAGE = "/cgi-bin/message"
_LONGEST_CODE_SECONDS = 2_592_000
_TEXT_BYTES = 2048


def _send(call: SendOfficial) -> Request:
    return post(
        f"{_MESSAGE}/custom/send",
        touser=call.openid,
        **_message(call),
        # The fan sees 「内容由第三方AI生成」.
        aimsgcontext={"is_ai_msg": 1} if call.by_model else None,
    )


def _message(call: SendOfficial) -> dict[str, Any]:
    if call.news:
        return {"msgtype": "news", "news": {"articles": [_article(call.news)]}}
    if call.menu:
        return {"msgtype": "msgmenu", "msgmenu": _menu_message(call)}
    words = f"{call.text}\n{call.tail}" if call.tail else call.text
    if not words:
        raise Unsendable("text")
    return {"msgtype": "text", "text": {"content": bounded("text", words, _TEXT_BYTES)}}


def _menu_message(call: SendOfficial) -> dict[str, Any]:
    # Items of this menu cannot be links; a link goes into the words before or after.
    linked = [f'<a href="{item.url}">{item.text}</a>' for item in call.menu if item.url]
    items = [item for item in call.menu if not item.url]
    return {
        "head_content": "\n".join([call.text, *linked]),
        "list": [_menu_item(item) for item in few("menu", items, 10)],
        "tail_content": call.tail,
    }


def _menu_item(item: MenuItem) -> dict[str, str]:
    return {"id": bounded("id", item.id, 64), "content": bounded("item", item.text, 128)}


def _article(card: LinkCard) -> dict[str, str]:
    return {
        "title": bounded("title", card.title, 128),
        "description": bounded("description", card.description, 512),
        "url": bounded("url", card.url, 2048),
        "picurl": bounded("picture_url", card.picture_url, 2048),
    }


def _typing(call: ShowTyping) -> Request:
    return post(f"{_MESSAGE}/custom/typing", touser=call.openid, command="Typing")


def _template(call: SendTemplate) -> Request:
    return post(
        f"{_MESSAGE}/template/send",
        touser=call.openid,
        template_id=call.template_id,
        url=call.url or None,
        data=_values(call.data),
        client_msg_id=bounded("client_msg_id", call.client_msg_id, 64) or None,
    )


def _subscribed(call: SendSubscribed) -> Request:
    return post(
        f"{_MESSAGE}/subscribe/bizsend",
        touser=call.openid,
        template_id=call.template_id,
        page=call.page or None,
        data=_values(call.data),
    )


def _values(data: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"value": value} for name, value in data.items()}


def _fan(call: GetFan) -> Request:
    return get("/cgi-bin/user/info", openid=call.openid, lang="zh_CN")


def _fans(call: GetFans) -> Request:
    openids = few("openids", call.openids, 100, least=1)
    asked = [{"openid": openid, "lang": "zh_CN"} for openid in openids]
    return post("/cgi-bin/user/info/batchget", user_list=asked)


def _list_fans(call: ListFans) -> Request:
    return get("/cgi-bin/user/get", next_openid=call.next_openid or None)


def _qr_code(call: CreateQrCode) -> Request:
    scene = {"scene": {"scene_str": short("scene", call.scene, 64)}}
    if not call.scene:
        raise Unsendable("scene")
    if call.expire_seconds is None:
        return post("/cgi-bin/qrcode/create", action_name="QR_LIMIT_STR_SCENE", action_info=scene)
    if call.expire_seconds > _LONGEST_CODE_SECONDS:
        raise CallTooBig("expire_seconds")
    return post(
        "/cgi-bin/qrcode/create",
        expire_seconds=call.expire_seconds,
        action_name="QR_STR_SCENE",
        action_info=scene,
    )


def _menu(call: CreateMenu) -> Request:
    buttons = few("buttons", call.buttons, 3, least=1)
    for button in buttons:
        bounded("name", str(button.get("name", "")), 16)
        for entry in few("sub_button", button.get("sub_button", []), 5):
            bounded("name", str(entry.get("name", "")), 60)
    return post("/cgi-bin/menu/create", button=buttons)


def _quota(call: GetOfficialQuota) -> Request:
    return post("/cgi-bin/openapi/quota/get", cgi_path=call.path)


def _ticket(_call: GetOfficialJsTicket) -> Request:
    return get("/cgi-bin/ticket/getticket", type="jsapi")


BUILDS: dict[type[Call], Callable[[Any], Request]] = {
    SendOfficial: _send,
    ShowTyping: _typing,
    SendTemplate: _template,
    SendSubscribed: _subscribed,
    GetFan: _fan,
    GetFans: _fans,
    ListFans: _list_fans,
    CreateQrCode: _qr_code,
    CreateMenu: _menu,
    GetOfficialQuota: _quota,
    GetOfficialJsTicket: _ticket,
}
