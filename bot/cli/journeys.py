"""`siyu journey rehearse KEY`: what a journey would have done over a past year."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta

import click

from bot.app import open_bot
from bot.cli.talk import Failed
from bot.content import Content
from bot.domain.journey_rehearsal import Rehearsal
from bot.domain.refusals import Refusal
from bot.settings import load_settings
from bot.store import journey_rehearsal, journeys
from bot.tongue import _
from handlers import ROUTERS

DAYS = click.DateTime(formats=["%Y-%m-%d"])
YEAR = timedelta(days=365)


@click.group(help="旅程：拿过去的一年试一遍")
def journey() -> None:
    pass


@journey.command(help="谁会进入、会发什么、要花多少；不改动任何顾客")
@click.argument("key")
@click.option("--from", "since", type=DAYS, help="从哪一天起；不给就是一年前")
@click.option("--to", "until", type=DAYS, help="到哪一天为止（不含）；不给就是现在")
@click.option(
    "--sample",
    type=click.IntRange(1),
    default=journey_rehearsal.SAMPLE,
    show_default=True,
    help="最多走多少人，再按比例推算",
)
@click.option("--json", "as_json", is_flag=True, help="输出一份 JSON")
def rehearse(
    key: str, since: datetime | None, until: datetime | None, sample: int, *, as_json: bool
) -> None:
    try:
        done, content = asyncio.run(_rehearse(key, since, until, sample))
    except Refusal as refusal:
        raise Failed(refusal.words, _("看有哪些旅程：/admin/campaigns/journeys")) from None
    if as_json:
        click.echo(json.dumps(done.as_json(), ensure_ascii=False, indent=1))
        return
    titles = {name: one.title for name, one in content.templates.items()}
    click.echo(done.in_words(titles))


async def _rehearse(
    key: str, since: datetime | None, until: datetime | None, sample: int
) -> tuple[Rehearsal, Content]:
    async with open_bot(load_settings(), ROUTERS) as bot:
        work = bot.work
        zone = work.settings.zone
        ends = until.replace(tzinfo=zone) if until else work.now().astimezone(zone)
        begins = since.replace(tzinfo=zone) if since else ends - YEAR
        async with work.sessions.reading() as session:
            spec = await journeys.published(session, key)
            if spec is None:
                raise Refusal("unknown_playbook", _("没有这条旅程，或它停着"), status=404)
            done = await journey_rehearsal.rehearse(
                session, work.content, spec, since=begins, until=ends, sample=sample
            )
    return done, work.content
