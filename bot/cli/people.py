"""`siyu user`, `siyu key`: who may sign in, and which programs may call."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime

import click
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.cli.opened import opened
from bot.cli.talk import Failed, Misused
from bot.store import access

ROLES = ("owner", "admin", "operator", "care", "auditor", "manager", "clerk")
OF_A_STORE = ("manager", "clerk")
SHORTEST = 10
Work = Callable[[AsyncSession, datetime], Awaitable[object]]


def _with_database(work: Work) -> None:
    async def run() -> None:
        async with opened() as to, to.sessions.begin() as session:
            await work(session, to.now)

    asyncio.run(run())


@click.group(help="后台用户")
def user() -> None:
    pass


@user.command(
    "add", help="添加一位后台用户，密码从标准输入读；给了 --userid 就用企业微信登录，不要密码"
)
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--store", default=None, help="门店代码，店长和收银员必填")
@click.option("--userid", default=None, help="她的企业微信账号")
def add_user(name: str, role: str, store: str | None, userid: str | None) -> None:
    if role in OF_A_STORE and store is None:
        raise Misused(f"{role} 属于一家门店。\n  这样修：加上 --store 门店代码")
    known = {"password": None if userid else _password(), "userid": userid}

    async def work(session: AsyncSession, now: datetime) -> None:
        await access.add_user(session, name=name, role=role, store=store, now=now, **known)

    try:
        _with_database(work)
    except IntegrityError:
        what = f"叫 {name}" + (f"或绑定了 {userid}" if userid else "")
        raise Failed(f"已经有{what} 的用户。", "换一个名字") from None
    click.echo(f"✓ 已添加 {name}（{role}）", err=True)


@user.command("bind", help="让一位后台用户也能用企业微信登录")
@click.argument("name")
@click.argument("userid")
def bind(name: str, userid: str) -> None:
    async def work(session: AsyncSession, now: datetime) -> None:  # noqa: ARG001
        if not await access.bind(session, name, userid):
            raise Failed(f"没有叫 {name} 的后台用户。", "先添加：siyu user add 名字 --role 角色")

    try:
        _with_database(work)
    except IntegrityError:
        raise Failed(f"{userid} 已经绑定了别人。", "一个企业微信账号只对应一位用户") from None
    click.echo(f"✓ {name} 现在可以用企业微信登录", err=True)


def _password() -> str:
    """Typed twice on a terminal, else one line on standard input; never an argument that others can see."""
    if sys.stdin.isatty():
        said: str = click.prompt("密码", hide_input=True, confirmation_prompt="再输一遍")
    else:
        said = sys.stdin.readline().rstrip("\r\n")
    if len(said) < SHORTEST:
        raise Misused(
            f"密码至少 {SHORTEST} 个字符。\n  这样修：在终端里输入，或 echo 密码 | siyu user add …"
        )
    return said


@click.group(help="API 密钥")
def key() -> None:
    pass


@key.command("add", help="添加一把 API 密钥，只显示这一次")
@click.option("--scope", required=True, help="例如 pos（收银）")
@click.option("--store", default=None, help="只管这家门店，写门店代码")
@click.option("--name", default="", help="给谁用，方便以后认出来")
def add_key(scope: str, store: str | None, name: str) -> None:
    _known_scope(scope)
    token = "sk_" + secrets.token_urlsafe(32)

    async def work(session: AsyncSession, now: datetime) -> None:
        await access.add_key(
            session, token=token, scope=scope, store=store, name=name or scope, now=now
        )

    _with_database(work)
    click.echo(token)


def _known_scope(scope: str) -> None:
    from bot.web.guards import KEY_ROLES

    if scope not in KEY_ROLES:
        raise Misused(f"没有 {scope} 这种权限。\n  能用的有：{'、'.join(KEY_ROLES)}")
