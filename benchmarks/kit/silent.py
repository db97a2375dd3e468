"""`siyu` that counts nothing and logs nothing: what counting and logging cost is the difference."""

from __future__ import annotations

import logging

import structlog
from aiohttp import web
from prometheus_client import Counter, Histogram

from bot.cli import logs, main
from bot.web import server


def silent() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)


if __name__ == "__main__":
    Counter.inc = Histogram.observe = lambda *_said, **_more: None
    logs.to_stderr = silent
    server._timed = web.middleware(lambda request, handler: handler(request))
    main()
