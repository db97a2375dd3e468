"""Asking the platforms: are the keys right, may we call, do the clocks agree."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bot.clock import Clock
from bot.doctor.finding import Finding, broken, doubtful, fine
from bot.platforms.http import Http, Lost
from bot.platforms.request import post
from bot.settings import Settings
from bot.tongue import _

OFFICIAL_TROUBLE = {
    40013: (
        "AppID 不对",
        "到公众平台「设置与开发 → 基本配置」复制 AppID，填到 SIYU_OFFICIAL_APP_ID",
    ),
    40001: (
        "AppSecret 不对，或是别的公众号的",
        "到公众平台「基本配置」核对 AppID，重置 AppSecret",
    ),
    40125: ("AppSecret 不对", "到公众平台「基本配置」重置 AppSecret，填到 SIYU_OFFICIAL_SECRET"),
    40164: ("这台机器的 IP {ip}不在白名单里", "到公众平台「基本配置 → IP 白名单」加上它"),
    48001: ("这个公众号没有接口权限", "要用已认证的服务号"),
}
Said = dict[str, Any] | Lost
LATER = {
    -1: ("平台忙", "过一会儿再运行 siyu doctor"),
    45009: ("调用太多，平台这一分钟不再回答", "过几分钟再运行 siyu doctor"),
}
SLOW_SECONDS, STALE_SECONDS = 60, 300
SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One platform: what it is called, where it is, and what its refusals mean."""

    check: str
    name: str
    base: str
    trouble: dict[int, tuple[str, str]]

    def found(self, said: Said, what: str) -> Finding:
        if isinstance(said, Lost):
            return self._lost(said)
        code = said.get("errcode", 0)
        if code == 0:
            return fine(self.check, _("%(name)s：%(what)s", name=self.name, what=what))
        why, fix = (self.trouble | LATER).get(
            code,
            (_("平台返回 %(code)s", code=code), _("查平台文档里的错误码 %(code)s", code=code)),
        )
        why = _(why).format(ip=_address(str(said.get("errmsg", ""))))
        why = _("%(why)s（%(code)s）", why=why, code=code)
        return broken(self.check, _("%(name)s：%(what)s", name=self.name, what=what), why, _(fix))

    def _lost(self, lost: Lost) -> Finding:
        reasons = {
            "unreachable": _unreachable(self.base),
            "timeout": (
                _("%(seconds)s 秒没有回答", seconds=f"{SECONDS:.0f}"),
                _("检查网络和防火墙，过一会儿再试"),
            ),
            "server_error": (_("服务器出错"), _("过一会儿再试；如果中间有代理，看看代理")),
            "nonsense": (
                _("回答不是平台的格式，多半是代理或登录页"),
                _("检查 API_BASE 和中间的代理"),
            ),
        }
        why, fix = reasons.get(lost.reason, (_("连接断了"), _("检查网络，过一会儿再试")))
        return broken(
            self.check, _("%(name)s：连不上 %(base)s", name=self.name, base=self.base), why, fix
        )


def _unreachable(base: str) -> tuple[str, str]:
    address = urlsplit(base)
    try:
        socket.getaddrinfo(address.hostname, address.port or 443)
    except OSError:
        return _("域名 %(host)s 解析不了", host=address.hostname), _(
            "检查这台机器的 DNS 和网络，或改 API_BASE"
        )
    return _("没有程序在听，或被防火墙拦住了"), _("检查防火墙和代理，放行这台机器往外的 443 端口")


def plain_address(check: str, name: str, base: str) -> list[Finding]:
    """Secrets and tokens travel to this address."""
    address = urlsplit(base)
    if address.scheme == "https" or address.hostname in {"127.0.0.1", "localhost", "::1"}:
        return []
    why, fix = _("不是 https，密钥会被别人看到"), _("去掉 API_BASE 这一项，用平台自己的网址")
    return [broken(check, _("%(name)s：接口地址 %(base)s", name=name, base=base), why, fix)]


def _address(said: str) -> str:
    match = re.search(r"from ip: ?([0-9a-fA-F.:]+)", said) or re.search(
        r"\b(\d+\.\d+\.\d+\.\d+)\b", said
    )
    return f"{match[1]} " if match else ""


async def official(settings: Settings, clock: Clock) -> list[Finding]:
    """Its key, its address list, and whether what it sends us is sealed."""
    asked = Asked("official", _("公众号"), settings.official_api_base, OFFICIAL_TROUBLE)
    http = Http(settings.official_api_base, clock, seconds=SECONDS)
    try:
        said = await http.send(
            post(
                "/cgi-bin/stable_token",
                grant_type="client_credential",
                appid=settings.official_app_id,
                secret=settings.official_secret,
            )
        )
    finally:
        await http.close()
    return [
        *plain_address("official", _("公众号"), settings.official_api_base),
        asked.found(said, _("AppID 和 AppSecret")),
        *_sealed(settings),
        *skewed(http, said),
    ]


def _sealed(settings: Settings) -> list[Finding]:
    if settings.official_aes_key:
        return []
    why = _("没有填 SIYU_OFFICIAL_AES_KEY，公众号的消息是明文的")
    fix = _(
        "到公众平台「基本配置 → 服务器配置」选安全模式，把 EncodingAESKey 填到 SIYU_OFFICIAL_AES_KEY"
    )
    return [doubtful("official_callback", _("公众号：明文模式"), why, fix)]


def skewed(http: Http, said: Said) -> list[Finding]:
    """Against the platform's `Date`: callbacks older than five minutes are not believed."""
    if isinstance(said, Lost):
        return []
    away = abs(http.skew)
    told = "系统时间慢 %(count)s 秒" if http.skew > 0 else "系统时间快 %(count)s 秒"
    words = _(told, count=f"{away:.0f}")
    if away < SLOW_SECONDS:
        return [fine("clock", _("系统时间和平台一致"))]
    tell = doubtful if away < STALE_SECONDS else broken
    return [
        tell("clock", words, _("超过 5 分钟回调会被拒绝"), _("打开系统的「自动设置时间」（NTP）"))
    ]
