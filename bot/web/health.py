"""Is it alive, is it ready, what does it count."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from bot.domain.permissions import may, opens
from bot.inbound.commands import matrix
from bot.outbound.reconcile import last_report
from bot.store import inbox, stale_callbacks
from bot.store.engine import writable
from bot.tongue import _
from bot.web import metrics
from bot.web.desk import ACTOR, DESK, KEY

routes = web.RouteTableDef()
METRICS = "metrics.read"


@routes.get("/healthz")
async def alive(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


@routes.get("/readyz")
async def ready(request: web.Request) -> web.Response:
    desk = request.app[DESK]
    if desk.leaving.is_set():
        return web.json_response({"status": "red", "why": _("正在停止")}, status=503)
    try:
        async with desk.work.sessions.begin() as session:
            open_for_writing, counts = await writable(session), await inbox.counts(session)
    except SQLAlchemyError as failure:
        return _unwritable(type(failure).__name__)
    if not open_for_writing:
        return _unwritable("ReadOnly")
    return web.json_response({"status": "ok", "inbox": counts})


def _unwritable(why: str) -> web.Response:
    return web.json_response(
        {"status": "red", "why": _("数据库不可写（%(why)s）", why=why)}, status=503
    )


def may_read(request: web.Request) -> bool:
    """In production only a key whose role may see how the house runs."""
    actor, scopes = request.get(ACTOR), request.get(KEY, ())
    return (
        actor is not None
        and may(matrix(), METRICS, actor.kind)
        and opens(scopes, METRICS, writes=False)
    )


@routes.get("/metrics")
async def read_metrics(request: web.Request) -> web.Response:
    desk = request.app[DESK]
    if desk.work.settings.production and not may_read(request):
        return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})
    async with desk.work.sessions.reading() as session:
        for state, count in (await inbox.counts(session)).items():
            metrics.INBOX.labels(state).set(count)
        for platform, (count, _at) in (await stale_callbacks.counted(session)).items():
            metrics.QUARANTINED.labels(platform).set(count)
        report = await last_report(session)
    metrics.SKEW.set(desk.skew())
    if report is not None:
        metrics.tell_drift(report)
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
