"""How far something is, told to its page while it goes on (server-sent events); a page that comes back asks again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from aiohttp import web

from bot.web.desk import DESK

BEAT = 0.5


@dataclass(frozen=True, slots=True)
class Far:
    state: str
    done: int
    total: int
    """0 while nobody knows."""
    over: bool
    doing: str = ""


async def tell(request: web.Request, look: Callable[[], Awaitable[Far]]) -> web.StreamResponse:
    """Look again and again until it is over. `look` opens and closes its own reading."""
    desk = request.app[DESK]
    first = await look()  # what is refused is refused before an answer has begun
    answer = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    )
    await answer.prepare(request)
    await _say(answer, first)
    far = first
    while not far.over and not desk.leaving.is_set():
        await asyncio.sleep(BEAT)
        far = await look()
        await _say(answer, far)
    return answer


async def _say(answer: web.StreamResponse, far: Far) -> None:
    await answer.write(f"data: {json.dumps(asdict(far))}\n\n".encode())
