"""Delivers callbacks: encrypted, signed, 5 s to answer, tried again, in order per customer, and spoilt on request."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import aiohttp

from bot.sandbox.address import Address
from bot.sandbox.clock import Agenda, Clock
from bot.sandbox.faults import Faults
from bot.sandbox.log import Log
from bot.sandbox.names import Names
from bot.sandbox.shop import OrderDoor
from bot.sandbox.world.spec import Settings

FAULTY_SERVICE = "该公众号提供的服务出现故障，请稍后再试"
PARALLEL = 32
FORGED = "0" * 40
SHOP = "shop"
"""Whose parcels are orders."""
Door = Address | OrderDoor
OnReply = Callable[[dict[str, Any] | None], None]  # None: no valid answer came


@dataclass(frozen=True)
class Parcel:
    """One callback on its way; `key` names whose events must stay in order."""

    platform: str
    event: str
    facts: dict[str, Any]
    plain: str
    key: str
    form: str = "xml"
    attempt: int = 1
    fault: str = ""
    forged: bool = False
    """Somebody else's copy: the signature is not ours."""
    on_reply: OnReply | None = None

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.plain.encode()).hexdigest()


class Courier:
    def __init__(self, clock: Clock, agenda: Agenda, log: Log, *, timeout: float) -> None:
        self._clock, self._agenda, self._log = clock, agenda, log
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._lanes: dict[str, deque[Parcel]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[Parcel] = []
        self._free = asyncio.Semaphore(PARALLEL)
        self._session: aiohttp.ClientSession | None = None
        self.addresses: dict[str, Address] = {}
        self.orders = OrderDoor("", "")
        self.settings = Settings()
        self.faults: Faults | None = None
        self.names = Names(0)

    def post(self, parcel: Parcel) -> None:
        fault = self._fault(parcel)
        how, _, seconds = fault.partition(":")
        parcel = replace(parcel, fault=fault)
        match how:
            case "lost":
                self._note(parcel, status="lost")
            case "late":
                self._later(parcel, float(seconds or 60))
            case "reorder":
                self._held.append(parcel)
                self._agenda.plan(self._soon(30), "overtaken callback", self._release)
            case "forged":
                self._enqueue(replace(parcel, forged=True, on_reply=None))
                self._enqueue(replace(parcel, fault=""))
            case _:
                copies = 2 if how == "duplicate" else 1
                for _copy in range(copies):
                    self._enqueue(parcel)
                self._release(behind=parcel.key)

    def _fault(self, parcel: Parcel) -> str:
        if self.faults is None:
            return ""
        call = f"callback {parcel.platform} {parcel.event}"
        return self.faults.pick(call, parcel.digest, self._clock.now())

    def _soon(self, seconds: float) -> Any:
        return self._clock.now() + timedelta(seconds=seconds)

    def _later(self, parcel: Parcel, seconds: float) -> None:
        label = f"callback {parcel.event} again" if parcel.attempt > 1 else f"late {parcel.event}"
        self._agenda.plan(self._soon(seconds), label, lambda: self._enqueue(parcel))

    def _release(self, behind: str = "") -> None:
        """What was held back arrives after what happened later."""
        held, self._held = self._held, []
        for parcel in held:
            self._enqueue(replace(parcel, key=behind or parcel.key))

    def _enqueue(self, parcel: Parcel) -> None:
        lane = self._lanes.get(parcel.key)
        if lane is not None:
            lane.append(parcel)
            return
        self._lanes[parcel.key] = deque([parcel])
        task = asyncio.get_running_loop().create_task(self._drain(parcel.key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, key: str) -> None:
        lane = self._lanes[key]
        try:
            while lane:
                async with self._free:
                    await self._deliver(lane.popleft())
        finally:
            del self._lanes[key]

    async def _deliver(self, parcel: Parcel) -> None:
        address = self._door(parcel)
        if address is None or not address.url:
            self._note(parcel, status="no callback url")
            return
        status, reply = await self._send(parcel, address)
        self._note(parcel, status=status, reply=reply)
        if status in address.taken:
            self._answered(parcel, address, reply)
        elif parcel.attempt < self.settings.callback_tries and not parcel.forged:
            again = replace(parcel, attempt=parcel.attempt + 1)
            self._later(again, self.settings.callback_retry_seconds)
        elif parcel.on_reply:
            parcel.on_reply(None)

    def _door(self, parcel: Parcel) -> Door | None:
        return self.orders if parcel.platform == SHOP else self.addresses.get(parcel.platform)

    async def _send(self, parcel: Parcel, address: Door) -> tuple[int | str, str]:
        stamp = self._clock.timestamp()
        nonce = str(self.names.number(10, "nonce", parcel.digest, parcel.attempt))
        post = address.envelope(parcel, settings=self.settings, timestamp=stamp, nonce=nonce)
        if parcel.forged:
            post = replace(post, query=_forged(post.query), headers=_forged(post.headers))
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=PARALLEL)
            self._session = aiohttp.ClientSession(connector=connector, timeout=self._timeout)
        headers = {"Content-Type": post.content_type} | post.headers
        try:
            async with self._session.post(
                address.url, params=post.query, data=post.body.encode(), headers=headers
            ) as answer:
                return answer.status, await answer.text()
        except TimeoutError:
            return "timeout", ""
        except (aiohttp.ClientError, OSError) as error:
            return type(error).__name__, ""

    def _answered(self, parcel: Parcel, address: Door, reply: str) -> None:
        if parcel.on_reply is None or isinstance(address, OrderDoor):
            return
        if reply.strip() in ("", "success"):
            parcel.on_reply({})
            return
        mode = self.settings.official_mode
        try:
            parcel.on_reply(address.read_reply(reply, platform=parcel.platform, mode=mode))
        except ValueError as error:
            self._log.write(
                "callback", platform=parcel.platform, event="bad reply", why=str(error)
            )
            parcel.on_reply(None)

    def _note(self, parcel: Parcel, **outcome: Any) -> None:
        fault = {"fault": parcel.fault} if parcel.fault else {}
        self._log.write(
            "callback",
            platform=parcel.platform,
            event=parcel.event,
            **parcel.facts,
            plain=parcel.plain,
            digest=parcel.digest,
            attempt=parcel.attempt,
            **outcome,
            **fault,
        )

    @property
    def in_flight(self) -> int:
        return len(self._tasks)

    async def settled(self, *, limit: float = 10) -> None:
        """Until everything sent was answered, or the limit (real seconds) is over."""
        deadline = asyncio.get_running_loop().time() + limit
        while self._tasks and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(set(self._tasks), timeout=left)

    def forget(self) -> None:
        self._held.clear()
        for lane in self._lanes.values():
            lane.clear()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session:
            await self._session.close()


def _forged(said: dict[str, str]) -> dict[str, str]:
    return {name: FORGED if name.endswith("signature") else said[name] for name in said}
