"""The sandbox's control API as the page uses it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.domain.refusals import Refusal
from bot.web.desk import Desk

SLOWEST = aiohttp.ClientTimeout(total=60)
"""Moving time waits for every callback on the way."""


@dataclass(frozen=True, slots=True)
class World:
    http: aiohttp.ClientSession
    url: str

    async def state(self, **query: str) -> dict[str, Any] | None:
        """The whole world, one customer or one guide; None for nobody."""
        async with self.http.get(f"{self.url}/__sandbox__/state", params=query) as answer:
            found: dict[str, Any] = await answer.json()
            return found if answer.status == 200 else None

    async def act(self, *acts: Mapping[str, Any]) -> None:
        """Raises Refusal when the world says that this cannot happen."""
        said = await self._post("act", {"acts": list(acts)})
        for result in said["results"]:
            if not result["ok"]:
                raise Refusal("cannot_happen", f"沙盒里做不到：{result['error']}")

    async def clock(self, **wish: Any) -> dict[str, Any]:
        return await self._post("clock", wish) if wish else await self._get("clock")

    async def faults(self, script: Mapping[str, Any]) -> None:
        await self._post("faults", script)

    async def newest(self, count: int) -> list[dict[str, Any]]:
        """The newest rows of the log, oldest first."""
        url = f"{self.url}/__sandbox__/log"
        async with self.http.get(url, params={"after": str(-count)}) as answer:
            return [json.loads(line) for line in (await answer.text()).splitlines()]

    async def acts(self) -> list[dict[str, Any]]:
        """Everything that anybody did so far."""
        url = f"{self.url}/__sandbox__/log"
        async with self.http.get(url, params={"side": "act"}) as answer:
            return [json.loads(line) for line in (await answer.text()).splitlines()]

    async def _get(self, path: str) -> dict[str, Any]:
        async with self.http.get(f"{self.url}/__sandbox__/{path}") as answer:
            said: dict[str, Any] = await answer.json()
            return said

    async def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        async with self.http.post(f"{self.url}/__sandbox__/{path}", json=body) as answer:
            said: dict[str, Any] = await answer.json()
            return said


@asynccontextmanager
async def open_world(desk: Desk) -> AsyncIterator[World]:
    """Raises Refusal when the sandbox does not answer."""
    try:
        async with aiohttp.ClientSession(timeout=SLOWEST) as http:
            yield World(http, desk.sandbox_url.rstrip("/"))
    except (aiohttp.ClientConnectionError, TimeoutError) as failure:
        raise Refusal(
            "sandbox_away",
            f"连不上沙盒（{type(failure).__name__}）。看看它的终端窗口是否还开着，再刷新一次",
            status=502,
        ) from None
