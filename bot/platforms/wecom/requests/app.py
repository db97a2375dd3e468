"""Messages of our app to guides, and what its pages need."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.calls import (
    Call,
    CreateAppMenu,
    DeleteAppMenu,
    GetApiIps,
    GetApp,
    GetAppMenu,
    GetCallbackIps,
    GetJsTicket,
    GetMember,
    GetOAuthMember,
    GetOAuthMemberDetail,
    LinkCard,
    ListDepartments,
    ListMemberIds,
    ListMembers,
    RecallAppMessage,
    SendAppLink,
    SendAppMarkdown,
    SendAppMedia,
    SendAppNews,
    SendAppText,
    VideoCard,
)
from bot.platforms.form import always, ask, flag, maybe, must, octets, order
from bot.platforms.limits import Unsendable, bounded, few, short
from bot.platforms.menus import menu
from bot.platforms.request import Request, get, post
from bot.platforms.wecom.requests.context import Build, Context

MOST_MEMBERS = 1000
_TITLE = octets(128, least=1)
_SAME_SECONDS = 600  # a repeat after a lost answer comes sooner than people say the same again


def send(userids: tuple[str, ...], context: Context, **message: Any) -> Request:
    return post(
        "/cgi-bin/message/send",
        touser="|".join(few("userids", userids, MOST_MEMBERS, least=1)),
        agentid=context.agent_id,
        **message,
        enable_duplicate_check=1,
        duplicate_check_interval=_SAME_SECONDS,
    )


def _text(call: SendAppText, context: Context) -> Request:
    # Longer texts are not refused but cut.
    content = bounded("text", call.text, 2048)
    if not content:
        raise Unsendable("text")
    return send(call.userids, context, msgtype="text", text={"content": content})


def _markdown(call: SendAppMarkdown, context: Context) -> Request:
    content = octets(2048, least=1)("text", call.text)
    return send(call.userids, context, msgtype="markdown", markdown={"content": content})


def _ticket(call: GetJsTicket, _: Context) -> Request:
    if call.agent:
        return get("/cgi-bin/ticket/get", type="agent_config")
    return get("/cgi-bin/get_jsapi_ticket")


def _link(call: SendAppLink, context: Context) -> Request:
    said = {
        "title": _TITLE("title", call.title),
        "description": octets(512, least=1)("description", call.description),
        "url": octets(2048, least=1)("url", call.url),
        "btntxt": short("button", call.button, 4),
    }
    return send(call.userids, context, msgtype="textcard", textcard=_given(said))


def _news(call: SendAppNews, context: Context) -> Request:
    articles = [_article(card) for card in few("articles", call.articles, 8, least=1)]
    return send(call.userids, context, msgtype="news", news={"articles": articles})


def _article(card: LinkCard) -> dict[str, Any]:
    return _given(
        {
            "title": _TITLE("title", card.title),
            "description": bounded("description", card.description, 512),
            "url": bounded("url", card.url, 2048),
            "picurl": card.picture_url,
        }
    )


def _media(call: SendAppMedia, context: Context) -> Request:
    card = call.attachment
    said = {"media_id": context.media[must("media", card.media)]}
    if isinstance(card, VideoCard):
        said["title"] = bounded("title", card.title, 128)
        said["description"] = bounded("description", card.description, 512)
    return send(call.userids, context, msgtype=card.kind, **{card.kind: _given(said)})


def _given(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value}


def _menu(call: CreateAppMenu, context: Context) -> Request:
    request = post("/cgi-bin/menu/create", button=menu(call.buttons))
    return replace(request, query={"agentid": str(context.agent_id)})


def _of_our_app(path: str) -> Build:
    return lambda _call, context: get(path, agentid=str(context.agent_id))


APP: dict[type[Call], Build] = {
    SendAppText: _text,
    SendAppMarkdown: _markdown,
    SendAppLink: _link,
    SendAppNews: _news,
    SendAppMedia: _media,
    RecallAppMessage: order("/cgi-bin/message/recall", msgid=must),
    CreateAppMenu: _menu,
    GetAppMenu: _of_our_app("/cgi-bin/menu/get"),
    DeleteAppMenu: _of_our_app("/cgi-bin/menu/delete"),
    GetApp: _of_our_app("/cgi-bin/agent/get"),
    GetJsTicket: _ticket,
    GetOAuthMember: ask("/cgi-bin/auth/getuserinfo", code=octets(512, least=1)),
    GetOAuthMemberDetail: order("/cgi-bin/auth/getuserdetail", user_ticket=octets(512, least=1)),
    GetMember: ask("/cgi-bin/user/get", userid=must),
    ListMembers: ask(
        "/cgi-bin/user/simplelist",
        department_id=("department", must),
        fetch_child=("with_children", flag),
    ),
    ListMemberIds: order("/cgi-bin/user/list_id", cursor=maybe, limit=always(10_000)),
    ListDepartments: ask("/cgi-bin/department/simplelist", id=maybe),
    GetCallbackIps: ask("/cgi-bin/getcallbackip"),
    GetApiIps: ask("/cgi-bin/get_api_domain_ip"),
}
