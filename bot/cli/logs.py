"""Structured logs: one JSON line per event on stderr, control characters escaped."""

from __future__ import annotations

import json
import logging
import re
import sys
from types import TracebackType
from typing import Any

import structlog

UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What JSON leaves as it is, although terminals act on it or read on another line."""


def to_stderr(level: int = logging.INFO) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(serializer=_one_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(handlers=[_Ours()], level=max(level, logging.WARNING), force=True)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a long beat is not news


def _one_line(event: Any, **asked: Any) -> str:
    said = json.dumps(event, ensure_ascii=False, **asked)
    return UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", said)


class _Ours(logging.Handler):
    """What libraries log, told our way: where it broke, never an exception's words, which may carry people's data."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger(record.name)
        where = _broke(record.exc_info[1]) if record.exc_info else {}
        log.log(record.levelno, "library", logger=record.name, said=str(record.msg), **where)


def _broke(error: BaseException | None) -> dict[str, str]:
    if error is None:
        return {}
    trace: TracebackType | None = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code if trace is not None else None
    place = f"{code.co_qualname}:{trace.tb_lineno}" if code and trace else ""
    return {"error": type(error).__name__, "at": place}
