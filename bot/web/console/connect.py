"""`/admin/connect`: is this shop connected, what is wrong, and how is it mended: what `siyu doctor` says, as a page."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from bot import doctor
from bot.doctor import Finding
from bot.store import stale_callbacks
from bot.web.console.frame import is_part, shown
from bot.web.desk import DESK, Desk
from bot.web.doubts import DOUBTS, quarantined, skewed
from bot.web.guards import allowed

routes = web.RouteTableDef()
STEPS = (
    ("设置与密钥", "这台机器、数据库、内容和时间"),
    ("自建应用与客户联系", "企业 ID、Secret、IP 白名单和权限"),
    ("接收消息（回调）", "平台找得到这台机器"),
    ("侧边栏与可信域名", "导购在聊天里打得开页面"),
)
OF_STEP = {"wecom": 1, "kf": 1, "official": 1, "wecom_callback": 2, "official_callback": 2}
TRUSTED = "可信域名"
WORDS = {
    "ok": ("正常", "g", "check"),
    "warn": ("注意", "w", "alert-circle"),
    "fail": ("没通过", "r", "x"),
}


@dataclass(frozen=True, slots=True)
class Step:
    title: str
    about: str
    findings: list[Finding]

    @property
    def state(self) -> str:
        """ok, warn, fail, or empty before anything was checked."""
        states = {one.state for one in self.findings}
        return next((state for state in ("fail", "warn", "ok") if state in states), "")


def steps(findings: Sequence[Finding]) -> list[Step]:
    found: list[list[Finding]] = [[], [], [], []]
    for one in findings:
        found[3 if TRUSTED in one.what else OF_STEP.get(one.check, 0)].append(one)
    return [Step(title, about, part) for (title, about), part in zip(STEPS, found, strict=True)]


@routes.get("/admin/connect", allow_head=False)
@allowed("settings.read")
async def overview(request: web.Request) -> web.StreamResponse:
    """Nothing is asked of the platforms until somebody presses the button."""
    return await _page(request, "console/connect.html", [], 0.0)


@routes.post("/admin/connect/check")
@allowed("settings.read")
async def check(request: web.Request) -> web.StreamResponse:
    began = time.perf_counter()
    desk = request.app[DESK]
    findings = await doctor.of(desk.work.settings)
    findings += request.app[DOUBTS].findings(desk.work.now())
    findings += await _quarantined(desk)
    part = "console/connect_found.html" if is_part(request) else "console/connect.html"
    return await _page(request, part, findings, time.perf_counter() - began)


async def _quarantined(desk: Desk) -> list[Finding]:
    async with desk.work.sessions.reading() as session:
        counted = await stale_callbacks.counted(session)
    return list(quarantined(counted, desk.work.now(), desk.work.settings.zone))


async def _page(
    request: web.Request, template: str, findings: list[Finding], took: float
) -> web.Response:
    desk = request.app[DESK]
    laid = steps(findings)
    trouble = next((s for s in laid if s.state == "fail"), None)
    settings = desk.work.settings
    # What this process knows by itself is told before anybody presses the button.
    alarms = [] if findings else [*skewed(desk.skew()), *await _quarantined(desk)]
    async with desk.work.sessions.reading() as session:
        return await shown(
            request,
            session,
            template,
            "connect",
            steps=laid,
            findings=findings,
            trouble=trouble,
            alarms=alarms,
            report=doctor.report(findings, desk.version) if findings else "",
            result_words=WORDS,
            took=took,
            connected=bool(settings.wecom_corp_id or settings.official_app_id),
            public_url=settings.public_url,
        )
