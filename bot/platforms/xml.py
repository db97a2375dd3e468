"""Reads the flat XML of callbacks into nested dicts: no DTD, no entities, bounded depth and size."""

from __future__ import annotations

from typing import Any, NoReturn
from xml.parsers import expat

_DEEPEST = 16
_MOST_NODES = 512


class Unreadable(ValueError):
    """Not the XML (or JSON) a platform would send."""


def parse(document: bytes) -> dict[str, Any]:
    """The children of the root. Repeated tags become lists; the text of a leaf keeps its whitespace."""
    reader, parser = _Reader(), _parser()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.texts.append
    _run(parser, document)
    return reader.root


def check(document: bytes) -> None:
    """That `parse` will read it. Raises Unreadable."""
    # What nests so deep has as many end tags, and every node begins with a sign of its own: then nobody need count.
    if document.count(b"</") < _DEEPEST and document.count(b"<") <= _MOST_NODES:
        _run(_parser(), document)
    else:
        parse(document)


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate("UTF-8")
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    return parser


def _run(parser: expat.XMLParserType, document: bytes) -> None:
    try:
        # The platforms speak UTF-8; a mark or declaration that claims otherwise is not followed.
        document.decode()
        parser.Parse(document, True)  # noqa: FBT003 - the whole of it
    except (expat.ExpatError, UnicodeDecodeError):
        raise Unreadable("malformed XML") from None


def _refuse(*_declaration: object) -> NoReturn:
    raise Unreadable("a DTD")


class _Reader:
    def __init__(self) -> None:
        self.root: dict[str, Any] = {}
        self.texts: list[str] = []
        self._open: list[dict[str, Any]] = []
        self._nodes = 0

    def start(self, _tag: str, _attributes: dict[str, str]) -> None:
        self._nodes += 1
        if self._nodes > _MOST_NODES or len(self._open) >= _DEEPEST:
            raise Unreadable("too deep or too large")
        self._open.append({})
        self.texts.clear()

    def end(self, tag: str) -> None:
        children = self._open.pop()
        if not self._open:
            self.root = children
            return
        _add(self._open[-1], tag, children or "".join(self.texts))
        self.texts.clear()


def _add(parent: dict[str, Any], tag: str, value: Any) -> None:
    if tag not in parent:
        parent[tag] = value
    elif isinstance(parent[tag], list):
        parent[tag].append(value)
    else:
        parent[tag] = [parent[tag], value]
