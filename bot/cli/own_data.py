"""`siyu export`, `siyu erase`: all that is known of one customer; and the end of it."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

import click

from bot.cli.opened import Opened, opened
from bot.cli.talk import Failed, Misused, Talk
from bot.domain.customers import Customer
from bot.domain.erasure import Erasure
from bot.domain.refusals import Refusal
from bot.outbound.erasing import House, erase_all_due
from bot.store import audit, customers, erasing, exporting
from bot.tongue import _, listed

BLOCKS = {
    "order": "订单 %(what)s 还没结束",
    "case": "客诉 %(what)s 还在处理",
    "coupon": "券「%(what)s」还没用",
    "sending": "还有 %(what)s 条消息在路上",
}
Facts = dict[str, Any]


@click.command(help="一位顾客的全部资料，写成一份 JSON，给她本人或别的系统")
@click.argument("customer")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="写进这个文件；不写就输出"
)
def export(customer: str, out: Path | None) -> None:
    if out is not None and out.exists():
        then = f"siyu export {customer} --out {out}.new"
        raise Misused(_("%(file)s 已经在了，不会盖掉它。", file=out), then)
    told = asyncio.run(_export(customer))
    written = json.dumps(told, ensure_ascii=False, indent=2)
    if out is None:
        click.echo(written)
        return
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(written + "\n")
    rows = sum(len(one["rows"]) for one in told["known"])
    talk = Talk(as_json=False)
    talk.say(_("✓ 写好了，%(rows)s 条：%(file)s", rows=rows, file=out), style="green")
    talk.say(_("  里面有姓名和手机号：交给她以后就删掉。"))


async def _export(said: str) -> Facts:
    async with opened() as to, to.sessions.begin() as session:
        customer = await _who(to, session, said)
        told = await exporting.everything(session, to.vault, customer, now=to.now, zone=to.zone)
        number = await _note(session, to, "export_customer", customer.id, {})
    return {"export": {"number": number, "by": _by(), "at": told["at"]}} | told


@click.command(
    help="删掉一位顾客的资料；还没结束的订单、客诉和券会列出来，等它们结束再删最后一部分"
)
@click.argument("customer")
@click.option("--confirm", metavar="NAME", help="她的名字（没有名字就写编号），写了就不再问")
@click.option("--give-up", is_flag=True, help="没用完的券一起作废，不等它们到期")
@click.option("-n", "--dry-run", is_flag=True, help="只说会怎样，什么都不改")
@click.option("--json", "as_json", is_flag=True, help="输出一份 JSON")
def erase(customer: str, confirm: str | None, give_up: bool, dry_run: bool, as_json: bool) -> None:
    talk = Talk(as_json=as_json)
    known = asyncio.run(_look(customer))
    if dry_run:
        _open_items(talk, known.blocks)
        talk.say(_("没有改动任何数据。去掉 --dry-run 正式删除。"))
        talk.document({"customer": known.ref, "state": None, "blocks": known.blocks})
        return
    _certain(customer, known, confirm)
    wish = asyncio.run(_erase(known, give_up))
    _open_items(talk, wish.blocks)
    if wish.blocks:
        talk.say(_("✓ 不再联系她，别的都删掉了；上面的结束以后自动删最后一部分。"), style="green")
    else:
        talk.say(_("✓ 删掉了。账目留着，里面已经没有她的名字。"), style="green")
    if known.guides:
        talk.say(_("  请 %(guides)s 在企业微信里删掉她的备注。", guides=listed(known.guides)))
    talk.document(
        {
            "customer": known.ref,
            "state": wish.state,
            "blocks": wish.blocks,
            "counts": wish.counts,
            "guides": known.guides,
        }
    )


class _Known(NamedTuple):
    id: int
    ref: str
    name: str
    guides: list[str]
    blocks: list[erasing.Block]


async def _look(said: str) -> _Known:
    async with opened() as to, to.sessions.reading() as session:
        customer = await _who(to, session, said)
        name = await customers.name_of(session, to.vault, customer.id)
        her = await exporting.person(session, customer.id)
        guides = await customers.guides_of(session, customer.id)
        blocks = await erasing.blocks(session, her.ids, to.now)
        return _Known(customer.id, customer.ref, name, guides, blocks)


def _certain(said: str, known: _Known, confirm: str | None) -> None:
    """Whoever erases has named her. Raises Misused."""
    wanted = known.name or known.ref
    if confirm is None and sys.stdin.isatty():
        asked = _("删掉以后找不回来。输入她的名字「%(name)s」", name=wanted)
        confirm = click.prompt(asked, err=True)
    if confirm is None:
        raise Misused(
            _("删除要写出她的名字。"), _("siyu erase %(who)s --confirm 她的名字", who=said)
        )
    if confirm.strip() != wanted:
        raise Misused(
            _("名字和这位顾客的不一样，什么都没有删。"),
            _("先看是不是她：siyu explain %(ref)s", ref=known.ref),
        )


async def _erase(known: _Known, give_up: bool) -> Erasure:
    async with opened() as to:
        async with to.sessions.begin() as session:
            how = {"at_once": True, "give_up": give_up}
            wish = await erasing.ask(
                session, to.vault, customer_id=known.id, by=_by(), now=to.now, **how
            )
            await _note(session, to, "erase_customer", known.id, how)
        await erase_all_due(House(to.sessions, to.vault, to.now))
        async with to.sessions.reading() as session:
            return await session.get_one(Erasure, wish.id)


def _open_items(talk: Talk, blocks: list[erasing.Block]) -> None:
    for one in blocks:
        until = _("，最晚到 %(day)s", day=one["until"][:10]) if one["until"] else ""
        talk.say(f"  · {_(BLOCKS[one['kind']], what=one['what'])}{until}")


async def _who(to: Opened, session: Any, said: str) -> Customer:
    try:
        customer = await exporting.who(session, to.vault, said)
    except Refusal as refused:
        then = _("写她的编号、手机号、会员号或外部联系人 ID；编号在后台的顾客页上")
        raise Failed(refused.words, then) from None
    if customer.erased_at is not None:
        raise Failed(_("她的资料已经删除了。"), _("看记录：后台的「操作记录」"))
    return customer


def _by() -> str:
    return f"system:cli:{getpass.getuser()}"


async def _note(session: Any, to: Opened, action: str, customer_id: int, detail: Facts) -> int:
    return await audit.append(
        session,
        at=to.now,
        actor=_by(),
        action=action,
        subject=f"customer_id:{customer_id}",
        detail=detail,
    )
