"""微信客服 as customers and servicers use it."""

from __future__ import annotations

from typing import Any

from bot.sandbox.acts.kinds import ActRefused, Args, customer_of, guide_of
from bot.sandbox.acts.words import kf_words
from bot.sandbox.envelope import Field
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.kf_desk import (
    ENDED,
    FROM_CUSTOMER,
    FROM_SERVICER,
    FROM_SYSTEM,
    NEW,
    REJECTED_BY_CUSTOMER,
    SERVICED,
    SESSION,
    change_state,
    event_code,
    record,
    record_event,
    session_of,
    text_of,
    welcome_code,
)
from bot.sandbox.world.entities import Customer, KfAccount, KfSession, Message

TAKEN, ENDED_BY_HAND, REOPENED = 1, 3, 4


def _account(stage: Stage, args: Args) -> KfAccount:
    """By its open_kfid or its name; one account need not be named."""
    accounts = stage.world.kf
    name = str(args.get("kf", ""))
    found = accounts.get(name) or next((a for a in accounts.values() if a.name == name), None)
    if found is None and not name and len(accounts) == 1:
        found = next(iter(accounts.values()))
    if found is None:
        raise ActRefused(f"no kf account {name}")
    return found


def _place(stage: Stage, args: Args) -> tuple[KfAccount, Customer, KfSession]:
    account, customer = _account(stage, args), customer_of(stage, args)
    return account, customer, session_of(stage, account, customer)


def enter_kf(stage: Stage, args: Args) -> Args:
    """A welcome code comes along when she wrote nothing for 48 h and none was used in that time."""
    account, customer, session = _place(stage, args)
    now = stage.now()
    silent = session.last_customer is None or now - session.last_customer >= SESSION
    ungreeted = session.greeted is None or now - session.greeted >= SESSION
    session.scene, session.entered = str(args.get("scene", "")), now
    session.scene_param = str(args.get("scene_param", ""))
    more: dict[str, Any] = {"scene": session.scene, "scene_param": session.scene_param}
    if silent and ungreeted:
        more["welcome_code"] = welcome_code(stage, account, session)
    record_event(stage, account, customer, "enter_session", more)
    return {"external_userid": customer.external_userid, "welcome_code": "welcome_code" in more}


def say_kf(stage: Stage, args: Args) -> Args:
    """Every word of hers opens 48 h and five messages anew."""
    account, customer, session = _place(stage, args)
    session.last_customer = session.last_any = stage.now()
    session.sent = 0
    if session.state == ENDED:
        session.state = NEW
    kind, body = kf_words(stage, args)
    item = _item(account, customer, FROM_CUSTOMER, kind, body)
    msgid = record(stage, account, item, who=customer.external_userid)
    text, extra = text_of(kind, body), [] if kind == "text" else [{"msgtype": kind, kind: body}]
    line = Message(stage.now(), "kf", customer.id, account.open_kfid, text, extra, msgid)
    customer.conversation.append(line)
    return {"external_userid": customer.external_userid, "msgid": msgid}


def _item(account: KfAccount, customer: Customer, origin: int, kind: str, body: Args) -> Args:
    return {
        "open_kfid": account.open_kfid,
        "external_userid": customer.external_userid,
        "origin": origin,
        "msgtype": kind,
        kind: body,
    }


def kf_reply(stage: Stage, args: Args) -> None:
    """A servicer writes in the client; an ended session opens again with her."""
    account, customer, session = _place(stage, args)
    guide = guide_of(stage, args)
    if guide.userid not in account.servicers:
        raise ActRefused("not a servicer of this account")
    if session.state == ENDED:
        change_state(stage, session, SERVICED, guide.userid)
        _tell_change(stage, account, session, {"change_type": REOPENED, "new": guide.userid})
    if (session.state, session.servicer) != (SERVICED, guide.userid):
        raise ActRefused("the session is not with this servicer")
    session.last_any = stage.now()
    text = {"content": str(args["text"])}
    item = _item(account, customer, FROM_SERVICER, "text", text) | {
        "servicer_userid": guide.userid
    }
    msgid = record(stage, account, item, who=customer.external_userid)
    message = Message(stage.now(), "kf", guide.userid, customer.id, text["content"], msgid=msgid)
    stage.arrive(customer, message, open_kfid=account.open_kfid)


def kf_take(stage: Stage, args: Args) -> None:
    account, _customer, session = _place(stage, args)
    guide = guide_of(stage, args)
    if guide.userid not in account.servicers or session.state == ENDED:
        raise ActRefused("nothing to take for this servicer")
    change_state(stage, session, SERVICED, guide.userid)
    code = event_code(stage, account, session)
    change = {"change_type": TAKEN, "new": guide.userid, "msg_code": code}
    _tell_change(stage, account, session, change)


def kf_end(stage: Stage, args: Args) -> None:
    account, _customer, session = _place(stage, args)
    if session.state == ENDED:
        raise ActRefused("the session has ended")
    servicer = session.servicer
    change_state(stage, session, ENDED)
    code = event_code(stage, account, session)
    change = {"change_type": ENDED_BY_HAND, "old": servicer, "msg_code": code}
    _tell_change(stage, account, session, change)


def _tell_change(stage: Stage, account: KfAccount, session: KfSession, change: Args) -> None:
    """Only changes that people make in the client are told."""
    customer = stage.world.by_external[session.external_userid]
    more = {
        "change_type": change["change_type"],
        "old_servicer_userid": change.get("old", ""),
        "new_servicer_userid": change.get("new", ""),
    }
    if "msg_code" in change:
        more["msg_code"] = change["msg_code"]
    record_event(stage, account, customer, "session_status_change", more)


def kf_status(stage: Stage, args: Args) -> None:
    """A servicer starts (0) or stops (1) receiving."""
    account, guide = _account(stage, args), guide_of(stage, args)
    status = int(args["status"])
    account.servicers[guide.userid] = status
    event = {
        "event_type": "servicer_status_change",
        "servicer_userid": guide.userid,
        "status": status + 1,
        "open_kfid": account.open_kfid,
    }
    item = {"origin": FROM_SYSTEM, "msgtype": "event", "event": event}
    record(stage, account, item, who=guide.userid)


def reject_kf(stage: Stage, args: Args) -> None:
    """She refuses messages of 微信客服; sendings answer ok and fail later, with `fail_type`."""
    customer = customer_of(stage, args)
    customer.rejects_kf = bool(args.get("rejects", True))
    customer.kf_fail_type = int(args.get("fail_type", REJECTED_BY_CUSTOMER))


def recall_kf(stage: Stage, args: Args) -> None:
    account, customer, _session = _place(stage, args)
    more = {"recall_msgid": str(args["msgid"])}
    record_event(stage, account, customer, "user_recall_msg", more)


def authorise_kf(stage: Stage, args: Args) -> None:
    """The administrator gives accounts to API management (`add`) or takes them away (`remove`)."""
    tags = {"add": "AuthAddOpenKfId", "remove": "AuthDelOpenKfId"}
    fields: list[Field] = [(tags[how], str(kf)) for how in tags for kf in args.get(how) or []]
    if not fields:
        raise ActRefused("add or remove, each a list of open_kfid")
    for how, managed in (("add", True), ("remove", False)):
        for kf in args.get(how) or []:
            stage.world.kf[kf].managed = managed
    stage.wecom_event("kf_account_auth_change", fields, facts={}, key="kf accounts")


def switch_kf_reject(stage: Stage, args: Args) -> None:
    """A servicer turns the switch that refuses a customer's words."""
    account, guide = _account(stage, args), guide_of(stage, args)
    event = {
        "event_type": "reject_customer_msg_switch_change",
        "servicer_userid": guide.userid,
        "open_kfid": account.open_kfid,
        "external_userid": customer_of(stage, args).external_userid,
        "reject_switch": int(bool(args.get("rejects", True))),
    }
    item = {"origin": FROM_SYSTEM, "msgtype": "event", "event": event}
    record(stage, account, item, who=guide.userid)


ACTS = {
    "authorise_kf": authorise_kf,
    "switch_kf_reject": switch_kf_reject,
    "enter_kf": enter_kf,
    "say_kf": say_kf,
    "kf_reply": kf_reply,
    "kf_take": kf_take,
    "kf_end": kf_end,
    "kf_status": kf_status,
    "reject_kf": reject_kf,
    "recall_kf": recall_kf,
}
