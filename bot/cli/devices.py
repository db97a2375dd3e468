"""`siyu device`: the tills of stores."""

from __future__ import annotations

import sys
from datetime import datetime

import click
from sqlalchemy.ext.asyncio import AsyncSession

from bot.cli.people import with_database
from bot.cli.talk import Failed, Misused, Talk, note
from bot.domain.access import PIN, StoreDevice
from bot.store import devices
from bot.tongue import _


@click.group(help="门店的收银机")
def device() -> None:
    pass


@device.command("add", help="添加一台收银机，PIN 从标准输入读；打印只能用一次的配对链接")
@click.option("--store", required=True, help="门店代码")
@click.option("--name", required=True, help="摆在哪里，例如 前台")
def add_device(store: str, name: str) -> None:
    pin = _pin()

    async def work(session: AsyncSession, now: datetime) -> None:
        token = await devices.add(session, name=name, store=store, pin=pin, now=now)
        click.echo(f"/store/device/{token}")

    with_database(work)
    note(_("✓ 在那台收银机上打开 SIYU_PUBLIC_URL 加上面这一段，然后输入 PIN"))


def _pin() -> str:
    if sys.stdin.isatty():
        said: str = click.prompt("PIN", hide_input=True, confirmation_prompt=True)
    else:
        said = sys.stdin.readline().strip()
    if not PIN.fullmatch(said):
        raise Misused(
            _("PIN 是 4 到 8 位数字"), _("echo 数字 | siyu device add --store S01 --name 前台")
        )
    return said


@device.command("list", help="有哪些收银机")
@click.option("--json", "as_json", is_flag=True, help="输出一份 JSON")
def list_devices(as_json: bool) -> None:
    talk = Talk(as_json=as_json)
    found: list[StoreDevice] = []

    async def work(session: AsyncSession, now: datetime) -> None:  # noqa: ARG001
        found.extend(await devices.listed(session))

    with_database(work)
    rows = [[str(one.id), one.store, one.name, _state(one)] for one in found]
    if rows:
        talk.table(["ID", _("门店"), _("名字"), _("状态")], rows)
    else:
        note(_("还没有收银机。添加：siyu device add --store S01 --name 前台"))
    talk.document(
        [
            {
                "id": one.id,
                "store": one.store,
                "name": one.name,
                "paired": one.paired_at is not None,
                "revoked": one.revoked_at is not None,
            }
            for one in found
        ]
    )


def _state(one: StoreDevice) -> str:
    return _("收回") if one.revoked_at else _("能用") if one.paired_at else _("没配对")


@device.command("revoke", help="收回一台收银机，下次打开就要重新配对")
@click.argument("number", type=int)
def revoke_device(number: int) -> None:
    async def work(session: AsyncSession, now: datetime) -> None:
        if not await devices.revoke(session, number, now):
            raise Failed(
                _("没有 %(n)s 号收银机，或已经收回。", n=number), _("看看有哪些：siyu device list")
            )

    with_database(work)
    note(_("✓ %(n)s 号收银机已收回", n=number))
