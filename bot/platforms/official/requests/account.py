"""The account itself: codes, menus, quotas, media."""

from __future__ import annotations

from dataclasses import replace

from bot.calls import (
    AddConditionalMenu,
    Call,
    ClearOfficialQuota,
    CreateMenu,
    CreateQrCode,
    DeleteConditionalMenu,
    DeleteMenu,
    DownloadOfficialMedia,
    GetMenu,
    GetOfficialApiIps,
    GetOfficialCallbackIps,
    GetOfficialJsTicket,
    GetOfficialQuota,
    GetOfficialRequest,
    TryMenu,
    UploadOfficialPicture,
)
from bot.platforms.form import always, ask, must, order
from bot.platforms.limits import CallTooBig, Unsendable, short
from bot.platforms.menus import menu
from bot.platforms.official.requests.context import Build, Context
from bot.platforms.official.requests.media import picture
from bot.platforms.request import Request, get, post

_LONGEST_CODE_SECONDS = 2_592_000


def _qr_code(call: CreateQrCode, _: Context) -> Request:
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


def _menu(call: CreateMenu, _: Context) -> Request:
    return post("/cgi-bin/menu/create", button=menu(call.buttons))


def _conditional(call: AddConditionalMenu, _: Context) -> Request:
    # By sex, place or language the platform no longer matches.
    rule = {"tag_id": call.tag_id, "client_platform_type": call.platform}
    said = {name: str(value) for name, value in rule.items() if value is not None}
    if not said:
        raise Unsendable("tag_id")
    return post("/cgi-bin/menu/addconditional", button=menu(call.buttons), matchrule=said)


def _clear(_call: ClearOfficialQuota, context: Context) -> Request:
    return post("/cgi-bin/clear_quota", appid=context.app_id)


def _download(call: DownloadOfficialMedia, _: Context) -> Request:
    request = get("/cgi-bin/media/get", media_id=must("media_id", call.media_id))
    return replace(request, binary=True)


ACCOUNT: dict[type[Call], Build] = {
    CreateQrCode: _qr_code,
    CreateMenu: _menu,
    GetMenu: ask("/cgi-bin/menu/get"),
    DeleteMenu: ask("/cgi-bin/menu/delete"),
    AddConditionalMenu: _conditional,
    DeleteConditionalMenu: order("/cgi-bin/menu/delconditional", menuid=must),
    TryMenu: order("/cgi-bin/menu/trymatch", user_id=("openid", must)),
    GetOfficialQuota: order("/cgi-bin/openapi/quota/get", cgi_path=("path", must)),
    ClearOfficialQuota: _clear,
    GetOfficialRequest: order("/cgi-bin/openapi/rid/get", rid=must),
    GetOfficialJsTicket: ask("/cgi-bin/ticket/getticket", type=always("jsapi")),
    GetOfficialCallbackIps: ask("/cgi-bin/getcallbackip"),
    GetOfficialApiIps: ask("/cgi-bin/get_api_domain_ip"),
    UploadOfficialPicture: picture,
    DownloadOfficialMedia: _download,
}
