"""Finds the one `<Encrypt>` of an envelope without an XML parser: nothing is parsed before its signature is checked."""

from __future__ import annotations

import json
import re
from typing import Any

from bot.platforms.envelope import Untrusted

_CIPHER = re.compile(r"[A-Za-z0-9+/=]+", re.ASCII)
_LEAF = rb"<(?!Encrypt)[A-Za-z]+>(?:<!\[CDATA\[[^\]]*\]\]>|[^<]*)</[A-Za-z]+>\s*"
_USUAL = re.compile(
    rb"<xml>\s*(?:%b)*<Encrypt>(?:<!\[CDATA\[([A-Za-z0-9+/=]+)\]\]>|([A-Za-z0-9+/=]+))</Encrypt>\s*(?:%b)*</xml>\s*"
    % (_LEAF, _LEAF)
)
"""What the platforms really send; whatever looks otherwise is walked through tag by tag."""
_CDATA, _CDATA_END = b"<![CDATA[", b"]]>"
_OPEN, _CLOSE = b"<Encrypt>", b"</Encrypt>"
_MOST_TAGS = 1024


def encrypted(body: bytes) -> str:
    """The cipher text of an XML or JSON envelope. Raises Untrusted unless there is exactly one."""
    if usual := _USUAL.fullmatch(body):
        return (usual[1] or usual[2]).decode()
    start = body.lstrip()
    cipher = _in_json(start) if start.startswith(b"{") else _in_xml(start)
    if not _CIPHER.fullmatch(cipher):
        raise Untrusted("envelope")
    return cipher


def _in_xml(body: bytes) -> str:
    found: list[bytes] = []
    place = _prologue(body)
    for _ in range(_MOST_TAGS):
        place = body.find(b"<", place)
        if place < 0:
            return _only(found)
        if body.startswith(_OPEN, place):
            end = _after(body, _CLOSE, place)
            found.append(body[place + len(_OPEN) : end - len(_CLOSE)])
            place = end
        else:
            place = _skipped(body, place)
    raise Untrusted("envelope")


def _prologue(body: bytes) -> int:
    """Where the root element starts; a declaration may stand before it, a byte order mark may not."""
    if body.startswith(b"<?xml "):
        return _after(body, b"?>", 0)
    if not body.startswith(b"<"):
        raise Untrusted("envelope")
    return 0


def _skipped(body: bytes, place: int) -> int:
    """The end of a tag or CDATA section. Comments, declarations and instructions have no business here."""
    if body.startswith(_CDATA, place):
        return _after(body, _CDATA_END, place)
    if body[place + 1 : place + 2] in {b"!", b"?"} or body.startswith(b"<Encrypt", place):
        raise Untrusted("envelope")
    return place + 1


def _after(body: bytes, mark: bytes, place: int) -> int:
    end = body.find(mark, place)
    if end < 0:
        raise Untrusted("envelope")
    return end + len(mark)


def _only(found: list[bytes]) -> str:
    if len(found) != 1:
        raise Untrusted("envelope")
    inner = found[0].strip()
    if inner.startswith(_CDATA) and inner.endswith(_CDATA_END):
        inner = inner[len(_CDATA) : -len(_CDATA_END)].strip()
    return inner.decode("ascii", errors="replace")


def _in_json(body: bytes) -> str:
    try:
        said = json.loads(body, object_pairs_hook=_without_twins)
    except (ValueError, RecursionError):
        raise Untrusted("envelope") from None
    found = [value for name, value in said.items() if name in {"Encrypt", "encrypt"}]
    if len(found) != 1 or not isinstance(found[0], str):
        raise Untrusted("envelope")
    return found[0]


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name was given twice")
    return dict(pairs)
