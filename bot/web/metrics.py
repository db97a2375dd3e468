"""What we count, for Prometheus."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from aiohttp.web import AbstractResource, UrlMappingMatchInfo
from prometheus_client import Counter, Gauge, Histogram

RECEIVED = Counter("siyu_callbacks_received_total", "Callbacks believed and kept", ["platform"])
REFUSED = Counter("siyu_callbacks_refused_total", "Callbacks refused", ["platform", "why"])
QUARANTINED = Gauge(
    "siyu_callbacks_quarantined", "Signed callbacks that came too late, each once", ["platform"]
)
SKEW = Gauge(
    "siyu_platform_clock_skew_seconds", "By which the platforms' clock is ahead of this machine's"
)
REFUSALS = Counter("siyu_refusals_total", "What we said no to", ["reason", "role"])
ALARMS = Counter("siyu_refusal_alarms_total", "Times that somebody met many closed doors at once")
ORDERS = Counter("siyu_orders_received_total", "Order webhooks by answer", ["answer"])
INBOX = Gauge("siyu_inbox_events", "Kept events by state", ["state"])
DRIFT = Gauge(
    "siyu_drift_found", "Differences from WeCom that the last reconciling found", ["what", "where"]
)
MENDED = Gauge("siyu_drift_mended", "How many of them it mended", ["what", "where"])
UNASKED = Gauge("siyu_drift_gaps", "Things that the last reconciling could not ask WeCom about")
RECONCILED = Gauge("siyu_reconciled_at_seconds", "When that was, since the epoch")
ANSWERS = Histogram(
    "siyu_http_seconds",
    "Time to answer a request",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)


def answered(found: UrlMappingMatchInfo, seconds: float) -> None:
    """Under the route's own name, never the address that was asked for: those are without number."""
    _timer(found.route.resource).observe(seconds)


@cache
def _timer(resource: AbstractResource | None) -> Histogram:
    return ANSWERS.labels(resource.canonical if resource else "")


def tell_drift(report: dict[str, Any]) -> None:
    """As the last report of reconciling has it: what is in step again is told no longer."""
    DRIFT.clear()
    MENDED.clear()
    for one in report["drift"]:
        DRIFT.labels(one["what"], one["where"]).set(one["found"])
        MENDED.labels(one["what"], one["where"]).set(one["repaired"])
    UNASKED.set(len(report["not_compared"]))
    RECONCILED.set(datetime.fromisoformat(report["at"]).timestamp())
