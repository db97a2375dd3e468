"""`siyu explain CUSTOMER`: why she did or did not get each message."""

from __future__ import annotations

import asyncio
import json

import click

from bot.cli.talk import Failed
from bot.domain.refusals import Refusal
from bot.settings import load_settings
from bot.store.engine import Sessions, open_engine
from bot.store.explain import Explanation
from bot.store.explain import explain as told
from bot.store.exporting import who
from bot.store.vault import Vault
from bot.tongue import _


@click.command(help="这位顾客为什么收到或没收到每一条消息")
@click.argument("customer")
@click.option("--json", "as_json", is_flag=True, help="输出一份 JSON")
def explain(customer: str, as_json: bool) -> None:
    try:
        found = asyncio.run(_explain(customer))
    except Refusal as refusal:
        raise Failed(
            refusal.words, _("siyu explain 顾客编号、会员号、手机号或外部联系人 ID")
        ) from None
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=1))
    else:
        click.echo(found.in_words())


async def _explain(customer: str) -> Explanation:
    settings = load_settings()
    sessions = Sessions(open_engine(settings.database_url))
    try:
        vault = Vault(settings.key)
        async with sessions.reading() as session:
            return await told(session, vault, (await who(session, vault, customer)).ref)
    finally:
        await sessions.close()
