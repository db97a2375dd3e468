"""Click's help in Chinese: its headings, its usage line and its own option."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

HEADINGS = {"Options": "选项", "Commands": "命令", "Positional arguments": "参数"}
PLACEHOLDERS = {"[OPTIONS]": "[选项]", "COMMAND [ARGS]...": "命令 …"}
PHRASES = {"Show this message and exit.": "显示这份帮助", "[required]": "[必填]"}


def _said(text: str, words: dict[str, str]) -> str:
    for english, chinese in words.items():
        text = text.replace(english, chinese)
    return text.replace("[default: ", "[默认：")


class Formatter(click.HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, _said(args, PLACEHOLDERS), prefix or "用法：")

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{HEADINGS.get(heading, heading)}：\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], *args: Any, **terms: Any) -> None:
        super().write_dl([(name, _said(words, PHRASES)) for name, words in rows], *args, **terms)


class Context(click.Context):
    formatter_class = Formatter


def in_chinese(command: click.Command) -> click.Command:
    """This command, and those below it, speak Chinese and know -h."""
    command.context_class = Context
    command.context_settings.setdefault("help_option_names", ["-h", "--help"])
    for below in getattr(command, "commands", {}).values():
        in_chinese(below)
    return command
