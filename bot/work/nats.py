"""Work by message over NATS JetStream, for several machines. What is asked for stands in the database; after the
commit it is carried here, and whichever worker is free takes it. Without NATS work waits, and is not lost."""

from __future__ import annotations

import asyncio

import structlog
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DiscardPolicy,
    RetentionPolicy,
    StreamConfig,
)
from taskiq_nats import PullBasedJetStreamBroker

from bot.store.engine import Sessions
from bot.work.broker import RETRY_SECONDS, Asked, Broker

log = structlog.get_logger()
ACK_WAIT = 20
"""Seconds after which a message whose worker died is given to another. A task is over well before (see `Lane`)."""
KEPT = 60
"""An older message is worth nothing: every second the scheduler asks again for what is due."""
MOST = 1_000


class NatsBroker(Broker, PullBasedJetStreamBroker):
    def __init__(self, url: str, sessions: Sessions, *, name: str) -> None:
        super().__init__(
            [url],
            subject=f"{name}.work",
            stream_name=name,
            durable="worker",
            # A queue that forgets what was done; the default keeps every message for ever.
            stream_config=StreamConfig(
                name=name,
                retention=RetentionPolicy.WORK_QUEUE,
                discard=DiscardPolicy.OLD,
                max_age=KEPT,
                max_msgs=MOST,
            ),
            consumer_config=ConsumerConfig(
                durable_name="worker", ack_policy=AckPolicy.EXPLICIT, ack_wait=ACK_WAIT
            ),
            pull_consume_timeout=1.0,
            connect_timeout=2,
            max_reconnect_attempts=5,
            reconnect_time_wait=0.5,
            error_cb=_noted,
        )
        self.asked = Asked(sessions)
        self._starting = asyncio.Lock()

    async def startup(self) -> None:
        """Listener and relay share one connection; whoever comes first opens it."""
        async with self._starting:
            if not self.client.is_connected:
                await super().startup()

    async def relaying(self) -> None:
        while True:
            try:
                await self.startup()
                async for name in self.asked.names():
                    await self.kick(self.written(name))
            except Exception as trouble:  # noqa: BLE001 - what was not carried is asked for again within a second
                log.error("relaying failed", error=type(trouble).__name__)
                await asyncio.sleep(RETRY_SECONDS)


async def _noted(trouble: Exception) -> None:
    log.warning("nats", error=type(trouble).__name__)
