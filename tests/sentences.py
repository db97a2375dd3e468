"""What we say to people, found in the code.

`python -m tests.sentences` prints what the catalogue lacks, ready to paste.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "bot" / "locale" / "en" / "siyu.po"
CHINESE = re.compile(r"[\u3400-\u9fff]")
FORM = re.compile(r"%-?[mYd]|\\[sd]")
PLACEHOLDER = re.compile(r"%\((\w+)\)\w")
HELP = {"help", "metavar"}
SAYERS = {"_": 1, "gettext": 1, "many": 2, "ngettext": 2}
"""How many of its first arguments are sentences."""
BOOKS = (
    "bot/domain/reasons.py",
    "bot/web/figures.py",
    "bot/web/pages.py",
    "bot/web/console/frame.py",
    "bot/web/guards.py",
    "bot/web/forms.py",
    "bot/web/entrance.py",
    "bot/web/by_wecom.py",
    "bot/domain/aims.py",
    "bot/domain/moments.py",
    "bot/web/console/campaign.py",
    "bot/web/console/campaigns.py",
    "bot/web/console/journeys.py",
    "bot/web/console/journey_words.py",
    "bot/web/console/journey_form.py",
    "bot/web/console/repeating_form.py",
    "bot/web/console/repeating_words.py",
    "bot/web/console/group_plan.py",
    "bot/content/checking.py",
    "bot/web/console/spans.py",
    "bot/web/console/analytics.py",
    "bot/web/console/behind.py",
    "bot/web/console/coupons.py",
    "bot/web/console/content.py",
    "bot/web/console/connect.py",
    "bot/web/console/guide_tasks.py",
    "bot/web/console/cases.py",
    "bot/web/console/audit.py",
    "bot/cli/",
    "bot/web/console/person.py",
    "bot/web/console/times.py",
    "bot/web/console/tag_buying.py",
    "bot/web/console/tag_rule.py",
    "bot/web/console/group_rule.py",
    "bot/web/doubts.py",
    "bot/web/console/proposals.py",
    "bot/web/console/rules/form.py",
    "bot/doctor/",
    "bot/content/checked.py",
    "bot/sandbox/mistakes.py",
)
"""Whatever Chinese stands in these modules is looked up in the catalogue where it is shown."""
SANDBOX = tuple(f"bot/sandbox/{name}.py" for name in ("command", "env", "faults", "mistakes"))
ELSEWHERE = ("bot/sandbox/", "bot/demo/")
"""The platforms and the shop of the demo speak as they do; only what the sandbox says to whoever runs it is ours."""
NOT_OURS = {"bot/cli/help.py", "有什么优惠"}
"""Click's own words in Chinese, and what a customer says to the bot."""
NAMES_OF_LANGUAGES = {"中文"}

Found = dict[str, str]
"""A sentence and where it is said."""


@cache
def catalogue() -> Catalog:
    with CATALOGUE.open("rb") as written:
        return read_po(written)


@cache
def ids() -> set[str]:
    said = (message.id for message in catalogue() if message.id)
    return {text for one in said for text in ((one,) if isinstance(one, str) else one)}


@cache
def in_templates() -> Found:
    """Every sentence that a template looks up."""
    return {
        text: where
        for where, tree in _templates()
        for call in tree.find_all(nodes.Call)
        for text in _asked(call)
    } | {}


def _asked(call: nodes.Call) -> Iterator[str]:
    if isinstance(call.node, nodes.Name) and (many := SAYERS.get(call.node.name)):
        for argument in call.args[:many]:
            yield from (c.value for c in _constants(argument) if isinstance(c.value, str))


def _constants(node: nodes.Node) -> Iterator[nodes.Const]:
    """The sentences an argument may become: itself, or the two sides of an `if`."""
    if isinstance(node, nodes.Const):
        yield node
    elif isinstance(node, nodes.CondExpr):
        for side in (node.expr1, node.expr2):
            yield from _constants(side) if side else ()


def unsaid_in_templates() -> Found:
    """Chinese that a template shows without looking it up."""
    found = {}
    for where, tree in _templates():
        said = {
            id(c) for call in tree.find_all(nodes.Call) if _is_sayer(call) for c in _below(call)
        }
        quiet = {id(c) for kind in QUIET for one in tree.find_all(kind) for c in _below(one, kind)}
        for node in tree.find_all((nodes.TemplateData, nodes.Const)):
            text = node.data if isinstance(node, nodes.TemplateData) else node.value
            if not isinstance(text, str) or not CHINESE.search(text) or id(node) in said | quiet:
                continue
            if not set(re.findall(r"[\u3400-\u9fff]+", text)) <= NAMES_OF_LANGUAGES:
                found[" ".join(text.split())[:60]] = f"{where}:{node.lineno}"
    return found


QUIET = (nodes.Compare, nodes.Getitem, nodes.Pair, nodes.Call, nodes.Keyword)


def _below(node: nodes.Node, kind: type[nodes.Node] | None = None) -> Iterator[nodes.Const]:
    """The constants that a comparison, a key, or the form of a moment holds: nobody is shown them."""
    if kind is nodes.Pair:
        yield from [node.key] if isinstance(node.key, nodes.Const) else []
    elif kind is nodes.Keyword:
        yield from [node.value] if node.key == "form" else []
    elif kind is nodes.Call:
        if isinstance(node.node, nodes.Name) and node.node.name == "moment":
            yield from node.find_all(nodes.Const)
    elif kind is nodes.Getitem:
        yield from node.arg.find_all(nodes.Const) if hasattr(node.arg, "find_all") else []
        yield from [node.arg] if isinstance(node.arg, nodes.Const) else []
    else:
        yield from node.find_all(nodes.Const)


def _is_sayer(call: nodes.Call) -> bool:
    return isinstance(call.node, nodes.Name) and call.node.name in SAYERS


@cache
def _templates() -> tuple[tuple[str, nodes.Template], ...]:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    environment.newstyle_gettext = True
    home = ROOT / "bot" / "web" / "templates"
    return tuple(
        (str(path.relative_to(home)), environment.parse(path.read_text(encoding="utf-8")))
        for path in sorted(home.rglob("*.html"))
    )


@cache
def in_code() -> Found:
    """Every sentence that Python looks up, and all that stand in the books of words."""
    found: Found = {}
    for path, _tree in _modules():
        for node in _nodes(path):
            if isinstance(node, ast.Call):
                found |= dict.fromkeys(_said(node), f"{path}:{node.lineno}")
                found |= dict.fromkeys(_looked_up(node, path), f"{path}:{node.lineno}")
        if path.startswith(BOOKS) and path not in NOT_OURS:
            found |= dict.fromkeys(_chinese(_nodes(path)), path)
    return found


def _said(call: ast.Call) -> Iterator[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    refusing = name.endswith("Refusal") or name.startswith("Cannot")
    helping = [
        one.value for one in call.keywords if one.arg in HELP and CHINESE.search(ast.unparse(one))
    ]
    for argument in helping + (call.args[1:2] if refusing else call.args[: SAYERS.get(name, 0)]):
        for one in (
            (argument.body, argument.orelse) if isinstance(argument, ast.IfExp) else (argument,)
        ):
            if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value:
                yield one.value


def _looked_up(call: ast.Call, path: str) -> Iterator[str]:
    """`_(TABLE[key])`, `_(TABLE.get(key, key))`, `_(NAMED)`: every sentence of that table or name."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    refusing = name.endswith("Refusal") or name.startswith("Cannot")
    match call.args[1:2] if refusing else call.args[: 1 if SAYERS.get(name) else 0]:
        case [ast.Name(id=table)] if table.isupper():
            yield from _table(path, table)
        case [ast.Subscript(value=ast.Name(id=table))]:
            yield from _table(path, table)
        case [ast.Call(func=ast.Attribute(value=ast.Name(id=table), attr="get"))]:
            yield from _table(path, table)


@cache
def _nodes(path: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(dict(_modules())[path]))


@cache
def _table(path: str, name: str) -> tuple[str, ...]:
    return tuple(_in_table(path, name))


def _in_table(path: str, name: str) -> Iterator[str]:
    tree = dict(_modules()).get(path, ast.Module([], []))
    for node in tree.body:
        match node:
            case ast.ImportFrom(module=str(module), names=names):
                for real in [one.name for one in names if (one.asname or one.name) == name]:
                    inside = module.replace(".", "/")
                    yield from _table(f"{inside}.py", real)
                    yield from _table(f"{inside}/__init__.py", real)
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                yield from _chinese(tuple(ast.walk(value)))
            case ast.AnnAssign(target=ast.Name(id=found), value=ast.expr() as value) if (
                found == name
            ):
                yield from _chinese(tuple(ast.walk(value)))


def _chinese(nodes: tuple[ast.AST, ...]) -> Iterator[str]:
    """The constants among these that are no docstring and no comparison."""
    silent = {id(n.value) for n in nodes if isinstance(n, ast.Expr)}
    silent |= {id(c) for n in nodes if isinstance(n, ast.Compare) for c in ast.walk(n)}
    silent |= {id(key) for n in nodes if isinstance(n, ast.Dict) for key in n.keys}
    for node in nodes:
        text = node.value if isinstance(node, ast.Constant) and id(node) not in silent else None
        if (
            isinstance(text, str)
            and CHINESE.search(text)
            and not FORM.search(text)
            and text not in NOT_OURS
        ):
            yield text


def anywhere() -> set[str]:
    """Every piece of text in our Python: a sentence may travel before it is looked up."""
    return {
        node.value
        for path, _tree in _modules()
        for node in _nodes(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@cache
def _modules() -> tuple[tuple[str, ast.Module], ...]:
    """Those that say anything."""
    texts = (
        (str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
        for top in ("bot", "handlers")
        for path in sorted((ROOT / top).rglob("*.py"))
    )
    return tuple(
        (path, ast.parse(text))
        for path, text in texts
        if CHINESE.search(text) and (path in SANDBOX or not path.startswith(ELSEWHERE))
    )


if __name__ == "__main__":
    for sentence, where in sorted((in_templates() | in_code()).items(), key=lambda one: one[1]):
        if sentence not in ids():
            escaped = sentence.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            sys.stdout.write(f'#: {where}\nmsgid "{escaped}"\nmsgstr ""\n\n')
    for sentence, where in unsaid_in_templates().items():
        sys.stderr.write(f"{where} says without looking up: {sentence}\n")
