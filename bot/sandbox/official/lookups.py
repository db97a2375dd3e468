"""What a developer asks about calls: quotas, a call that failed, the network, short keys."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from bot.sandbox.api import Body, Call, Routes, too_long
from bot.sandbox.clock import SHANGHAI
from bot.sandbox.errors import Refuse
from bot.sandbox.names import fingerprint
from bot.sandbox.stage import Stage
from bot.sandbox.usage import RefusedCalls, daily_limit, used_today

CLEARS_A_MONTH = 10
LONGEST = 2_592_000  # seconds of a short key
routes = Routes()


@dataclass
class LookupRoom:
    clears: Counter[str] = field(default_factory=Counter)  # by month
    shortened: dict[str, tuple[str, int, int]] = field(default_factory=dict)


@routes.post("/cgi-bin/openapi/quota/get", empty={"quota": {}})
def quota(stage: Stage, call: Call) -> Body:
    path = "/" + call.text("cgi_path").lstrip("/")
    most, used = daily_limit("official", path), used_today(stage.world, "official", path, call.now)
    settings = stage.world.settings
    return {
        "quota": {"daily_limit": most, "used": used, "remain": max(most - used, 0)},
        "rate_limit": {"call_count": settings.calls_per_minute, "refresh_second": 60},
    }


@routes.post("/cgi-bin/openapi/rid/get", empty={"request": {}})
def rid(stage: Stage, call: Call) -> Body:
    """Only the account's own rids of the last seven days."""
    found = stage.world.room(RefusedCalls).rows.get(call.text("rid"))
    if found is None or found["invoke_time"] < call.stamp - 7 * 86400:
        raise Refuse(76001 if found is None else 76002)
    return {"request": found}


def _clear(stage: Stage, call: Call) -> None:
    if call.maybe("appid") != stage.world.official.app_id:
        raise Refuse(40013)
    clears, month = stage.world.room(LookupRoom).clears, f"{call.now.astimezone(SHANGHAI):%Y-%m}"
    if clears[month] >= CLEARS_A_MONTH:
        raise Refuse(48006)
    clears[month] += 1
    for key in [key for key in stage.world.calls if key[0] == "official"]:
        del stage.world.calls[key]


@routes.post("/cgi-bin/clear_quota")
def clear_quota(stage: Stage, call: Call) -> None:
    _clear(stage, call)


@routes.post("/cgi-bin/clear_quota/v2", needs_token=False)
def clear_by_secret(stage: Stage, call: Call) -> Body:
    if call.maybe("appsecret") != stage.world.official.secret:
        raise Refuse(40125)
    _clear(stage, call)
    return {"errcode": 0, "errmsg": "ok"}


@routes.post("/cgi-bin/callback/check", bare=True)
def network(stage: Stage, call: Call) -> Body:
    action = call.text("action", missing=40201)
    if action not in ("dns", "ping", "all"):
        raise Refuse(40201)
    if call.maybe("check_operator", "DEFAULT") not in ("CHINANET", "UNICOM", "CAP", "DEFAULT"):
        raise Refuse(40202)
    address = stage.courier.addresses["official"].url
    ip, operator = ("127.0.0.1" if address else ""), "UNICOM"
    ping = {"ip": ip, "from_operator": operator, "package_loss": "0%", "time": "1.0ms"}
    body: Body = {}
    if action != "ping":
        body["dns"] = [{"ip": ip, "real_operator": operator}]
    return body if action == "dns" else body | {"ping": [ping]}


@routes.post("/cgi-bin/shorten/gen", empty={"short_key": ""})
def shorten(stage: Stage, call: Call) -> Body:
    text, seconds = call.text("long_data"), call.number("expire_seconds", LONGEST)
    if too_long(text, size=4096) or not 1 <= seconds <= LONGEST:
        raise Refuse(40058, "long_data, expire_seconds")
    key = stage.world.names.make("", 15, "short", fingerprint(call.body))
    stage.world.room(LookupRoom).shortened[key] = (text, call.stamp, seconds)
    return {"short_key": key}


@routes.post("/cgi-bin/shorten/fetch", bare=True)
def fetch(stage: Stage, call: Call) -> Body:
    found = stage.world.room(LookupRoom).shortened.get(call.text("short_key"))
    if found is None or found[1] + found[2] <= call.stamp:
        raise Refuse(40058, "short_key")
    left = found[1] + found[2] - call.stamp
    return {"long_data": found[0], "create_time": found[1], "expire_seconds": left}


@routes.get("/cgi-bin/get_current_autoreply_info", bare=True)
def automatic_replies(_stage: Stage, _call: Call) -> Body:
    """None is set in this console: everything goes to the callback."""
    return {"is_add_friend_reply_open": 0, "is_autoreply_open": 0}
