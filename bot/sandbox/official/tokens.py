"""Two isolated kinds of access token, tickets, quotas."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.sandbox.api import Body, Call, Routes
from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.usage import use
from bot.sandbox.wecom.tokens import issue_ticket

LIFETIME = timedelta(seconds=7200)
OVERLAP = timedelta(minutes=5)
BASIC, STABLE = "official:basic", "official:stable"
EMPTY = {"access_token": "", "expires_in": 0}
routes = Routes()


@dataclass
class TokenRoom:
    forced: list[datetime] = field(default_factory=list)


def _check(stage: Stage, call: Call) -> None:
    account = stage.world.official
    if call.maybe("grant_type") != "client_credential":
        raise Refuse(40002)
    if call.text("appid", missing=41002) != account.app_id:
        raise Refuse(40013)
    if call.text("secret", missing=41004) != account.secret:
        raise Refuse(40125)


def _new_token(stage: Stage, owner: str, now: datetime) -> Body:
    """The token before it works for five minutes more."""
    book = stage.world.tokens
    old = book.current.get(owner, "")
    if old in book.owners:
        book.owners[old] = (owner, min(book.owners[old][1], now + OVERLAP))
    token = stage.world.names.make("", 136, "token", owner)
    book.current[owner], book.owners[token] = token, (owner, now + LIFETIME)
    return {"access_token": token, "expires_in": int(LIFETIME.total_seconds())}


@routes.get("/cgi-bin/token", needs_token=False, empty=EMPTY)
def token(stage: Stage, call: Call) -> Body:
    _check(stage, call)
    use(stage.world, "official", call.path, call.now)
    return _new_token(stage, BASIC, call.now)


@routes.post("/cgi-bin/stable_token", needs_token=False, empty=EMPTY)
def stable_token(stage: Stage, call: Call) -> Body:
    _check(stage, call)
    book = stage.world.tokens
    if call.body.get("force_refresh"):
        _check_force(stage, call.now)
        book.revoke(STABLE)
    known = book.owners.get(book.current.get(STABLE, ""))
    if known is None or known[1] - call.now <= OVERLAP:
        return _new_token(stage, STABLE, call.now)
    left = int((known[1] - call.now).total_seconds())
    return {"access_token": book.current[STABLE], "expires_in": left}


def _check_force(stage: Stage, now: datetime) -> None:
    """At most 20 a day, 30 seconds apart."""
    forced = stage.world.room(TokenRoom).forced
    recent = [at for at in forced if at > now - timedelta(days=1)]
    if len(recent) >= 20 or (recent and now - recent[-1] < timedelta(seconds=30)):
        raise Refuse(45009)
    forced[:] = [*recent, now]


@routes.get("/cgi-bin/ticket/getticket", empty={"ticket": "", "expires_in": 0})
def ticket(stage: Stage, call: Call) -> Body:
    if call.text("type") not in ("jsapi", "wx_card"):
        raise Refuse(40097)
    return issue_ticket(stage, call, f"official {call.text('type')}")


@routes.get("/cgi-bin/getcallbackip", bare=True)
def callback_ip(_stage: Stage, _call: Call) -> Body:
    return {"ip_list": ["127.0.0.1"]}


@routes.get("/cgi-bin/get_api_domain_ip", bare=True)
def api_ip(_stage: Stage, _call: Call) -> Body:
    return {"ip_list": ["127.0.0.1"]}
