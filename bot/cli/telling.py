"""What happened in the sandbox, one line each."""

from __future__ import annotations

from typing import Any

from bot.tongue import _

Row = dict[str, Any]
LONGEST = 60


def act(done: Row, result: Row) -> str:
    """An act and what came of it; how it was asked is not repeated."""
    who = done.get("customer") or done.get("guide") or ""
    facts = {name: value for name, value in result.items() if name != "ok"}
    return " ".join(part for part in (done["act"], str(who), _pairs(facts)) if part)


def row(said: Row) -> str:
    """A row of the sandbox's log."""
    clock = said["t"][5:19].replace("T", " ")
    return f"{clock}  {_SIDES.get(said['side'], _other)(said)}"


def _api(said: Row) -> str:
    code = said.get("errcode")
    became = "ok" if code == 0 else f"errcode {code}" if code is not None else said.get("status")
    return f"→ {_('接口')}  {said.get('method')} {said.get('path')}  {became}"


def _callback(said: Row) -> str:
    answered = said.get("answer", said.get("status", ""))
    return f"← {_('回调')}  {said.get('platform')} {said.get('event')}  {_short(answered)}"


def _arrival(said: Row) -> str:
    return _(
        "✉ 收到  %(who)s（%(channel)s）%(text)s",
        who=said.get("to"),
        channel=said.get("channel"),
        text=_short(said.get("text", "")),
    )


def _act(said: Row) -> str:
    args = said.get("args", {})
    return f"• {_('动作')}  {act({'act': said.get('act'), **args}, said.get('result', {}))}"


def _other(said: Row) -> str:
    return f"  {said['side']}  {_pairs({k: v for k, v in said.items() if k not in {'seq', 't'}})}"


def _pairs(facts: Row) -> str:
    return " ".join(f"{name}={_short(value)}" for name, value in facts.items())


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


_SIDES = {"api": _api, "callback": _callback, "arrival": _arrival, "act": _act}
