"""`siyu doctor`: what is wrong with this installation, why, and how to mend it."""

from __future__ import annotations

import asyncio
import json
import platform
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from bot.doctor import Finding, examine

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
        click.echo(f"完整报告写在 {report}，里面没有密钥。", err=True)
    context.exit(FOUND_A_FAILURE if failed else 0)


def _words(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.state for finding in findings)
    lines = [f"检查 {len(findings)} 项", *(finding.in_words() for finding in findings)]
    parts = [f"{counts['fail']} 项没通过"] if counts["fail"] else []
    parts += [f"{counts['warn']} 项要注意"] if counts["warn"] else []
    lines.append("，".join([*parts, f"{counts['ok']} 项正常"]) + "。")
    return "\n".join(lines)


def _report(findings: Sequence[Finding]) -> str:
    try:
        ours = version("siyu")
    except PackageNotFoundError:
        ours = "未安装"
    head = f"siyu {ours} · Python {platform.python_version()} · {platform.platform()}"
    return f"{head}\n{_words(findings)}\n"
