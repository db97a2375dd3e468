"""Asking the platforms: are the keys right, may we call, do the clocks agree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bot.cli.doctor.finding import Finding, broken, doubtful, fine
from bot.clock import Clock
from bot.platforms.http import Http, Lost
from bot.platforms.request import get, post
from bot.settings import Settings

WECOM_TROUBLE = {
    40001: (
        "Secret 不对，或不是这个应用的",
        "到后台「应用管理」打开自建应用，重新复制 Secret，填到 SIYU_WECOM_SECRET",
    ),
    40013: ("企业 ID 不对", "到后台「我的企业」最下面复制企业 ID，填到 SIYU_WECOM_CORP_ID"),
    48002: (
        "这个应用没有客户联系的权限",
        "到后台「客户与上下游 → 客户联系 → 客户 → API」，把应用加进「可调用接口的应用」",
    ),
    60020: (
        "这台机器的 IP {ip}不在可信 IP 里",
        "到后台打开自建应用，在「企业可信IP」里加上它；要先填好可信域名或接收消息的网址",
    ),
}
OFFICIAL_TROUBLE = {
    40013: (
        "AppID 不对",
        "到公众平台「设置与开发 → 基本配置」复制 AppID，填到 SIYU_OFFICIAL_APP_ID",
    ),
    40125: ("AppSecret 不对", "到公众平台「基本配置」重置 AppSecret，填到 SIYU_OFFICIAL_SECRET"),
    40164: ("这台机器的 IP {ip}不在白名单里", "到公众平台「基本配置 → IP 白名单」加上它"),
    48001: ("这个公众号没有接口权限", "要用已认证的服务号"),
}
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

    def found(self, said: dict[str, Any] | Lost, what: str) -> Finding:
        if isinstance(said, Lost):
            return self._lost(said)
        code = said.get("errcode", 0)
        if code == 0:
            return fine(self.check, f"{self.name}：{what}")
        why, fix = (self.trouble | LATER).get(
            code, (f"平台返回 {code}", f"查平台文档里的错误码 {code}")
        )
        why = why.format(ip=_address(str(said.get("errmsg", ""))))
        return broken(self.check, f"{self.name}：{what}", f"{why}（{code}）", fix)

    def _lost(self, lost: Lost) -> Finding:
        reasons = {
            "unreachable": (
                "域名解析不了，或没有程序在听",
                "检查这台机器的网络、DNS、代理和防火墙",
            ),
            "timeout": (f"{SECONDS:.0f} 秒没有回答", "检查网络和防火墙，过一会儿再试"),
            "server_error": ("服务器出错", "过一会儿再试；如果中间有代理，看看代理"),
            "nonsense": ("回答不是平台的格式，多半是代理或登录页", "检查 API_BASE 和中间的代理"),
        }
        why, fix = reasons.get(lost.reason, ("连接断了", "检查网络，过一会儿再试"))
        return broken(self.check, f"{self.name}：连不上 {self.base}", why, fix)


def _address(said: str) -> str:
    match = re.search(r"from ip: ?([0-9a-fA-F.:]+)", said) or re.search(
        r"\b(\d+\.\d+\.\d+\.\d+)\b", said
    )
    return f"{match[1]} " if match else ""


async def wecom(settings: Settings, clock: Clock) -> list[Finding]:
    asked = Asked("wecom", "企业微信", settings.wecom_api_base, WECOM_TROUBLE)
    http = Http(settings.wecom_api_base, clock, seconds=SECONDS)
    try:
        said = await http.send(
            get(
                "/cgi-bin/gettoken",
                corpid=settings.wecom_corp_id,
                corpsecret=settings.wecom_secret,
            )
        )
        found = [asked.found(said, "企业 ID 和 Secret")]
        if found[0].state != "ok" or isinstance(said, Lost):
            return [*found, *_clock(http, said)]
        follows = await http.send(
            get("/cgi-bin/externalcontact/get_follow_user_list"), said["access_token"]
        )
        return [*found, *_clock(http, said), _guides(asked, follows)]
    finally:
        await http.close()


def _guides(asked: Asked, said: dict[str, Any] | Lost) -> Finding:
    found = asked.found(said, "客户联系权限")
    if found.state != "ok" or isinstance(said, Lost):
        return found
    if guides := said.get("follow_user"):
        return fine(asked.check, f"{asked.name}：客户联系权限，{len(guides)} 位导购")
    return doubtful(
        asked.check,
        f"{asked.name}：没有导购能添加顾客",
        "客户联系的使用范围是空的",
        "到后台「客户联系 → 权限配置 → 使用范围」加上导购",
    )


async def official(settings: Settings, clock: Clock) -> list[Finding]:
    asked = Asked("official", "公众号", settings.official_api_base, OFFICIAL_TROUBLE)
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
    return [asked.found(said, "AppID 和 AppSecret"), *_clock(http, said)]


def _clock(http: Http, said: dict[str, Any] | Lost) -> list[Finding]:
    """Against the platform's `Date`: callbacks older than five minutes are not believed."""
    if isinstance(said, Lost):
        return []
    away = abs(http.skew)
    words = f"系统时间{'慢' if http.skew > 0 else '快'} {away:.0f} 秒"
    if away < SLOW_SECONDS:
        return [fine("clock", "系统时间和平台一致")]
    tell = doubtful if away < STALE_SECONDS else broken
    return [tell("clock", words, "超过 5 分钟回调会被拒绝", "打开系统的「自动设置时间」（NTP）")]
