"""`siyu journey rehearse KEY`: what a journey would have done over a past year."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches

import click

from bot.app import open_bot
from bot.cli.talk import Failed
from bot.content import Content
from bot.domain.journey_rehearsal import Rehearsal
from bot.domain.playbooks import PlaybookSpec
from bot.settings import load_settings
from bot.store import journey_rehearsal, journeys
from bot.tongue import _, listed
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
    done, content = asyncio.run(_rehearse(key, since, until, sample))
    if as_json:
        click.echo(json.dumps(done.as_json(), ensure_ascii=False, indent=1))
        return
    titles = {name: one.title for name, one in content.templates.items()}
    click.echo(done.in_words(titles))


def _meant(key: str, known: Mapping[str, PlaybookSpec]) -> PlaybookSpec:
    """Raises Failed with what to run in its place."""
    spec = known.get(key)
    if spec is not None and spec.steps:
        return spec
    if spec is not None and spec.campaign:
        what = _("「%(name)s」是定期活动，没有步骤", name=spec.name)
        where = f"/admin/campaigns/repeating/{key}/rehearsal"
        raise Failed(what, _("它的预演在后台：%(where)s", where=where))
    walked = sorted(one.key for one in known.values() if one.steps)
    near = get_close_matches(key, walked, n=1)
    command = f"siyu journey rehearse {next(iter(near or walked), 'KEY')}"
    then = _("运行：%(command)s", command=command)
    if not near:
        then += _("。有这些旅程：%(names)s", names=listed(walked))
    raise Failed(_("没有旅程「%(key)s」，或它停着", key=key), then)


async def _rehearse(
    key: str, since: datetime | None, until: datetime | None, sample: int
) -> tuple[Rehearsal, Content]:
    async with open_bot(load_settings(), ROUTERS) as bot:
        work = bot.work
        zone = work.settings.zone
        ends = until.replace(tzinfo=zone) if until else work.now().astimezone(zone)
        begins = since.replace(tzinfo=zone) if since else ends - YEAR
        async with work.sessions.reading() as session:
            plays = [journeys.read(row) for row in await journeys.all_published(session)]
            spec = _meant(key, {one.key: one for one in plays})
            done = await journey_rehearsal.rehearse(
                session, work.content, spec, since=begins, until=ends, sample=sample
            )
    return done, work.content
