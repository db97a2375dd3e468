"""sync_msg: what happened at one 微信客服 account, by cursor; the app's own messages are not in it."""

from __future__ import annotations

import base64
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from bot.sandbox.api import Body, Call, Routes
from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.kf_desk import account_of
from bot.sandbox.world.entities import KfAccount

KEPT_SECONDS = 3 * 86400
routes = Routes()


@routes.post("/cgi-bin/kf/sync_msg", empty={"next_cursor": "", "has_more": 0, "msg_list": []})
def sync(stage: Stage, call: Call) -> Body:
    account = account_of(stage, call.text("open_kfid", missing=60251))
    _check_token(stage, account, call)
    oldest = bisect_left(account.times, call.now.timestamp() - KEPT_SECONDS)
    asked, was_empty = _read_cursor(account, call.maybe("cursor"))
    begin = max(asked, oldest)
    end = min(begin + call.limit(default=1000, cap=1000), len(account.records))
    if end > begin and not was_empty and _empty_page(stage, account, begin):
        return _answer(account, [], begin, empty=True, more=1)
    return _answer(account, account.records[begin:end], end, more=int(end < len(account.records)))


def _answer(
    account: KfAccount, items: Sequence[Any], position: int, *, more: int, empty: bool = False
) -> Body:
    raw = f"{account.open_kfid}:{position}:{int(empty)}".encode()
    cursor = base64.urlsafe_b64encode(raw).decode()
    return {"next_cursor": cursor, "has_more": more, "msg_list": list(items)}


def _read_cursor(account: KfAccount, cursor: str) -> tuple[int, bool]:
    """A cursor belongs to one account; another's, or none of ours, is refused."""
    if not cursor:
        return 0, False
    try:
        owner, position, empty = base64.urlsafe_b64decode(cursor).decode().split(":")
        number = int(position)
    except ValueError:
        raise Refuse(40058, "cursor") from None
    if owner != account.open_kfid:
        raise Refuse(40058, "cursor of another account")
    return number, empty == "1"


def _empty_page(stage: Stage, account: KfAccount, begin: int) -> bool:
    """Now and then a page is empty although there is more: clients must go by has_more."""
    dice = stage.world.names.stream("kf-page", account.open_kfid, begin)
    return dice.random() < stage.world.settings.kf_empty_page


def _check_token(stage: Stage, account: KfAccount, call: Call) -> None:
    until = account.tokens.get(call.maybe("token"))
    if until and until > call.now:
        return
    now = call.now.timestamp()
    account.unguided = [at for at in account.unguided if at > now - 60] + [now]
    if len(account.unguided) > stage.world.settings.kf_syncs_without_token:
        raise Refuse(45009)
