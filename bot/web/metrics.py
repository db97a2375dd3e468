"""What we count, for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

RECEIVED = Counter("siyu_callbacks_received_total", "Callbacks believed and kept", ["platform"])
REFUSED = Counter("siyu_callbacks_refused_total", "Callbacks refused", ["platform", "why"])
ORDERS = Counter("siyu_orders_received_total", "Order webhooks by answer", ["answer"])
INBOX = Gauge("siyu_inbox_events", "Kept events by state", ["state"])
ANSWERS = Histogram(
    "siyu_http_seconds",
    "Time to answer a request",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
