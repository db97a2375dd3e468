"""`siyu user`, `siyu key`: who may sign in, and which programs may call."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import click
from sqlalchemy.ext.asyncio import AsyncSession

from bot.settings import load_settings
from bot.store import access
from bot.store.engine import Sessions, open_engine
from bot.store.schema import prepare

ROLES = ("owner", "admin", "operator", "care", "auditor", "manager", "clerk")


def _with_database(work: Callable[[AsyncSession], Awaitable[None]]) -> None:
    async def run() -> None:
        engine = open_engine(load_settings().database_url)
        await prepare(engine)
        sessions = Sessions(engine)
        async with sessions.begin() as session:
            await work(session)
        await sessions.close()

    asyncio.run(run())


@click.group(help="后台用户")
def user() -> None:
    pass


@user.command("add", help="添加一位后台用户，密码从标准输入读")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--store", default=None, help="门店代码，店长和收银员必填")
def add_user(name: str, role: str, store: str | None) -> None:
    password = (
        click.prompt("密码", hide_input=True, confirmation_prompt=True)
        if sys.stdin.isatty()
        else sys.stdin.readline().rstrip("\n")
    )
    if len(password) < 10:
        raise click.UsageError("密码至少 10 个字符。")
    now = datetime.now(UTC)

    async def work(session: AsyncSession) -> None:
        await access.add_user(
            session, name=name, role=role, store=store, password=password, now=now
        )

    _with_database(work)
    click.echo(f"✓ 已添加 {name}（{role}）", err=True)


@click.group(help="API 密钥")
def key() -> None:
    pass


@key.command("add", help="添加一把 API 密钥，只显示这一次")
@click.option("--scope", required=True, help="例如 pos（收银）")
@click.option("--store", default=None)
@click.option("--name", default="")
def add_key(scope: str, store: str | None, name: str) -> None:
    token = "sk_" + secrets.token_urlsafe(32)
    now = datetime.now(UTC)

    async def work(session: AsyncSession) -> None:
        await access.add_key(
            session, token=token, scope=scope, store=store, name=name or scope, now=now
        )

    _with_database(work)
    click.echo(token)
