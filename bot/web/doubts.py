"""Callbacks that this process did not believe: what of them a person can mend, told where she looks for mistakes."""

from __future__ import annotations

import hashlib
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from bot.doctor.finding import Finding, broken, doubtful
from bot.platforms.envelope import Untrusted
from bot.platforms.http import SKEWED_SECONDS
from bot.store import stale_callbacks
from bot.tongue import _
from bot.web.desk import DESK
from bot.web.flood import FLOOD, address_of

HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
MENDS = {
    "signature": (
        "签名对不上：多半是后台填的 Token 和这里的不一样",
        "把后台「接收消息」里的 Token 原样抄到设置里，重启 siyu serve，再到后台点保存",
    ),
    "cipher": (
        "签名对，内容解不开：EncodingAESKey 或企业 ID 和这里的不一样",
        "把后台的 EncodingAESKey 和企业 ID 原样抄到设置里，重启 siyu serve",
    ),
    "stale": (
        "时间差了 5 分钟以上：这台机器的时钟不准",
        "打开系统的「自动设置时间」，再试一次",
    ),
}
"""Whatever else is refused comes from nobody whose settings could be wrong."""
CHECKS = {"wecom": "wecom_callback", "official": "official_callback"}


@dataclass(slots=True)
class Doubted:
    times: int = 0
    first: datetime | None = None
    last: datetime | None = None


@dataclass(slots=True)
class Doubts:
    believed: dict[str, datetime] = field(default_factory=dict)
    """By platform, when one was last believed."""
    refused: defaultdict[tuple[str, str], Doubted] = field(
        default_factory=lambda: defaultdict(Doubted)
    )

    seen: OrderedDict[str, None] = field(default_factory=OrderedDict)
    """Digests of the latest that were stale: played again, they cost nothing."""

    def is_new(self, digest: str) -> bool:
        if digest in self.seen:
            return False
        self.seen[digest] = None
        if len(self.seen) > stale_callbacks.MOST:
            self.seen.popitem(last=False)
        return True

    def believe(self, platform: str, now: datetime) -> None:
        self.believed[platform] = now

    def refuse(self, platform: str, reason: str, now: datetime) -> None:
        """Counted by the hour: what was mended is forgotten."""
        if reason not in MENDS:
            return
        seen = self.refused[platform, reason]
        if seen.last is None or now - seen.last > HOUR:
            seen.times, seen.first = 0, now
        seen.times, seen.last = seen.times + 1, now

    def findings(self, now: datetime) -> Iterator[Finding]:
        """Broken where nothing else came in meanwhile; else somebody may only be trying the door."""
        for (platform, reason), seen in self.refused.items():
            if seen.first is None or seen.last is None or now - seen.last > HOUR:
                continue
            why, mend = MENDS[reason]
            what = _("最近一小时拒收了 %(n)s 次回调", n=seen.times)
            heard = self.believed.get(platform)
            alone = heard is None or heard < seen.first
            made = broken if alone else doubtful
            also = "" if alone else _("。别的回调收得到，也可能是有人在乱试")
            yield made(CHECKS[platform], what, _(why) + also, _(mend))


DOUBTS = web.AppKey("doubts", Doubts)


async def doubted(request: web.Request, platform: str, doubt: Untrusted) -> None:
    """Refused: counted against whoever asked, and noted where the signature was ours and the hour was not."""
    work, doubts = request.app[DESK].work, request.app[DOUBTS]
    request.app[FLOOD].refuse(address_of(request))
    doubts.refuse(platform, doubt.reason, work.now())
    if doubt.reason != "stale":
        return
    signed = request.query.get("msg_signature") or request.query.get("signature", "")
    digest = hashlib.sha256(f"{platform} {signed}".encode()).hexdigest()
    if not doubts.is_new(digest):
        return
    # Whoever is refused learns nothing, not even that the database is away.
    with suppress(SQLAlchemyError):
        async with work.sessions.begin() as session:
            await stale_callbacks.keep(session, digest, platform, now=work.now())


def quarantined(
    counted: Mapping[str, tuple[int, datetime]], now: datetime, zone: tzinfo
) -> Iterator[Finding]:
    """What lies there of the last week: a clock that was wrong, or somebody who plays what he recorded."""
    for platform, (count, last) in counted.items():
        if now - last > WEEK:
            continue
        at = f"{last.astimezone(zone):%m-%d %H:%M}"
        what = _("隔离了 %(n)s 条签名对、却过期了的回调，最后一条在 %(at)s", n=count, at=at)
        why = _("不是时钟不准，就是有人把录下的回调再放一遍；同一条只记一次，一件事也没有发生")
        fix = _("时钟准的话，到后台把 Token 换一个；换的时候旧的写在 …_TOKEN_OLD")
        yield doubtful(CHECKS[platform], what, why, fix)


def skewed(seconds: float) -> Iterator[Finding]:
    """Of this process, without asking anybody."""
    if abs(seconds) <= SKEWED_SECONDS:
        return
    told = "系统时间慢 %(count)s 秒" if seconds > 0 else "系统时间快 %(count)s 秒"
    why, mend = _("超过 5 分钟回调会被拒绝"), _("打开系统的「自动设置时间」（NTP）")
    yield doubtful("clock", _(told, count=f"{abs(seconds):.0f}"), why, mend)
