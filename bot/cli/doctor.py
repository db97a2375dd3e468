"""`siyu doctor`: what is wrong with this installation, why, and how to mend it."""

from __future__ import annotations

import asyncio
import json
import platform
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from bot.cli.completion import known
from bot.cli.talk import note
from bot.doctor import Finding, examine
from bot.tongue import _

FOUND_A_FAILURE = 3


@click.command(help="检查接入，说出原因和修法；有一项没通过时退出码是 3")
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="把完整报告写进文件"
)
@click.option("--json", "as_json", is_flag=True, help="输出一份 JSON")
@click.pass_context
def doctor(context: click.Context, report: Path | None, as_json: bool) -> None:
    findings = asyncio.run(examine())
    failed = any(finding.state == "fail" for finding in findings)
    if report is not None:
        report.write_text(_report(findings), encoding="utf-8")
    if as_json:
        told = {"ok": not failed, "findings": [finding.as_json() for finding in findings]}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        click.echo(_words(findings))
    if report is not None:
        note(_("完整报告写在 %(file)s，里面没有密钥。", file=report))
    context.exit(FOUND_A_FAILURE if failed else 0)


def _words(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.state for finding in findings)
    lines = [
        _("检查 %(count)s 项", count=len(findings)),
        *(finding.in_words() for finding in findings),
    ]
    parts = [_("%(count)s 项没通过", count=counts["fail"])] if counts["fail"] else []
    parts += [_("%(count)s 项要注意", count=counts["warn"])] if counts["warn"] else []
    lines.append(_("，").join([*parts, _("%(count)s 项正常", count=counts["ok"])]) + _("。"))
    return "\n".join(lines)


def _report(findings: Sequence[Finding]) -> str:
    head = f"siyu {known()} · Python {platform.python_version()} · {platform.platform()}"
    return f"{head}\n{_words(findings)}\n"
