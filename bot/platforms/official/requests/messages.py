"""Messages to fans: inside windows, with consent, or as a service they asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.calls import (
    AddTemplate,
    ArticleCard,
    Call,
    DeleteTemplate,
    FanCard,
    LinkCard,
    ListSubscriptionTemplates,
    ListTemplates,
    MenuItem,
    MiniProgramCard,
    MusicCard,
    SendOfficial,
    SendOneTime,
    SendSubscribed,
    SendTemplate,
    ShowTyping,
    VideoCard,
)
from bot.platforms.form import ask, chars, many, must, order
from bot.platforms.limits import Unsendable, bounded, few
from bot.platforms.official.requests.context import Build, Context
from bot.platforms.request import Request, post

_MESSAGE = "/cgi-bin/message"
_TEXT_BYTES = 2048


def _send(call: SendOfficial, context: Context) -> Request:
    if call.card and (call.text or call.menu or call.news or call.tail):
        raise Unsendable("card")
    return post(
        f"{_MESSAGE}/custom/send",
        touser=call.openid,
        **(_card(call.card, context) if call.card else _message(call)),
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


def _card(card: FanCard, context: Context) -> dict[str, Any]:
    match card:
        case MiniProgramCard():
            return {"msgtype": "miniprogrampage", "miniprogrampage": _program(card, context)}
        case ArticleCard():
            said = {"article_id": must("article_id", card.article_id)}
        case MusicCard():
            said = {
                "musicurl": must("url", card.url),
                "hqmusicurl": must("better_url", card.better_url),
                "thumb_media_id": context.media[must("cover", card.cover)],
                "title": card.title,
                "description": card.description,
            }
        case _:
            said = {"media_id": context.media[must("media", card.media)]}
    if isinstance(card, VideoCard):
        cover = context.media[must("cover", card.cover)]
        said |= {"thumb_media_id": cover, "title": card.title, "description": card.description}
    return {
        "msgtype": card.kind,
        card.kind: {name: value for name, value in said.items() if value},
    }


def _program(card: MiniProgramCard, context: Context) -> dict[str, str]:
    return {
        "title": must("title", card.title),
        "appid": must("appid", card.appid),
        "pagepath": must("page", card.page),
        "thumb_media_id": context.media[must("media", card.media)],
    }


def _typing(call: ShowTyping, _: Context) -> Request:
    command = "Typing" if call.typing else "CancelTyping"
    return post(f"{_MESSAGE}/custom/typing", touser=call.openid, command=command)


def _template(call: SendTemplate, _: Context) -> Request:
    return post(
        f"{_MESSAGE}/template/send",
        touser=call.openid,
        template_id=call.template_id,
        url=call.url or None,
        miniprogram=_opened(call),
        data=_values(call.data),
        client_msg_id=bounded("client_msg_id", call.client_msg_id, 64) or None,
    )


def _subscribed(call: SendSubscribed, _: Context) -> Request:
    return post(
        f"{_MESSAGE}/subscribe/bizsend",
        touser=call.openid,
        template_id=call.template_id,
        page=call.page if call.page and not call.appid else None,
        miniprogram=_opened(call),
        data=_values(call.data),
    )


def _opened(call: SendTemplate | SendSubscribed) -> dict[str, str] | None:
    return {"appid": call.appid, "pagepath": must("page", call.page)} if call.appid else None


def _one_time(call: SendOneTime, _: Context) -> Request:
    if not 0 <= call.scene <= 10_000:
        raise Unsendable("scene")
    return post(
        f"{_MESSAGE}/template/subscribe",
        touser=call.openid,
        template_id=call.template_id,
        url=call.url or None,
        scene=str(call.scene),
        title=chars(15, least=1)("title", call.title),
        data=_values({"content": must("content", chars(200)("content", call.content))}),
    )


def _values(data: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"value": value} for name, value in data.items()}


MESSAGES: dict[type[Call], Build] = {
    SendOfficial: _send,
    ShowTyping: _typing,
    SendTemplate: _template,
    SendSubscribed: _subscribed,
    SendOneTime: _one_time,
    ListTemplates: ask("/cgi-bin/template/get_all_private_template"),
    AddTemplate: order(
        "/cgi-bin/template/api_add_template",
        template_id_short=must,
        keyword_name_list=("keywords", many(20)),
    ),
    DeleteTemplate: order("/cgi-bin/template/del_private_template", template_id=must),
    ListSubscriptionTemplates: ask("/wxaapi/newtmpl/gettemplate"),
}
