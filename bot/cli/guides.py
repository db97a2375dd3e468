"""`siyu guide`: who is on leave until when, and whom we ask when a complaint goes up."""

from __future__ import annotations

import asyncio
import getpass
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from bot.app import open_bot
from bot.cli.talk import Failed, note
from bot.domain.leave import DUTIES, from_day, until_day
from bot.domain.refusals import Refusal
from bot.events.commands import Actor, ChangeGuide
from bot.inbound import commands
from bot.settings import load_settings
from bot.store import customers
from bot.tongue import _
from handlers import ROUTERS

DAY = click.DateTime(["%Y-%m-%d"])
NOBODY = "none"


@click.group(help="导购的请假和值守")
def guide() -> None:
    pass


@guide.command("away", help="她请假到哪一天（含）：等她点的群发收回，有别的导购的换人发")
@click.argument("userid")
@click.option("--until", type=DAY, required=True, help="最后一天，例如 2026-11-25")
@click.option("--from", "since", type=DAY, default=None, help="第一天，不写就是现在")
def away(userid: str, until: datetime, since: datetime | None) -> None:
    def leave(zone: ZoneInfo) -> dict[str, Any]:
        first = from_day(since.date(), zone) if since else None
        return {"away_from": first, "away_until": until_day(until.date(), zone)}

    told = _change(userid, leave)
    note(_("✓ %(userid)s 请假到 %(last)s（含）", userid=userid, last=f"{until:%Y-%m-%d}"))
    note(_("  收回等她点的群发：%(n)s 个", n=told["called_back"]))


@guide.command("back", help="她回来了，任务照常排给她")
@click.argument("userid")
def back(userid: str) -> None:
    _change(userid, lambda _zone: {"back": True})
    note(_("✓ %(userid)s 回来了", userid=userid))


@guide.command("duty", help="客诉升级时找谁：店长、专家，或不值守")
@click.argument("userid")
@click.argument("duty", type=click.Choice([*DUTIES, NOBODY]))
def duty(userid: str, duty: str) -> None:
    _change(userid, lambda _zone: {"duty": "" if duty == NOBODY else duty})
    said = _(DUTIES.get(duty, "不值守"))
    note(_("✓ %(userid)s 的值守：%(duty)s", userid=userid, duty=said))


def _change(userid: str, facts: Callable[[ZoneInfo], dict[str, Any]]) -> dict[str, Any]:
    try:
        return asyncio.run(_do(userid, facts))
    except Refusal as refusal:
        raise Failed(refusal.words, _("看有哪些导购：/admin/guide-tasks")) from None


async def _do(userid: str, facts: Callable[[ZoneInfo], dict[str, Any]]) -> dict[str, Any]:
    """Whoever may run this program on the server acts for the house, and is named in the audit."""
    settings = load_settings()
    async with open_bot(settings, ROUTERS) as bot:
        async with bot.work.sessions.reading() as session:
            found = await customers.guide_by_userid(session, userid, create=False)
        if found is None:
            raise Refusal("no_such_guide", _("没有「%(userid)s」这位导购", userid=userid))
        command = ChangeGuide(
            actor=Actor(kind="system", id=f"cli:{getpass.getuser()}"),
            key=secrets.token_hex(8),
            at=bot.work.now(),
            guide_id=found.id,
            **facts(settings.zone),
        )
        return await commands.do(bot.dispatcher, bot.work.sessions, command, bot.work.now())
