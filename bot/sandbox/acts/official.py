"""What a fan does with the Official Account, and links that she opens."""

from __future__ import annotations

from typing import Any

from bot.sandbox.acts.kinds import ActRefused, Args, customer_of
from bot.sandbox.acts.words import official_words
from bot.sandbox.callbacks import FAULTY_SERVICE, OnReply
from bot.sandbox.envelope import Field
from bot.sandbox.official.menus import QrRoom
from bot.sandbox.official.templates import consent
from bot.sandbox.official.windows import open_window
from bot.sandbox.stage import Stage
from bot.sandbox.world.build import fan_of
from bot.sandbox.world.entities import Customer, Fan, Message


def _fan(stage: Stage, args: Args, *, subscribed: bool = True) -> tuple[Customer, Fan]:
    customer = customer_of(stage, args)
    fan = fan_of(stage.world, customer)
    if subscribed and not fan.subscribed:
        raise ActRefused("not following the account")
    return customer, fan


def _push(stage: Stage, customer: Customer, event: str, more: list[Field] | None = None) -> None:
    fields: list[Field] = [("MsgType", "event"), ("Event", event), *(more or [])]
    stage.official_push(customer, fields, name=event, on_reply=_answered(stage, customer))


def _answered(stage: Stage, customer: Customer) -> OnReply:
    """The passive reply reaches her at once; a wrong one or none shows the platform's apology."""

    def show(reply: dict[str, Any] | None) -> None:
        text, extra = (FAULTY_SERVICE, []) if reply is None else _reply_text(reply)
        if not text:
            return
        account = stage.world.official.original_id
        message = Message(stage.now(), "official", account, customer.id, text, extra)
        openid = customer.fan.openid if customer.fan else ""
        stage.arrive(customer, message, openid=openid, passive=True)

    return show


def _reply_text(reply: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    kind = reply.get("MsgType", "")
    if kind == "text":
        return str(reply.get("Content", "")), []
    if kind in ("", "transfer_customer_service"):
        return "", []
    return f"[{kind}]", [reply]


def _ticket(stage: Stage, scene: str) -> str:
    known = stage.world.room(QrRoom).scenes.get(scene)
    return known or stage.world.names.make("gQ", 96, "qr-act", scene)


def follow_official(stage: Stage, args: Args) -> Args:
    customer, fan = _fan(stage, args, subscribed=False)
    if fan.subscribed:
        return {"already": True, "openid": fan.openid}
    scene = str(args.get("scene", ""))
    fan.subscribed, fan.subscribe_time = True, stage.clock.timestamp()
    fan.qr_scene = scene
    fan.scene = "ADD_SCENE_QR_CODE" if scene else "ADD_SCENE_SEARCH"
    open_window(fan, "follow", stage.now())
    more: list[Field] = [("EventKey", f"qrscene_{scene}" if scene else "")]
    if scene:
        more.append(("Ticket", _ticket(stage, scene)))
        open_window(fan, "scan", stage.now())
    _push(stage, customer, "subscribe", more)
    return {"openid": fan.openid}


def unfollow_official(stage: Stage, args: Args) -> None:
    """Windows close with it; so do her tags."""
    customer, fan = _fan(stage, args)
    fan.subscribed = False
    fan.grants.clear()
    fan.tags.clear()
    _push(stage, customer, "unsubscribe", [("EventKey", "")])


def scan_official(stage: Stage, args: Args) -> Args:
    """`qrscene_` stands before the scene only when the scan makes her follow."""
    customer, fan = _fan(stage, args, subscribed=False)
    if not fan.subscribed:
        return follow_official(stage, args)
    scene = str(args["scene"])
    open_window(fan, "scan", stage.now())
    _push(stage, customer, "SCAN", [("EventKey", scene), ("Ticket", _ticket(stage, scene))])
    return {"openid": fan.openid}


def say_official(stage: Stage, args: Args) -> Args:
    customer, fan = _fan(stage, args)
    kind, body = official_words(stage, args)
    text = str(args["text"]) if kind == "text" else f"[{kind}]"
    open_window(fan, "message", stage.now())
    msgid = stage.world.names.number(17, "fan-message", customer.id)
    fields: list[Field] = [("MsgType", kind), *body, ("MsgId", msgid)]
    if args.get("menu_id"):
        fields.append(("bizmsgmenuid", str(args["menu_id"])))
    account = stage.world.official.original_id
    line = Message(stage.now(), "official", customer.id, account, text, msgid=str(msgid))
    customer.conversation.append(line)
    if not fan.blacklisted:
        reply = _answered(stage, customer)
        stage.official_push(customer, fields, name=kind, on_reply=reply)
    return {"msgid": str(msgid)}


def _buttons(stage: Stage) -> list[dict[str, Any]]:
    menu = stage.world.official.menu
    return [*menu, *(item for button in menu for item in button.get("sub_button") or [])]


def click_menu(stage: Stage, args: Args) -> Args:
    """A button by its key, url or page; the events differ with its type, and not all open a window."""
    customer, fan = _fan(stage, args)
    key = str(args["key"])
    names = ("key", "url", "pagepath")
    found = (b for b in _buttons(stage) if key in [b.get(name) for name in names])
    button = next(found, None) or {"type": "click"}
    kind = str(button.get("type"))
    if kind in ("click", "scancode_push", "scancode_waitmsg"):
        open_window(fan, "click", stage.now())
    fields: list[Field] = [("EventKey", key), *_beside(kind, args)]
    _push(stage, customer, EVENTS.get(kind, kind), fields)
    return {"type": kind, "in_menu": "name" in button}


EVENTS = {"click": "CLICK", "view": "VIEW", "miniprogram": "view_miniprogram"}


def _beside(kind: str, args: Args) -> list[Field]:
    """What the phone adds when a button scans, photographs or asks where she is."""
    if kind in ("view", "miniprogram"):
        return [("MenuId", 1)]
    if kind.startswith("scancode"):
        scanned = str(args.get("result", "https://example.com/"))
        return [("ScanCodeInfo", [("ScanType", "qrcode"), ("ScanResult", scanned)])]
    if kind.startswith("pic_"):
        picture: list[Field] = [("item", [("PicMd5Sum", "1b5f7c23b5bf75682a53e7b6d163e185")])]
        return [("SendPicsInfo", [("Count", 1), ("PicList", picture)])]
    if kind == "location_select":
        at: list[Field] = [("Location_X", "31.2"), ("Location_Y", "121.43"), ("Scale", "16")]
        return [("SendLocationInfo", [*at, ("Label", "上海市徐汇区"), ("Poiname", "")])]
    return []


def report_location(stage: Stage, args: Args) -> None:
    """Her phone says where she is, when she allowed it; that opens no window."""
    customer, _ = _fan(stage, args)
    names = {"Latitude": "latitude", "Longitude": "longitude", "Precision": "precision"}
    standard = {"latitude": 31.2, "longitude": 121.43, "precision": 30.0}
    fields: list[Field] = [
        (tag, float(args.get(name, standard[name]))) for tag, name in names.items()
    ]
    _push(stage, customer, "LOCATION", fields)


def change_subscribe(stage: Stage, args: Args) -> None:
    """She changes her mind in the settings."""
    customer, fan = _fan(stage, args, subscribed=False)
    template, accept = str(args["template"]), bool(args.get("accept", False))
    if not accept:
        fan.consents[template] = 0
    status = "accept" if accept else "reject"
    listed: list[Field] = [("TemplateId", template), ("SubscribeStatusString", status)]
    event = "subscribe_msg_change_event"
    _push(stage, customer, event, [("SubscribeMsgChangeEvent", [("List", listed)])])


def tell_privacy(stage: Stage, args: Args) -> None:
    """`event`: user_info_modified or user_enter_tempsession."""
    customer, fan = _fan(stage, args, subscribed=False)
    event = str(args.get("event", "user_info_modified"))
    if event not in ("user_info_modified", "user_enter_tempsession"):
        raise ActRefused("event is user_info_modified or user_enter_tempsession")
    account = stage.world.official.app_id
    _push(stage, customer, event, [("OpenID", fan.openid), ("AppID", account)])


def consent_subscribe(stage: Stage, args: Args) -> None:
    """She answers the popup that asks whether one message may come."""
    customer, fan = _fan(stage, args, subscribed=False)
    template, accept = str(args["template"]), bool(args.get("accept", True))
    consent(fan, template, accept=accept)
    listed: list[Field] = [
        ("TemplateId", template),
        ("SubscribeStatusString", "accept" if accept else "reject"),
        ("PopupScene", str(args.get("scene", "1"))),
    ]
    event = "subscribe_msg_popup_event"
    _push(stage, customer, event, [("SubscribeMsgPopupEvent", [("List", listed)])])


def block_templates(stage: Stage, args: Args) -> None:
    _fan(stage, args)[1].blocks_templates = bool(args.get("blocks", True))


def revoke_authorization(stage: Stage, args: Args) -> None:
    """The privacy event after which her data must go."""
    customer, fan = _fan(stage, args, subscribed=False)
    more: list[Field] = [
        ("OpenID", fan.openid),
        ("AppID", stage.world.official.app_id),
        ("RevokeInfo", "1"),
    ]
    _push(stage, customer, "user_authorization_revoke", more)


ACTS = {
    "follow_official": follow_official,
    "unfollow_official": unfollow_official,
    "scan_official": scan_official,
    "say_official": say_official,
    "click_menu": click_menu,
    "report_location": report_location,
    "change_subscribe": change_subscribe,
    "tell_privacy": tell_privacy,
    "consent_subscribe": consent_subscribe,
    "block_templates": block_templates,
    "revoke_authorization": revoke_authorization,
}
