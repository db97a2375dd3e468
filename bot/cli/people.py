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
@click.option(
    "--scope",
    "scopes",
    required=True,
    multiple=True,
    help="pos（收银），或 customer:read、campaign:write、*:read 这样的范围，可以写多次",
)
@click.option(
    "--role", type=click.Choice(ROLES), default="operator", help="按谁的权限算，默认 operator"
)
@click.option("--store", default=None, help="只管这家门店，写门店代码")
@click.option("--name", default="", help="给谁用，方便以后认出来")
def add_key(scopes: tuple[str, ...], role: str, store: str | None, name: str) -> None:
    _known_scopes(scopes)
    scope, till = " ".join(sorted(set(scopes))), "pos" in scopes
    if not till and role in OF_A_STORE and store is None:
        raise Misused(f"{role} 属于一家门店。\n  这样修：加上 --store 门店代码")
    token = "sk_" + secrets.token_urlsafe(32)

    async def work(session: AsyncSession, now: datetime) -> None:
        await access.add_key(
            session,
            token=token,
            role="integration" if till else role,
            scope=scope,
            store=store,
            name=name or scope,
            now=now,
        )

    _with_database(work)
    click.echo(token)


def _known_scopes(scopes: tuple[str, ...]) -> None:
    from bot.domain.permissions import areas
    from bot.inbound.commands import matrix

    known = areas(matrix()) | {"*"}
    for scope in scopes:
        name, _, verb = scope.partition(":")
        if scope != "pos" and (name not in known or verb not in {"read", "write"}):
            raise Misused(
                f"没有 {scope} 这种范围。\n  能用的有：pos，或 "
                f"{'、'.join(sorted(known))} 之一加上 :read 或 :write"
            )
    if "pos" in scopes and len(set(scopes)) > 1:
        raise Misused("pos 只能单独用。\n  这样修：另添加一把密钥")


@key.command("list", help="有哪些 API 密钥")
def list_keys() -> None:
    async def work(session: AsyncSession, now: datetime) -> None:  # noqa: ARG001
        for one in await access.keys(session):
            state = f"{one.revoked_at:%Y-%m-%d} 收回" if one.revoked_at else "有效"
            where = f" 门店 {one.store}" if one.store else ""
            click.echo(
                f"{access.short_id(one)}  {one.name}  {one.role}  {one.scope}{where}  {state}"
            )

    _with_database(work)


@key.command("revoke", help="收回一把 API 密钥，马上失效")
@click.argument("short")
def revoke_key(short: str) -> None:
    async def work(session: AsyncSession, now: datetime) -> None:
        found = await access.key_named(session, short)
        if found is None:
            raise Failed(f"没有 {short} 这把密钥。", "看看有哪些：siyu key list")
        found.revoked_at = found.revoked_at or now

    _with_database(work)
    click.echo(f"✓ {short} 已收回", err=True)
