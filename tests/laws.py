"""The laws of the house that the import linter cannot say: each takes a tree and tells what breaks it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

Breaches = list[str]
DRAWERS = {
    "utils",
    "helpers",
    "common",
    "manager",
    "managers",
    "service",
    "services",
    "processor",
    "core",
    "misc",
}
STATEMENTS = {"select", "insert", "update", "delete", "text"}
EDGES = (
    "bot/inbound/intake.py",
    "bot/inbound/dispatch.py",
    "bot/inbound/commands.py",
    "bot/inbound/imports/",
    "bot/outbound/",
    "bot/schedule.py",
    "bot/work/",
    "bot/app.py",
    "bot/timetable.py",
    "bot/web/",
    "bot/cli/",
    "bot/demo/",
    "bot/store/engine.py",
    "bot/store/permits.py",
    "bot/store/tokens.py",
    "bot/store/imports",
    "bot/store/tiers",
    "bot/store/tags/counting.py",
    "bot/store/tags/everybody.py",
    "bot/store/tags/fitting.py",
    "bot/store/tags/wearing.py",
)
"""Where a transaction may begin: intake, drain, sender, ticks, web requests, import batches."""
CLOCKS = ("bot/clock.py", "bot/sandbox/", "bot/cli/")
LONGEST = 300


def modules(root: Path) -> Iterator[tuple[str, ast.Module]]:
    for top in ("bot", "handlers"):
        for path in sorted((root / top).rglob("*.py")):
            yield str(path.relative_to(root)), _parsed(path.read_text(encoding="utf-8"))


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def calls(tree: ast.Module) -> list[tuple[int, str, str]]:
    """Line, what it is called on, and its name."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Attribute(value=on, attr=name):
                    found.append((node.lineno, ast.unparse(on), name))
                case ast.Name(id=name):
                    found.append((node.lineno, "", name))
    return found


def nobody_commits(root: Path) -> Breaches:
    return [
        f"{name}:{line} commits"
        for name, tree in modules(root)
        for line, _, called in calls(tree)
        if called == "commit"
    ]


def transactions_begin_at_edges(root: Path) -> Breaches:
    return [
        f"{name}:{line} begins a transaction"
        for name, tree in modules(root)
        for line, on, called in calls(tree)
        if called == "begin" and "sessions" in on and not name.startswith(EDGES)
    ]


def statements_live_in_the_store(root: Path) -> Breaches:
    """SELECT, INSERT, UPDATE and DELETE are written in bot/store alone (and in migrations)."""
    found = []
    for name, tree in modules(root):
        if name.startswith(("bot/store/", "bot/migrations/")):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
                used = STATEMENTS & {alias.name for alias in node.names}
                found += [f"{name}:{node.lineno} writes {word}" for word in sorted(used)]
    return found


def the_domain_is_pure(root: Path) -> Breaches:
    """No async, no clock, no dice, no files."""
    found = []
    for name, tree in modules(root):
        if not name.startswith("bot/domain/"):
            continue
        found += [
            f"{name}:{node.lineno} is async"
            for node in ast.walk(tree)
            if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith)
        ]
        found += [
            f"{name}:{line} asks for {called}"
            for line, on, called in calls(tree)
            if (called in {"now", "utcnow", "today"} and on in {"datetime", "date", "func"})
            or (called == "open" and not on)
        ]
    return found


def _tells_time(on: str, called: str) -> bool:
    dated = called in {"now", "utcnow", "today"} and on in {"datetime", "date", "func"}
    return dated or (on == "time" and called == "time")


def only_the_clock_knows_the_time(root: Path) -> Breaches:
    return [
        f"{name}:{line} reads the time by itself"
        for name, tree in modules(root)
        for line, on, called in calls(tree)
        if not name.startswith(CLOCKS) and _tells_time(on, called)
    ]


def no_drawers(root: Path) -> Breaches:
    return [
        f"{name} is a drawer"
        for name, _ in modules(root)
        if DRAWERS & set(Path(name).with_suffix("").parts) or Path(name).name.startswith("base_")
    ]


def modules_stay_small(root: Path) -> Breaches:
    lengths = {
        name: len((root / name).read_text(encoding="utf-8").splitlines())
        for name, _ in modules(root)
        if "/versions/" not in name
    }
    return [f"{name} has {count} lines" for name, count in lengths.items() if count > LONGEST]


def every_handler_is_wired(root: Path) -> Breaches:
    wired = (root / "handlers" / "__init__.py").read_text(encoding="utf-8")
    names = {path.stem for path in (root / "handlers").iterdir() if not path.name.startswith("__")}
    return [
        f"handlers/{name} is not in ROUTERS"
        for name in sorted(names)
        if f"{name}.router" not in wired
    ]


LAWS: dict[str, Callable[[Path], Breaches]] = {
    law.__name__: law
    for law in (
        nobody_commits,
        transactions_begin_at_edges,
        statements_live_in_the_store,
        the_domain_is_pure,
        only_the_clock_knows_the_time,
        no_drawers,
        modules_stay_small,
        every_handler_is_wired,
    )
}
