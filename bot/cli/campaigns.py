"""`siyu campaign …`: rehearse, hand over, pause and stop, from a terminal."""

from __future__ import annotations

import asyncio
import getpass
import json
import secrets
import shlex
from typing import Any

import click
from sqlalchemy.ext.asyncio import AsyncSession

from bot.app import open_bot
from bot.cli.talk import Failed, Misused, note
from bot.content import wording
from bot.domain.campaigns import Campaign
from bot.domain.quotas import read_limits
from bot.domain.reasons import words
from bot.domain.refusals import Refusal
from bot.events.commands import (
    Actor,
    Command,
    HandOverCampaign,
    PauseCampaign,
    StopCampaign,
)
from bot.inbound import commands
from bot.settings import load_settings
from bot.store import campaigns, proof
from bot.store.campaigns import Receipt
from bot.store.proof import Proof
from bot.tongue import _
from handlers import ROUTERS


@click.group(help="预演、交给导购、暂停、停止活动")
def campaign() -> None:
    pass


@campaign.command("plan", help="预演：发给谁、不发给谁、为什么；只记下这次预演")
@click.argument("number", type=int, metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="输出一份 JSON")
def plan(number: int, as_json: bool) -> None:
    _name, receipt = _run(_rehearse(number))
    if as_json:
        click.echo(json.dumps(receipt.as_json(), ensure_ascii=False, indent=1))
    else:
        click.echo(receipt.in_words())


@campaign.command("result", help="成效：漏斗、让利，以及与对照组的差和区间")
@click.argument("number", type=int, metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="输出一份 JSON")
def result(number: int, as_json: bool) -> None:
    found = _run(_prove(number))
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=1))
    else:
        click.echo(found.in_words())


@campaign.command("hand-over", help="先预演给你看；加 --confirm 活动名 才真的交给导购")
@click.argument("number", type=int, metavar="ID")
@click.option("--confirm", metavar="名字", help="活动的名字，一字不差；写上它才会交出去")
@click.option(
    "--expected", type=int, default=None, help="预演时看到的人数；人数和预演时不同就停下"
)
def hand_over(number: int, confirm: str | None, expected: int | None) -> None:
    if confirm is None:
        name, receipt = _run(_rehearse(number))
        click.echo(receipt.in_words())
        then = f"{_confirming(number, name)} --expected {receipt.planned}"
        note(_("  没有交出去。要交给导购，运行：%(then)s", then=then))
        return
    name = _run(_named(number))
    if confirm != name:
        raise Misused(
            _(
                "%(number)s 号活动叫「%(name)s」，不叫「%(said)s」。",
                number=number,
                name=name,
                said=confirm,
            ),
            _confirming(number, name),
        )
    _act(HandOverCampaign, number, expected=expected)


def _confirming(number: int, name: str) -> str:
    return shlex.join(["siyu", "campaign", "hand-over", str(number), "--confirm", name])


@campaign.command("pause", help="暂停，导购还没确认的任务会收回")
@click.argument("number", type=int, metavar="ID")
def pause(number: int) -> None:
    _act(PauseCampaign, number)


@campaign.command("stop", help="停止，不能再恢复")
@click.argument("number", type=int, metavar="ID")
def stop(number: int) -> None:
    _act(StopCampaign, number)


def _act(kind: type[Command], number: int, **facts: Any) -> None:
    answer = _run(_do(kind, campaign_id=number, **facts))
    click.echo(json.dumps(answer, ensure_ascii=False))
    for code, count in answer.get("excluded", {}).items():
        note(_("  不发 %(count)s 人：%(why)s", count=count, why=words(code)))


def _run(work: Any) -> Any:
    try:
        return asyncio.run(work)
    except Refusal as refusal:
        raise Failed(refusal.words, _("看有哪些活动和它们的编号：/admin/campaigns")) from None


async def _do(kind: type[Command], **facts: Any) -> dict[str, Any]:
    """Whoever may run this program on the server acts for the house, and is named in the audit."""
    actor = Actor(kind="system", id=f"cli:{getpass.getuser()}")
    async with open_bot(load_settings(), ROUTERS) as bot:
        now = bot.work.now()
        command = kind(actor=actor, key=secrets.token_hex(8), at=now, **facts)
        return await commands.do(bot.dispatcher, bot.work.sessions, command, now)


async def _found(session: AsyncSession, number: int) -> Campaign:
    found = await session.get(Campaign, number)
    if found is None:
        raise Refusal("unknown_campaign", _("没有 %(number)s 号活动", number=number), status=404)
    return found


async def _named(number: int) -> str:
    async with (
        open_bot(load_settings(), ROUTERS) as bot,
        bot.work.sessions.reading() as session,
    ):
        return (await _found(session, number)).name


async def _prove(number: int) -> Proof:
    async with (
        open_bot(load_settings(), ROUTERS) as bot,
        bot.work.sessions.reading() as session,
    ):
        return await proof.of(session, await _found(session, number))


async def _rehearse(number: int) -> tuple[str, Receipt]:
    async with open_bot(load_settings(), ROUTERS) as bot:
        work = bot.work
        async with work.sessions.begin() as session:
            found = await _found(session, number)
            receipt = await campaigns.dry_run(
                session,
                work.vault,
                found,
                limits=read_limits(work.content.limits),
                now=work.now(),
                saying=wording.saying(
                    work.content,
                    found,
                    written=campaigns.written(work.vault, found),
                    public_url=work.settings.public_url,
                ),
            )
            found.receipt, found.rehearsed_at = receipt.as_kept(), work.now()
            return found.name, receipt
