"""Calling ourselves as the platform would when it verifies the callback URL."""

from __future__ import annotations

import secrets
from datetime import datetime

import aiohttp

from bot.doctor.finding import Finding, broken, fine
from bot.platforms.envelope import aes_key, seal, signature
from bot.settings import Settings
from bot.tongue import _

SECONDS = 6.0
RESTART = "改完设置要重启 siyu serve；Token、EncodingAESKey、企业 ID 要和后台里的一字不差"


async def wecom(settings: Settings, now: datetime) -> Finding:
    echo, stamp, nonce = _challenge(now)
    key = aes_key(settings.wecom_aes_key)
    sealed = seal(echo.encode(), key=key, receiver=settings.wecom_corp_id)
    given = signature(settings.wecom_token, stamp, nonce, sealed)
    query = {"msg_signature": given, "timestamp": stamp, "nonce": nonce, "echostr": sealed}
    return await _verified("wecom_callback", settings, "/callback/wecom", query, echo)


async def official(settings: Settings, now: datetime) -> Finding:
    echo, stamp, nonce = _challenge(now)
    given = signature(settings.official_token, stamp, nonce)
    query = {"signature": given, "timestamp": stamp, "nonce": nonce, "echostr": echo}
    return await _verified("official_callback", settings, "/callback/official", query, echo)


def _challenge(now: datetime) -> tuple[str, str, str]:
    return str(secrets.randbelow(10**18)), str(int(now.timestamp())), secrets.token_hex(8)


async def _verified(
    check: str, settings: Settings, path: str, query: dict[str, str], echo: str
) -> Finding:
    url = settings.public_url.rstrip("/") + path
    what = _("回调地址 %(url)s", url=url)
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.get(url, params=query, allow_redirects=False) as answer,
        ):
            body = (await answer.content.read(4096)).decode(errors="replace")
    except (aiohttp.ClientError, OSError, ValueError) as trouble:
        return broken(check, what, *_unreached(trouble))
    if answer.status == 200 and body == echo:
        return fine(check, _("%(what)s 能访问，验证通过", what=what))
    return broken(check, what, *_misread(answer.status, body))


def _unreached(trouble: Exception) -> tuple[str, str]:
    match trouble:
        case aiohttp.ClientConnectorDNSError():
            return _("域名解析不了"), _("到域名服务商那里把域名解析到这台机器")
        case aiohttp.ClientSSLError():
            return _("HTTPS 证书不被信任，或过期了"), _("换一张有效的证书，要带上完整的证书链")
        case TimeoutError():
            return _("%(seconds)s 秒没有回答", seconds=f"{SECONDS:.0f}"), _(
                "检查防火墙、安全组和反向代理"
            )
        case aiohttp.ClientConnectorError():
            return _("没有程序在听"), _("先运行 siyu serve，并让反向代理指向它")
    return _("连接断了"), _("检查反向代理，再运行 siyu doctor")


def _misread(status: int, body: str) -> tuple[str, str]:
    if status == 403 and body == "forbidden":
        return (
            _("正在运行的服务不认这组 Token、EncodingAESKey 或企业 ID，或它的时钟差了 5 分钟以上"),
            _(RESTART),
        )
    if status in {301, 302, 307, 308}:
        return (
            _("被转到了别的地址（%(status)s），平台不会跟过去", status=status),
            _("SIYU_PUBLIC_URL 填最终的 https 网址"),
        )
    if status == 404:
        return _("这个网址上没有回调（404）"), _("让反向代理把 /callback/ 原样转给 siyu serve")
    if status in {401, 403}:
        return _("被拦住了（%(status)s）", status=status), _("让防火墙或反向代理放行 /callback/")
    if status >= 500:
        return _("反向代理后面没有服务（%(status)s）", status=status), _(
            "看看 siyu serve 是否在运行"
        )
    return _("回答的不是我们"), _("这个网址指向了别的程序，检查域名解析和反向代理")
