"""`siyu user`, `siyu key`: who may sign in, and which programs may call."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime

import click
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.cli.opened import opened
from bot.cli.talk import Failed, Misused, Talk, note
from bot.domain.access import SHORTEST_PASSWORD, ApiKey
from bot.store import access
from bot.tongue import _, listed

ROLES = ("owner", "admin", "operator", "care", "auditor", "manager", "clerk")
OF_A_STORE = ("manager", "clerk")
Work = Callable[[AsyncSession, datetime], Awaitable[object]]


def with_database(work: Work) -> None:
    """Open the database of the settings, do this in one transaction, and let go of it."""

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
        raise Misused(_("%(role)s 属于一家门店。", role=role), _("加上 --store 门店代码"))
    known = {"password": None if userid else _password(), "userid": userid}

    async def work(session: AsyncSession, now: datetime) -> None:
        await access.add_user(session, name=name, role=role, store=store, now=now, **known)

    try:
        with_database(work)
    except IntegrityError:
        who = f"{name} / {userid}" if userid else name
        raise Failed(
            _("已经有叫 %(who)s 的用户。", who=who), _("换一个名字，或看看：siyu user list")
        ) from None
    note(_("✓ 已添加 %(name)s（%(role)s）", name=name, role=role))


@user.command("list", help="有哪些后台用户")
@click.option("--json", "as_json", is_flag=True, help="输出一份 JSON")
def list_users(as_json: bool) -> None:
    talk = Talk(as_json=as_json)
    found: list[access.Known] = []

    async def work(session: AsyncSession, now: datetime) -> None:  # noqa: ARG001
        found.extend(await access.known_users(session))

    with_database(work)
    rows = [
        [
            one.name,
            one.role,
            one.store or "—",
            one.userid or "—",
            _("能用") if one.active else _("停用"),
        ]
        for one in found
    ]
    talk.table([_("名字"), _("角色"), _("门店"), _("企业微信账号"), _("状态")], rows)
    talk.document([asdict(one) for one in found])


@user.command("reset", help="重设一位用户的密码，从标准输入读；她要重新登录")
@click.argument("name")
def reset(name: str) -> None:
    password = _password()

    async def work(session: AsyncSession, now: datetime) -> None:  # noqa: ARG001
        if not await access.set_password(session, name, password):
            raise _nobody(name)

    with_database(work)
    note(_("✓ %(name)s 的密码换好了，她要重新登录", name=name))


@user.command("disable", help="停用一位用户：马上退出，不能再登录；--undo 恢复")
@click.argument("name")
@click.option("--undo", is_flag=True, help="恢复")
def disable(name: str, undo: bool) -> None:
    async def work(session: AsyncSession, now: datetime) -> None:  # noqa: ARG001
        if not await access.set_active(session, name, active=undo):
            raise _nobody(name)

    with_database(work)
    done = _("✓ %(name)s 又能登录了") if undo else _("✓ %(name)s 已停用，不能再登录")
    note(_(done, name=name))


def _nobody(name: str) -> Failed:
    return Failed(
        _("没有叫 %(name)s 的后台用户。", name=name),
        _("看看有谁：siyu user list；添加：siyu user add 名字 --role 角色"),
    )


@user.command("bind", help="让一位后台用户也能用企业微信登录")
@click.argument("name")
@click.argument("userid")
def bind(name: str, userid: str) -> None:
    async def work(session: AsyncSession, now: datetime) -> None:  # noqa: ARG001
        if not await access.bind(session, name, userid):
            raise _nobody(name)

    try:
        with_database(work)
    except IntegrityError:
        raise Failed(
            _("%(userid)s 已经绑定了别人。", userid=userid), _("一个企业微信账号只对应一位用户")
        ) from None
    note(_("✓ %(name)s 现在可以用企业微信登录", name=name))


def _password() -> str:
    """Typed twice on a terminal, else one line on standard input; never an argument that others can see."""
    if sys.stdin.isatty():
        said: str = click.prompt(_("密码"), hide_input=True, confirmation_prompt=_("再输一遍"))
    else:
        said = sys.stdin.readline().rstrip("\r\n")
    if len(said) < SHORTEST_PASSWORD:
        raise Misused(
            _("密码至少 %(least)s 个字符。", least=SHORTEST_PASSWORD),
            _("在终端里输入，或 echo 密码 | siyu user add …"),
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
        raise Misused(_("%(role)s 属于一家门店。", role=role), _("加上 --store 门店代码"))
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

    with_database(work)
    click.echo(token)


def _known_scopes(scopes: tuple[str, ...]) -> None:
    from bot.domain.permissions import areas
    from bot.inbound.commands import matrix

    known = areas(matrix()) | {"*"}
    for scope in scopes:
        name, _colon, verb = scope.partition(":")
        if scope != "pos" and (name not in known or verb not in {"read", "write"}):
            raise Misused(
                _("没有 %(scope)s 这种范围。", scope=scope),
                _("写 pos，或 %(areas)s 之一加上 :read 或 :write", areas=listed(sorted(known))),
            )
    if "pos" in scopes and len(set(scopes)) > 1:
        raise Misused(_("pos 只能单独用。"), _("另添加一把密钥"))


@key.command("list", help="有哪些 API 密钥")
@click.option("--json", "as_json", is_flag=True, help="输出一份 JSON")
def list_keys(as_json: bool) -> None:
    talk = Talk(as_json=as_json)
    found: list[ApiKey] = []

    async def work(session: AsyncSession, now: datetime) -> None:  # noqa: ARG001
        found.extend(await access.keys(session))

    with_database(work)
    rows = [
        [access.short_id(one), one.name, one.role, one.scope, one.store or "—", _state(one)]
        for one in found
    ]
    if rows:
        talk.table(["ID", _("名字"), _("角色"), _("范围"), _("门店"), _("状态")], rows)
    else:
        note(_("还没有 API 密钥。添加：siyu key add --scope customer:read"))
    names = ("name", "role", "scope", "store")
    talk.document(
        [
            {"id": access.short_id(one), "revoked": one.revoked_at is not None}
            | {name: getattr(one, name) for name in names}
            for one in found
        ]
    )


def _state(one: ApiKey) -> str:
    if one.revoked_at is None:
        return _("有效")
    return _("%(day)s 收回", day=f"{one.revoked_at:%Y-%m-%d}")


@key.command("revoke", help="收回一把 API 密钥，马上失效")
@click.argument("short")
def revoke_key(short: str) -> None:
    async def work(session: AsyncSession, now: datetime) -> None:
        found = await access.key_named(session, short)
        if found is None:
            raise Failed(
                _("没有 %(short)s 这把密钥。", short=short), _("看看有哪些：siyu key list")
            )
        found.revoked_at = found.revoked_at or now

    with_database(work)
    note(_("✓ %(short)s 已收回", short=short))
