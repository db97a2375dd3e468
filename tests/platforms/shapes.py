"""Holds any request against the documented fields of its API: names, nesting, types, what must be there.

`python -m tests.platforms.shapes SANDBOX_LOG` does so for every request of a recorded run.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from bot.calls import Call
from bot.platforms.official import requests as official
from bot.platforms.official.requests import context as official_context
from bot.platforms.wecom import requests as wecom
from bot.platforms.wecom.requests import context as wecom_context
from tests.platforms.exceptions import EXCEPTIONS, UNLISTED

FACTS = Path(__file__).parent / "facts"
_TYPES: dict[str, Any] = {
    "any": object,
    "bool": (),  # told by itself: to Python it is a number
    "int": int,
    "int64": int,
    "num": int | float,
    "num(wire: str)": int | float | str,
    "str(wire: number or str)": int | float | str,
}
_MEDIA, _CONTENTS = defaultdict(lambda: "MEDIA"), defaultdict(lambda: b"picture")
_CONTEXT = wecom_context.Context(agent_id=1000002, media=_MEDIA, contents=_CONTENTS)
_FAN_CONTEXT = official_context.Context(app_id="wx1", media=_MEDIA, contents=_CONTENTS)
_ANSWERED = {"errcode", "errmsg"}


@cache
def facts(name: str) -> dict[str, dict[str, Any]]:
    """`fields`, `samples` or `events`, by platform."""
    return json.loads((FACTS / f"{name}.json").read_text(encoding="utf-8"))


@cache
def apis(platform: str) -> dict[str, Any]:
    """The field lists with the exceptions laid over them."""
    listed = json.loads(json.dumps(facts("fields")[platform]))
    for api, shape in UNLISTED[platform].items():
        twin = listed.get(f"{shape.get('as')} {api.split()[1]}", {})
        listed[api] = {"request": {}, "response": twin.get("response"), **shape}
    for exception in EXCEPTIONS:
        if exception.platform == platform:
            exception.amend(listed)
    return listed


def of_request(
    platform: str, method: str, path: str, query: Mapping[str, Any], body: Any
) -> list[str]:
    """What is wrong with a request; nothing is wrong with an upload's content."""
    api = apis(platform).get(f"{method} {path}")
    if api is None:
        return [f"{platform} {method} {path}: no such API"]
    asked = set(query) - {"access_token", *api.get("query", ())}
    found = [f"query {name}: not documented" for name in sorted(asked)]
    found += _in(body or {}, api["request"], "")
    return [f"{path} {trouble}" for trouble in found]


def of_call(call: Call) -> list[str]:
    """What is wrong with the request that our client makes of a call. Raises Unsendable."""
    found = spoken(call)
    return of_request(found[0], *found[1:]) if found else []


def spoken(call: Call) -> tuple[str, str, str, Mapping[str, str], Any] | None:
    """Platform, method, path, query and body of a call; None where a client asks without a table."""
    if type(call) in official.BUILDS:
        platform, request = "official", official.build(call, _FAN_CONTEXT)
    elif type(call) in wecom.BUILDS:
        platform, request = "wecom", wecom.build(call, _CONTEXT)
    else:
        return None
    return platform, request.method, request.path, request.query, request.body


def of_answer(platform: str, method: str, path: str, body: Mapping[str, Any]) -> list[str]:
    """What an answer says that the documents do not; it may leave out whatever it likes."""
    api = apis(platform).get(f"{method} {path}")
    if api is None:
        return [f"{platform} {method} {path}: no such API"]
    said = {name: value for name, value in body.items() if name not in _ANSWERED}
    return [f"{path} {trouble}" for trouble in _in(said, api["response"], "", whole=False)]


def of_log(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is wrong with the requests of a sandbox's log, each mistake once."""
    troubles = {
        trouble: None
        for row in rows
        if row["side"] == "api"
        for trouble in of_request(
            row["platform"], row["method"], row["path"], row["query"], _spoken(row)
        )
    }
    return list(troubles)


def _spoken(row: Mapping[str, Any]) -> dict[str, Any]:
    # The log leaves secrets out; they were said all the same.
    hidden = {"secret": ""} if row["path"].endswith("/stable_token") else {}
    return {**hidden, **(row["request"] or {})}


def _in(said: Any, shape: Any, at: str, *, whole: bool = True) -> list[str]:
    if isinstance(shape, str):
        return [] if _fits(said, shape) else [f"{at}: {said!r:.40} is no {shape}"]
    if isinstance(shape, list):
        if not isinstance(said, list):
            return [f"{at}: no list"]
        return [trouble for one in said for trouble in _in(one, shape[0], f"{at}[]", whole=whole)]
    if not isinstance(said, dict):
        return [f"{at}: no object"]
    return _in_object(said, shape, at, whole=whole)


def _in_object(said: Any, shape: Mapping[str, Any], at: str, *, whole: bool) -> list[str]:
    if "*" in shape:
        return [t for one in said.values() for t in _in(one, shape["*"], f"{at}.*", whole=whole)]
    known = {name.rstrip("?"): inner for name, inner in shape.items()}
    must = {name for name in shape if not name.endswith("?")} if whole else set()
    found = [f"{at}.{name}: missing" for name in sorted(must - set(said))]
    found += [f"{at}.{name}: not documented" for name in sorted(set(said) - set(known))]
    for name, value in said.items():
        if name in known:
            found += _in(value, known[name], f"{at}.{name}", whole=whole)
    return found


def _fits(said: Any, kind: str) -> bool:
    if kind.endswith("[]"):
        return isinstance(said, list) and all(_fits(one, kind[:-2]) for one in said)
    if kind == "int(0/1)":
        return not isinstance(said, bool) and said in (0, 1)
    if isinstance(said, bool):
        return kind in {"bool", "any"}
    return isinstance(said, _TYPES.get(kind, str))


def main() -> None:
    with Path(sys.argv[1]).open(encoding="utf-8") as log:
        troubles = of_log(map(json.loads, log))
    print("\n".join(troubles) or "every request is as documented")  # noqa: T201
    sys.exit(bool(troubles))


if __name__ == "__main__":
    main()
