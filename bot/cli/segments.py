"""`siyu segment count FILE`: how many customers a rule fits, and by which condition."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click
import yaml

from bot.cli.opened import opened
from bot.cli.talk import Misused, Talk
from bot.domain.segments import BadRule, Rule, parse, read_back
from bot.store import segments as store
from bot.store.segments import Hits
from bot.tongue import _


@click.group(help="数一个分群规则命中多少人")
def segment() -> None:
    pass


@segment.command(help="文件里是一条规则，或几条有名字的规则（YAML 或 JSON）")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="只在标准输出写一份 JSON")
def count(file: Path, as_json: bool) -> None:
    talk = Talk(as_json=as_json)
    told = asyncio.run(_count_all(_rules(file)))
    for one in told:
        talk.say(
            _("✓ %(name)s：%(count)s 位顾客", name=one["name"], count=f"{one['customers']:,}"),
            style="green",
        )
        talk.say(f"  {one['words']}")
        talk.table(
            [_("条件"), _("单独命中")], [[h["words"], f"{h['customers']:,}"] for h in one["each"]]
        )
    talk.document(told)


def _rules(file: Path) -> dict[str, Rule]:
    try:
        written = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as wrong:
        raise Misused(_("%(file)s 读不出来：%(wrong)s", file=file, wrong=wrong)) from None
    return {name: _parsed(name, rule) for name, rule in _named(written, file.stem).items()}


def _named(written: Any, name: str) -> dict[str, Any]:
    """One rule by itself, or a mapping of keys to rules or to {name, rule}."""
    if not isinstance(written, dict) or {"all", "any", "not", "field"} & set(written):
        return {name: written}
    return {
        str(one.get("name", key)) if isinstance(one, dict) and "rule" in one else str(key): one[
            "rule"
        ]
        if isinstance(one, dict) and "rule" in one
        else one
        for key, one in written.items()
    }


def _parsed(name: str, rule: Any) -> Rule:
    try:
        return parse(rule)
    except BadRule as wrong:
        raise Misused(_("%(name)s 的规则有误。%(wrong)s", name=name, wrong=wrong)) from None


async def _count_all(rules: dict[str, Rule]) -> list[dict[str, Any]]:
    async with opened() as to, to.sessions.reading() as session:
        return [
            {
                "name": name,
                "words": read_back(rule),
                "customers": await store.count(session, rule, to.now),
                "each": [_hit(hit) for hit in await store.count_each(session, rule, to.now)],
            }
            for name, rule in rules.items()
        ]


def _hit(hit: Hits) -> dict[str, Any]:
    return {"path": hit.path, "words": hit.words, "customers": hit.customers}
