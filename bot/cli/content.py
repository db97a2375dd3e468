"""`siyu check-content`: everything that is wrong in texts, tactics and rules, before anything runs."""

from __future__ import annotations

import json
from collections.abc import Sized
from pathlib import Path

import click

from bot.cli.talk import mistake
from bot.content import Content, ContentError, load_content
from bot.tongue import _

SHIPPED = Path(__file__).resolve().parents[2] / "content"


@click.command(
    "check-content",
    help="检查话术、权益、分群和打法，一次说出所有问题：文件、行、哪里不对、怎么改",
)
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="输出一份 JSON")
@click.pass_context
def check_content(context: click.Context, folder: Path | None, *, as_json: bool) -> None:
    where = folder or _configured()
    if not where.is_dir():
        raise click.UsageError(_("没有「%(folder)s」这个文件夹", folder=where))
    try:
        content = load_content(where)
    except ContentError as error:
        _tell(error, as_json=as_json)
        context.exit(1)
    click.echo(json.dumps(_summary(content), ensure_ascii=False) if as_json else _words(content))


def _configured() -> Path:
    """The folder that the bot itself would read; the settings need not be complete for this."""
    import os

    return Path(os.environ.get("SIYU_CONTENT_DIR") or SHIPPED)


def _tell(error: ContentError, *, as_json: bool) -> None:
    if as_json:
        mistakes = [
            {"file": m.file, "line": m.line, "what": m.what, "mend": m.mend}
            for m in error.mistakes
        ]
        click.echo(json.dumps({"ok": False, "mistakes": mistakes}, ensure_ascii=False))
    else:
        click.echo(str(error))
        what = _("有 %(count)s 处要改，没有使用任何内容。", count=len(error.mistakes))
        click.echo(mistake(what, _("改好再运行：siyu check-content")), err=True)


def _summary(content: Content) -> dict[str, object]:
    counted: dict[str, Sized] = {
        "templates": content.templates,
        "playbooks": content.playbooks,
        "offers": content.offers,
        "segments": content.segments,
        "intents": content.intents,
        "knowledge": content.knowledge,
    }
    return {"ok": True, **{name: len(things) for name, things in counted.items()}}


def _words(content: Content) -> str:
    return _(
        "✓ 没有问题：%(templates)s 段话术，%(playbooks)s 个打法，%(offers)s 种权益，%(segments)s 个分群。",
        templates=len(content.templates),
        playbooks=len(content.playbooks),
        offers=len(content.offers),
        segments=len(content.segments),
    )
