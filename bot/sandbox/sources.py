"""What a handler asks of a call and how it refuses, read from its source: the description cannot fall behind."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

from bot.sandbox.stage import Stage

KINDS = {"text": "string", "maybe": "string", "number": "integer", "items": "array"}
DEEPEST = 4


@dataclass
class Asked:
    """Field → its kind and whether it must be there; and the errcodes of the refusals."""

    fields: dict[str, str] = field(default_factory=dict)
    needed: set[str] = field(default_factory=set)
    errcodes: set[int] = field(default_factory=set)

    def take(self, other: Asked, *, sure: bool) -> None:
        self.fields = {**other.fields, **self.fields}
        self.needed |= other.needed if sure else set()
        self.errcodes |= other.errcodes


def asked_by(handler: Callable[..., Any]) -> Asked:
    found = Asked()
    if isinstance(handler, FunctionType):
        _follow(handler, found, set(), DEEPEST, sure=True)
    return found


def _follow(
    function: FunctionType, found: Asked, seen: set[str], deep: int, *, sure: bool
) -> None:
    """The handler, and what it calls; what it calls only sometimes needs nothing always."""
    name = f"{function.__module__}.{function.__qualname__}"
    if name in seen:
        return
    seen.add(name)
    asked, callees = _read(function)
    found.take(asked, sure=sure)
    module = sys.modules[function.__module__]
    for callee, always in callees.items() if deep else ():
        inner = _function(Stage if callee.startswith("stage.") else module, callee)
        if inner is not None:
            _follow(inner, found, seen, deep - 1, sure=sure and always)


def _function(owner: ModuleType | type, name: str) -> FunctionType | None:
    inner = getattr(owner, name.removeprefix("stage."), None)
    here = isinstance(inner, FunctionType) and inner.__module__.startswith("bot.sandbox")
    return inner if here else None


@cache
def _read(function: FunctionType) -> tuple[Asked, dict[str, bool]]:
    tree = ast.parse(inspect.getsource(function).strip())
    asked, callees, unsure = Asked(), dict[str, bool](), _sometimes(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            callees.setdefault(node.id, False)  # also a function chosen now and called later
        if not isinstance(node, ast.Call):
            continue
        on, called = _parts(node.func)
        always = id(node) not in unsure
        if called == "Refuse":
            asked.errcodes |= {n.value for n in ast.walk(node) if _is_code(n)}  # type: ignore[attr-defined]
        elif on == "call" and called in KINDS:
            _note(node, called, asked, always=always)
        elif on == "call.body" and called == "get":
            asked.fields.setdefault(_literal(node), "")
        elif on in ("", "stage", "self"):
            callee = called if not on else f"stage.{called}"
            callees[callee] = callees.get(callee, False) or always
    asked.fields.pop("", None)
    return asked, callees


def _sometimes(tree: ast.AST) -> set[int]:
    """The nodes that run only if something holds."""
    inside: list[ast.AST] = []
    for node in ast.walk(tree):
        match node:
            case ast.If(body=body, orelse=other):
                inside += [*body, *other]
            case ast.IfExp(body=one, orelse=two):
                inside += [one, two]
            case ast.BoolOp(values=[_, *rest]):
                inside += rest
            case ast.For(body=body):
                inside += body
    return {id(inner) for node in inside for inner in ast.walk(node)}


def _parts(func: ast.expr) -> tuple[str, str]:
    match func:
        case ast.Attribute(value=on, attr=name):
            return ast.unparse(on), name
        case ast.Name(id=name):
            return "", name
    return "?", ""


def _literal(node: ast.Call) -> str:
    first = node.args[0] if node.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def _is_code(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int and abs(node.value) > 9


def _note(node: ast.Call, called: str, asked: Asked, *, always: bool) -> None:
    name = _literal(node)
    if not name:
        return
    asked.fields[name] = KINDS[called]
    missing = next((word.value for word in node.keywords if word.arg == "missing"), None)
    alone = len(node.args) == 1
    strict = called == "text" or (called == "number" and alone) or (called == "items" and missing)
    if strict and always:
        asked.needed.add(name)
    if isinstance(missing, ast.Constant) and isinstance(missing.value, int):
        asked.errcodes.add(missing.value)
