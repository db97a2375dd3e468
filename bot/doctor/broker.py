"""Whether work is carried: by the database itself, or by a NATS server with JetStream."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

from bot.doctor.finding import Finding, broken, fine
from bot.settings import Settings
from bot.tongue import _

CHECK = "broker"
PATIENCE = 3


async def broker(settings: Settings) -> Finding:
    if settings.broker_url == "sql":
        return fine(CHECK, _("任务由数据库分发"))
    return await _nats(settings)


async def _nats(settings: Settings) -> Finding:
    import nats
    from nats.errors import Error
    from nats.js.errors import NotFoundError

    try:
        # Said once here: its own words name the address, which may hold a password.
        async with asyncio.timeout(PATIENCE):  # the client itself tries for ever
            await _knock(settings.broker_url)
            client = await nats.connect(settings.broker_url, error_cb=_unheard)
    except (Error, OSError, TimeoutError) as wrong:
        return broken(
            CHECK,
            _("NATS 连不上"),
            type(wrong).__name__,
            _("检查 SIYU_BROKER_URL，确认 nats-server -js 在运行"),
        )
    try:
        await client.jetstream().account_info()
        state = (await client.jetstream().stream_info(settings.shop)).state
        return fine(CHECK, _("任务由 NATS 分发，%(n)s 条在等", n=state.messages))
    except NotFoundError:
        return fine(CHECK, _("任务由 NATS 分发，还没有开始"))
    except (Error, TimeoutError) as wrong:
        return broken(
            CHECK,
            _("NATS 没有打开 JetStream"),
            type(wrong).__name__,
            _("用 nats-server -js -sd 目录 启动它"),
        )
    finally:
        await client.close()


async def _knock(url: str) -> None:
    """Raises OSError at once where nobody listens."""
    address = urlsplit(url)
    _reader, writer = await asyncio.open_connection(address.hostname, address.port or 4222)
    writer.close()


async def _unheard(_trouble: Any) -> None:
    return None
