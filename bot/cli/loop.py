"""The event loop of what runs for long: libuv's, where it is made for this platform."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

Result = TypeVar("Result")
TERMINATED = 128 + signal.SIGTERM


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """`asyncio.run`, on the quicker loop; SIGTERM too lets what was begun be put away."""
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    with suppress(ImportError):
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        try:
            return runner.run(_ended_by_sigterm(work))
        except asyncio.CancelledError:
            sys.exit(TERMINATED)


async def _ended_by_sigterm(work: Coroutine[Any, Any, Result]) -> Result:
    task = asyncio.current_task()
    assert task is not None
    with suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work
