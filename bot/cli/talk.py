"""Saying things to people: colour and bars on a terminal, plain lines in a pipe, JSON alone on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import click

from bot.cli.manner import plain, quiet
from bot.tongue import _

Tell = Callable[[str, int, int], None]


def mistake(what: str, then: str = "") -> str:
    """What is wrong, and the next command."""
    return f"✗ {what}" + ("\n  " + _("这样修：%(then)s", then=then) if then else "")


class Misused(click.ClickException):
    """Wrong use of a command: what, why, and the next command."""

    exit_code = 2

    def __init__(self, what: str, then: str = "") -> None:
        super().__init__(what)
        self.then = then

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(mistake(self.message, self.then), file=file, err=file is None)


class Failed(click.ClickException):
    """It could not be done: what and why, and what to do about it."""

    def __init__(self, what: str, then: str) -> None:
        super().__init__(what)
        self.then = then

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(mistake(self.message, self.then), file=file, err=file is None)


def note(words: str) -> None:
    """What is nice to know: beside the result, and not at all for those who asked for quiet."""
    if not quiet():
        click.echo(words, err=True)


class Talk:
    """With `json`, stdout is left to the one document and everything else goes to stderr."""

    def __init__(self, *, as_json: bool) -> None:
        from rich.console import Console

        self.as_json = as_json
        self._bare = plain()
        terminal = False if self._bare else None
        self._console = Console(
            stderr=as_json,
            highlight=False,
            soft_wrap=True,
            markup=False,
            force_terminal=terminal,
        )

    def say(self, words: str, style: str | None = None) -> None:
        if not (self.as_json and quiet()):
            self._console.print(words, style=style)

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Aligned columns on a terminal, tab-separated lines in a pipe and with --plain."""
        if not self._console.is_terminal:
            for row in (heads, *rows):  # not through rich, which makes spaces of tabs
                click.echo("\t".join(row), err=self.as_json)
            return
        from rich.table import Table

        table = Table(*heads, box=None, pad_edge=False, padding=(0, 3, 0, 2))
        for row in rows:
            table.add_row(*row)
        self._console.print(table)

    def document(self, facts: Any) -> None:
        if self.as_json:
            click.echo(json.dumps(facts, ensure_ascii=False, indent=2))

    @contextmanager
    def bar(self) -> Iterator[Tell]:
        """A bar on stderr while something long is done; nothing when nobody watches."""
        if quiet() or plain() or not sys.stderr.isatty():
            yield lambda _what, _done, _all: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        shape = (TextColumn("  {task.description}"), BarColumn(), TimeRemainingColumn())
        with Progress(*shape, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("", total=None)
            yield lambda what, done, whole: progress.update(
                task, description=what, completed=done, total=whole or None
            )
