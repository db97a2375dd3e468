"""How the command line fails: one sentence of what, one of why, and the next command."""

from __future__ import annotations

import click

from bot.settings import SettingsError


def explained(command: click.Command) -> int:
    """Run it and return the exit code."""
    try:
        result = command.main(prog_name="siyu", standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("已停止。数据是完整的，可以随时重新开始。", err=True)
        return 130
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except SettingsError as wrong:
        return failed(str(wrong), "用 `siyu init` 生成设置，或先用 `siyu demo` 看看")
    except Exception as wrong:
        known = _KNOWN.get(type(wrong).__name__)
        if known is None:
            raise
        return failed(f"{wrong}", known)
    return result if isinstance(result, int) else 0


_KNOWN = {
    "SchemaTooOld": "数据库是旧版本建的。先备份，再运行：siyu migrate",
    "ContentError": "按上面的提示改好文件，再运行：siyu check-content",
}


def failed(what: str, then: str) -> int:
    click.echo(f"✗ {what}\n  这样修：{then}", err=True)
    return 1
