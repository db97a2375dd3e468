"""Bulk work in parts, each in its own transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any


async def two_by_two(steps: Iterator[Coroutine[Any, Any, object]]) -> None:
    """While the database is at one part, the next is put together."""

    async def one_by_one() -> None:
        for step in steps:
            await step

    async with asyncio.TaskGroup() as group:
        group.create_task(one_by_one())
        group.create_task(one_by_one())
