"""Asking WeCom one thing after the other: the app, who may serve customers, and what is still closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.clock import Clock
from bot.doctor.finding import Finding, broken, doubtful, fine
from bot.doctor.platforms import SECONDS, Asked, Said, plain_address, skewed
from bot.platforms.http import Http, Lost
from bot.platforms.request import Request, get, post
from bot.settings import Settings
from bot.tongue import _

SECRET = (
    "Secret 不对，或不是这个企业、这个应用的",
    "到后台「应用管理」打开自建应用，重新复制 Secret，填到 SIYU_WECOM_SECRET",
)
AGENT = (
    "AgentId 不是这个 Secret 的应用",
    "到后台「应用管理」打开自建应用，把 AgentId 和 Secret 从同一页抄下来",
)
RANGE = (
    "导购不在应用的可见范围里",
    "到后台「应用管理」打开自建应用，在「可见范围」里加上所有导购（或整个门店部门）",
)
CLOSED = (
    "这个应用没有这项权限",
    "到后台「客户与上下游 → 客户联系 → 客户 → API」，把应用加进「可调用接口的应用」",
)
KF_CLOSED = (
    "微信客服没有交给这个应用",
    "到后台「应用管理 → 微信客服 → API」，把应用加进「可调用接口的应用」，再把客服账号交给它管理；"
    "不用微信客服可以不管",
)
KF_ELSEWHERE = (
    "用的是独立版微信客服的密钥，或客服没有在企业微信里开通",
    "到后台「应用管理 → 微信客服」开通，并用自建应用的 Secret",
)
TROUBLE = {
    40001: SECRET,
    40091: SECRET,
    40013: ("企业 ID 不对", "到后台「我的企业」最下面复制企业 ID，填到 SIYU_WECOM_CORP_ID"),
    40056: AGENT,
    301002: AGENT,
    48002: CLOSED,
    48006: (
        "应用太久没有用，权限被平台收回了",
        "请管理员在后台重新把应用加进「可调用接口的应用」",
    ),
    50003: ("应用被停用了", "到后台「应用管理」打开自建应用，启用它"),
    60011: RANGE,
    60020: (
        "这台机器的 IP {ip}不在可信 IP 里",
        "到后台打开自建应用，在「企业可信IP」里加上它，一分钟后生效；"
        "要先填好可信域名或接收消息的网址",
    ),
    60021: RANGE,
    60111: ("通讯录里没有这个成员", "核对导购的账号（userid，区分不了就从通讯录里复制）"),
    81013: RANGE,
}
NO_CUSTOMERS = 84061
SHOWN = 3
"""So many guides are asked about one by one; the rest have the same trouble."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A connection that has its token."""

    asked: Asked
    http: Http
    token: str

    async def say(self, request: Request) -> Said:
        return await self.http.send(request, self.token)


async def wecom(settings: Settings, clock: Clock, guides: Sequence[str] = ()) -> list[Finding]:
    """`guides`: userids of those whom our database takes for guides."""
    asked = Asked("wecom", _("企业微信"), settings.wecom_api_base, TROUBLE)
    http = Http(settings.wecom_api_base, clock, seconds=SECONDS)
    try:
        said = await http.send(
            get(
                "/cgi-bin/gettoken",
                corpid=settings.wecom_corp_id,
                corpsecret=settings.wecom_secret,
            )
        )
        found = [
            *plain_address("wecom", _("企业微信"), settings.wecom_api_base),
            asked.found(said, _("企业 ID 和 Secret")),
            *skewed(http, said),
        ]
        if isinstance(said, Lost) or not said.get("access_token"):
            return found
        line = _Line(asked, http, said["access_token"])
        return [*found, *await _app(line, settings), *await _people(line, guides), await _kf(line)]
    finally:
        await http.close()


async def _app(line: _Line, settings: Settings) -> list[Finding]:
    said = await line.say(get("/cgi-bin/agent/get", agentid=str(settings.wecom_agent_id)))
    found = line.asked.found(said, _("应用 %(id)s", id=settings.wecom_agent_id))
    if found.state != "ok" or isinstance(said, Lost):
        return [found]
    if said.get("close"):
        why, fix = TROUBLE[50003]
        return [broken(line.asked.check, found.what, why, fix)]
    host, trusted = urlsplit(settings.public_url).hostname, str(said.get("redirect_domain") or "")
    if not settings.production or trusted.partition(":")[0] == host:
        return [found]
    return [found, _untrusted(line, str(host), trusted)]


def _untrusted(line: _Line, host: str, trusted: str) -> Finding:
    return doubtful(
        line.asked.check,
        _("企业微信：可信域名是 %(host)s", host=trusted)
        if trusted
        else _("企业微信：可信域名没有填"),
        _("导购打不开 %(host)s 上的页面和侧边栏（50001）", host=host),
        _("到后台打开自建应用，在「网页授权及 JS-SDK」里填 %(host)s，并上传校验文件", host=host),
    )


async def _people(line: _Line, guides: Sequence[str]) -> list[Finding]:
    said = await line.say(get("/cgi-bin/externalcontact/get_follow_user_list"))
    found = line.asked.found(said, _("客户联系权限"))
    if found.state != "ok" or isinstance(said, Lost):
        return [found]
    serving = list(said.get("follow_user") or ())
    if not serving:
        return [
            doubtful(
                line.asked.check,
                _("企业微信：没有导购能添加顾客"),
                _("客户联系的使用范围是空的"),
                _("到后台「客户联系 → 权限配置 → 使用范围」加上导购"),
            )
        ]
    missing = [userid for userid in guides if userid not in serving]
    return [
        fine(line.asked.check, _("企业微信：客户联系权限，%(count)s 位导购", count=len(serving))),
        *await _customers(line, serving[0]),
        *[await _missed(line, userid) for userid in missing[:SHOWN]],
    ]


async def _customers(line: _Line, userid: str) -> list[Finding]:
    """Whoever has no customer yet answers 84061, and that is fine."""
    said = await line.say(get("/cgi-bin/externalcontact/list", userid=userid))
    if isinstance(said, dict) and said.get("errcode") == NO_CUSTOMERS:
        return []
    found = line.asked.found(said, _("读取 %(guide)s 的顾客", guide=userid))
    return [] if found.state == "ok" else [found]


async def _missed(line: _Line, userid: str) -> Finding:
    said = await line.say(get("/cgi-bin/user/get", userid=userid))
    what = _("导购 %(guide)s 不能服务顾客", guide=userid)
    found = line.asked.found(said, what)
    if found.state != "ok":
        return doubtful(found.check, found.what, found.why, found.fix)
    return doubtful(
        line.asked.check,
        _("%(name)s：%(what)s", name=_("企业微信"), what=what),
        _("没有客户联系的权限（84061、48002 会从这里来）"),
        _("到后台「客户联系 → 权限配置 → 使用范围」加上她"),
    )


async def _kf(line: _Line) -> Finding:
    """Not everybody uses it: a closed door is worth a look, no more."""
    trouble = line.asked.trouble | dict.fromkeys((48002, 48007), KF_CLOSED)
    trouble |= dict.fromkeys((95011, 95012), KF_ELSEWHERE)
    asked = Asked("kf", _("微信客服"), line.asked.base, trouble)
    said = await line.say(post("/cgi-bin/kf/account/list", offset=0, limit=100))
    found = asked.found(said, _("客服账号"))
    if found.state != "ok" or isinstance(said, Lost):
        return doubtful(found.check, found.what, found.why, found.fix)
    if accounts := said.get("account_list"):
        return fine("kf", _("微信客服：%(count)s 个账号", count=len(accounts)))
    return doubtful(
        "kf",
        _("微信客服：没有客服账号"),
        _("没有开通，或账号没有交给这个应用管理"),
        _("到后台「应用管理 → 微信客服」开通，再「通过 API 管理微信客服账号」；不用可以不管"),
    )
