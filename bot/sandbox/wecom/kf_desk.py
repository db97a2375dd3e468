"""The inside of 微信客服: sessions and their states, the codes of events, the record of each account."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.world.entities import Customer, KfAccount, KfSession, Message

NEW, BOT, POOL, SERVICED, ENDED = range(5)
SESSION = timedelta(hours=48)
TOKEN_LIFETIME = timedelta(minutes=10)
FROM_CUSTOMER, FROM_SYSTEM, FROM_SERVICER = 3, 4, 5
TEXT, TEXT_OR_MENU = ("text",), ("text", "msgmenu")
REJECTED_BY_CUSTOMER = 10


@dataclass
class EventCode:
    open_kfid: str
    external_userid: str
    until: datetime
    kinds: tuple[str, ...]
    state: int | None = None  # the state it belongs to; None: a welcome
    used: bool = False


@dataclass
class KfRoom:
    codes: dict[str, EventCode] = field(default_factory=dict)


def account_of(stage: Stage, open_kfid: str) -> KfAccount:
    account = stage.world.kf.get(open_kfid)
    if account is None:
        raise Refuse(60252, open_kfid)
    return account


def session_of(stage: Stage, account: KfAccount, customer: Customer) -> KfSession:
    """A session ends by itself 48 hours after its last word."""
    session = customer.kf_sessions.get(account.open_kfid)
    if session is None:
        session = customer.kf_sessions[account.open_kfid] = KfSession(customer.external_userid)
    if session.state != ENDED and session.last_any and stage.now() - session.last_any >= SESSION:
        session.state, session.servicer = ENDED, ""
    return session


def change_state(stage: Stage, session: KfSession, state: int, servicer: str = "") -> None:
    session.state, session.servicer, session.last_any = state, servicer, stage.now()


def event_code(stage: Stage, account: KfAccount, session: KfSession) -> str:
    """For one word after a change of state: 48 hours for the pool and a servicer, 20 s for the end."""
    ended = session.state == ENDED
    life = timedelta(seconds=20) if ended else SESSION
    kinds = TEXT_OR_MENU if ended else TEXT
    code = EventCode(
        account.open_kfid, session.external_userid, stage.now() + life, kinds, session.state
    )
    return _keep(stage, code)


def welcome_code(stage: Stage, account: KfAccount, session: KfSession) -> str:
    until = stage.now() + timedelta(seconds=20)
    code = EventCode(account.open_kfid, session.external_userid, until, TEXT_OR_MENU)
    return _keep(stage, code)


def _keep(stage: Stage, code: EventCode) -> str:
    name = stage.world.names.make("", 48, "kf-code", code.open_kfid, code.external_userid)
    stage.world.room(KfRoom).codes[name] = code
    return name


def redeem_event_code(stage: Stage, name: str, now: datetime, *, peek: bool = False) -> EventCode:
    code = stage.world.room(KfRoom).codes.get(name)
    if code is None or code.used or code.until < now:
        raise Refuse(95007 if code is None else 40058, "code used or too old")
    if not peek:
        code.used = True
    return code


def deliver(
    stage: Stage, account: KfAccount, customer: Customer, content: dict[str, Any], *, msgid: str
) -> None:
    """Errcode 0 is not delivery: a customer who rejects the account only shows in msg_send_fail."""
    kind = content["msgtype"]
    if customer.rejects_kf:
        fail = {"fail_msgid": msgid, "fail_type": customer.kf_fail_type}
        record_event(stage, account, customer, "msg_send_fail", fail)
        return
    session_of(stage, account, customer).last_any = stage.now()
    body = content[kind]
    text, extra = text_of(kind, body), [] if kind == "text" else [content]
    message = Message(stage.now(), "kf", account.open_kfid, customer.id, text, extra, msgid)
    facts = {"external_userid": customer.external_userid, "open_kfid": account.open_kfid}
    stage.arrive(customer, message, **facts)


def text_of(kind: str, body: dict[str, Any]) -> str:
    if kind == "msgmenu":
        items = [item.get(item.get("type", "")) or {} for item in body.get("list") or []]
        lines = [body.get("head_content", ""), *(f"· {item.get('content', '')}" for item in items)]
        return "\n".join(line for line in [*lines, body.get("tail_content", "")] if line)
    return str(body.get("content") or body.get("title") or body.get("wording") or f"[{kind}]")


def record(stage: Stage, account: KfAccount, item: dict[str, Any], *, who: str) -> str:
    """Appends to what sync_msg reads, and calls back that there is something new."""
    names = stage.world.names
    msgid = names.make("", 44, "kf-record", account.open_kfid, who)
    head = {"msgid": msgid, "send_time": stage.clock.timestamp()}
    account.records.append(head | item)
    account.times.append(stage.now().timestamp())
    token = names.make("ENC", 48, "kf-token", account.open_kfid)
    account.tokens[token] = stage.now() + TOKEN_LIFETIME
    facts = {"open_kfid": account.open_kfid, "external_userid": who}
    fields = [("Token", token), ("OpenKfId", account.open_kfid)]
    stage.wecom_event("kf_msg_or_event", [*fields], facts=facts, key=account.open_kfid, sender="")
    return msgid


def record_event(
    stage: Stage, account: KfAccount, customer: Customer, kind: str, more: dict[str, Any]
) -> None:
    event = {
        "event_type": kind,
        "open_kfid": account.open_kfid,
        "external_userid": customer.external_userid,
        **more,
    }
    item = {"origin": FROM_SYSTEM, "msgtype": "event", "event": event}
    record(stage, account, item, who=customer.external_userid)
