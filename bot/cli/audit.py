"""`siyu audit verify`: whether the record of what people did is as it was written."""

from __future__ import annotations

from datetime import datetime

import click
from sqlalchemy.ext.asyncio import AsyncSession

from bot.cli.people import with_database
from bot.cli.talk import Failed, note
from bot.store import audit
from bot.tongue import _


@click.group("audit", help="操作记录")
def trail() -> None:
    pass


@trail.command("verify", help="从头核对：有没有一行被改过、删过；有就退出 1")
def verify() -> None:
    async def work(session: AsyncSession, now: datetime) -> None:  # noqa: ARG001
        if (broken := await audit.verify(session)) is not None:
            raise Failed(
                _("第 %(n)s 行和前面接不上：有人改过数据库里的操作记录。", n=broken),
                _("拿一份备份对照：SIYU_DATABASE_URL=… siyu restore FILE，再看那一行"),
            )

    with_database(work)
    note(_("✓ 操作记录完整"))
