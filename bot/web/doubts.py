"""Callbacks that this process did not believe: what of them a person can mend, told where she looks for mistakes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiohttp import web

from bot.doctor.finding import Finding, broken, doubtful
from bot.tongue import _

HOUR = timedelta(hours=1)
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
