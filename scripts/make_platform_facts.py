"""Make what tests know of the platforms from field tables and samples of their APIs.

Both come from DotNetCore.SKIT.FlurlHttpClient.Wechat (MIT, (c) 2020 RHQYZ): the field tables are its typed models, the
samples its transcriptions of the documents' examples. Of an API sample only names, nesting and types are kept.

    python scripts/make_platform_facts.py DIR tests/platforms/facts

DIR holds `fields_work.txt`, `fields_mp.txt` and `samples/` with its `INDEX.md`.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOMS = {"work": "wecom", "mp": "official"}
SOURCE = "DotNetCore.SKIT.FlurlHttpClient.Wechat 92020d95 (2026-02-10), MIT (c) 2020 RHQYZ"
_HEAD = re.compile(r"## (\w+) (\S+)(?:\s+query: (\S+))?")
_FIELD = re.compile(r"( {2,})(\w+\??): (.+?)(?:\s+//.*)?$")
_INHERITS = re.compile(r" {2,}\(inherits (\w+)\)")
_ROW = re.compile(r"\| (\w+\.json) \| (\w+ \S+) \|")
_OBJECT, _OBJECTS = re.compile(r"obj|map<.*|Types\..*"), "obj[]"

_UNSAID = re.compile(
    r"/(appchat|agent/(list|set)|idconvert|kf/knowledge|customservice|draft|freepublish|material|shorten)"
    r"|product_album|unionid_to|externalcontact/message/send|get_corp_qualification|get_permit"
    r"|update_taskcard|user/(list|getuserinfo)$|department/list$|callback/check|/token$|industry"
    r"|get_current|upload(news|video)|pubtemplate|getcategory|(addtemplate|deltemplate)$|refresh_token|sns/auth$|clear_quota/v2"
)
"""What an assistant for a brand's own customers never says: internal chats, articles, the old customer desk, …"""

Shape = dict[str, Any]


def index(folder: Path) -> dict[str, str]:
    """`POST /cgi-bin/…` by the name of its class, as the samples' files are called."""
    rows = _ROW.findall((folder / "INDEX.md").read_text(encoding="utf-8"))
    return {file.removesuffix(".json"): call for file, call in rows}


def tables(text: str) -> Iterator[tuple[str, list[str]]]:
    for block in re.split(r"(?m)^(?=## )", text)[1:]:
        head, *lines = block.splitlines()
        yield head, lines


def fields(lines: list[str]) -> Shape:
    """Nested by indentation: `name` or `name?` to a type's word, a dict, or a list with one dict."""
    root: Shape = {}
    open_: list[tuple[int, Shape]] = [(0, root)]
    for line in lines:
        found = _FIELD.match(line)
        if not found:
            continue
        depth, name, kind = len(found[1]), found[2], found[3].strip()
        while open_[-1][0] >= depth:
            open_.pop()
        inner: Shape = {}
        open_[-1][1][name] = said = _typed(kind, inner)
        if said is not kind:
            open_.append((depth, inner))
    return root


def _typed(kind: str, inner: Shape) -> Any:
    if kind == _OBJECTS:
        return [inner]
    if kind.startswith("map<"):
        return {"*": inner}
    return inner if _OBJECT.fullmatch(kind) else kind


def shapes(text: str, classes: dict[str, str]) -> dict[str, Shape]:
    made: dict[str, Shape] = {}
    for head, lines in tables(text):
        found = _HEAD.match(head)
        assert found
        cut = next((n for n, line in enumerate(lines) if line.startswith(" Response")), len(lines))
        parts = {"request": lines[:cut], "response": lines[cut:]}
        query = [name for name in (found[3] or "").split(",") if name not in {"", "access_token"}]
        shape: Shape = {"query": query} if query else {}
        for part, said in parts.items():
            shape[part] = {**_inherited(said, part, classes, made), **fields(said)}
        made[f"{found[1]} {found[2]}"] = shape
    return {call: _nested(shape) for call, shape in made.items() if not _UNSAID.search(call)}


def _nested(shape: Any) -> Any:
    """A menu's sub-menu has the fields of the menu, which the tables do not repeat."""
    if isinstance(shape, list):
        return [_nested(inner) for inner in shape]
    if not isinstance(shape, dict):
        return shape
    inner = {name: _nested(value) for name, value in shape.items()}
    return inner | {"sub_button?": [dict(inner)]} if "sub_button?" in inner else inner


def _inherited(
    lines: list[str], part: str, classes: dict[str, str], made: dict[str, Shape]
) -> Shape:
    named = [found[1] for line in lines if (found := _INHERITS.match(line))]
    return made.get(classes.get(named[0], ""), {}).get(part, {}) if named else {}


def gist(value: Any) -> Any:
    """Names, nesting and types of a sample: texts become "s", numbers 1, equal entries one."""
    if isinstance(value, dict):
        return {name: gist(inner) for name, inner in value.items()}
    if isinstance(value, list):
        entries = [gist(inner) for inner in value]
        return [one for n, one in enumerate(entries) if one not in entries[:n]]
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return "1" if value.isdigit() else "s"
    return 1 if isinstance(value, int) else value


def samples(folder: Path, classes: dict[str, str]) -> dict[str, Shape]:
    found: dict[str, Shape] = {}
    for path in sorted(folder.glob("*.json")):
        call = classes.get(path.stem)
        part = "request" if path.stem.endswith("Request") else "response"
        if call and not _UNSAID.search(call):
            said = gist(json.loads(path.read_text(encoding="utf-8")))
            found.setdefault(call, {}).setdefault(part, said)
    return found


def events(folder: Path) -> dict[str, Any]:
    found = {}
    for path in sorted(folder.iterdir()):
        text = path.read_text(encoding="utf-8")
        if "Reply" in path.name or "encrypted" in path.name:
            continue
        if path.suffix == ".json":
            found[path.name] = json.loads(text)
        else:
            found[path.name] = _tree(ElementTree.fromstring(text))
    return found


def _tree(node: ElementTree.Element) -> Any:
    if not len(node):
        text = (node.text or "").strip()
        return text if len(text) < 60 else text[:60]
    children: dict[str, Any] = {}
    for child in node:
        value = _tree(child)
        if child.tag in children:
            before = children[child.tag]
            children[child.tag] = [*(before if isinstance(before, list) else [before]), value]
        else:
            children[child.tag] = value
    return children


def write(path: Path, rooms: dict[str, dict[str, Any]]) -> None:
    """One line for each API or event, so that a change of one is one line."""
    parts = []
    for room, rows in rooms.items():
        lines = [
            f"  {json.dumps(name)}: {json.dumps(row, ensure_ascii=False, separators=(',', ':'))}"
            for name, row in sorted(rows.items())
        ]
        parts.append(f' "{room}": {{\n' + ",\n".join(lines) + "\n }")
    text = f'{{\n "source": {json.dumps(SOURCE)},\n' + ",\n".join(parts) + "\n}\n"
    path.write_text(text, encoding="utf-8")


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("source", type=Path)
    given.add_argument("to", type=Path)
    told = given.parse_args()
    folder = told.source / "samples"
    classes = index(folder)
    said: dict[str, dict[str, Any]] = {"fields": {}, "samples": {}, "events": {}}
    for theirs, ours in ROOMS.items():
        text = (told.source / f"fields_{theirs}.txt").read_text(encoding="utf-8")
        said["fields"][ours] = shapes(text, classes)
        said["samples"][ours] = samples(folder / theirs / "api", classes)
        said["events"][ours] = events(folder / theirs / "events")
    for name, rooms in said.items():
        write(told.to / f"{name}.json", rooms)


if __name__ == "__main__":
    main()
