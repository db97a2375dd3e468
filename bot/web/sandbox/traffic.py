"""What went between the platforms and the bot, row by row, as a person can read and repeat it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

BASES = {"wecom": "$SIYU_WECOM_API_BASE", "official": "$SIYU_OFFICIAL_API_BASE"}
LONGEST = 4000
TAKEN = {200, 202}
"""Callbacks are answered 200; a new order, which comes from the shop's system, 202."""


@dataclass(frozen=True, slots=True)
class Row:
    seq: int
    time: str
    inward: bool
    """A callback of the platform, or the shop's word of an order; else a call of ours."""
    method: str
    path: str
    status: str
    good: bool
    asked: str
    answered: str
    curl: str
    fault: str


def rows(log: Iterable[dict[str, Any]]) -> list[Row]:
    """Calls and callbacks, newest first."""
    told = [_call(row) if row["side"] == "api" else _callback(row) for row in log if _shown(row)]
    return told[::-1]


def _shown(row: dict[str, Any]) -> bool:
    return row["side"] in {"api", "callback"}


def _call(row: dict[str, Any]) -> Row:
    errcode = row.get("errcode") or 0
    return Row(
        seq=row["seq"],
        time=row["t"][5:16].replace("T", " "),
        inward=False,
        method=row["method"],
        path=row["path"],
        status=f"{row['status']}" if not errcode else f"{row['status']} · {errcode}",
        good=row["status"] == 200 and not errcode,
        asked=_pretty(row.get("request")),
        answered=_pretty(row.get("response")),
        curl=_curl(row),
        fault=row.get("fault") or "",
    )


def _callback(row: dict[str, Any]) -> Row:
    return Row(
        seq=row["seq"],
        time=row["t"][5:16].replace("T", " "),
        inward=True,
        method="回调",
        path=row["event"],
        status=str(row["status"]),
        good=row["status"] in TAKEN,
        asked=str(row.get("plain") or "")[:LONGEST],
        answered=_pretty(row.get("reply")),
        curl="",
        fault=row.get("fault") or "",
    )


def _curl(row: dict[str, Any]) -> str:
    """The same call for a terminal; the token stays a variable."""
    query = "".join(f"&{name}={value}" for name, value in (row.get("query") or {}).items())
    base = BASES.get(row["platform"], BASES["wecom"])
    address = f'"{base}{row["path"]}?access_token=$TOKEN{query}"'
    if row["method"] == "GET":
        return f"curl -s {address}"
    body = json.dumps(row.get("request") or {}, ensure_ascii=False)
    return f"curl -s {address} -d {shlex.quote(body)}"


def _pretty(body: Any) -> str:
    if not body:
        return ""
    if isinstance(body, dict) and "access_token" in body:
        body = body | {"access_token": "…"}
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, indent=2)
    return text if len(text) <= LONGEST else text[:LONGEST] + "\n…"
