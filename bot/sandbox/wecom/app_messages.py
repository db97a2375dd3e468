"""Messages of the app to its members: text, cards with buttons, updates, recalls."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.api import Body, Call, Routes, too_long
from bot.sandbox.errors import Refuse
from bot.sandbox.names import fingerprint
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.media import usable
from bot.sandbox.wecom.tokens import calling_app
from bot.sandbox.world.entities import Card, Delivery, Guide, Message

MEDIA_KINDS = ("image", "voice", "video", "file")
TEXT_KINDS = ("text", "textcard", "news", "mpnews", "markdown", "miniprogram_notice")
KINDS = (*MEDIA_KINDS, *TEXT_KINDS, "template_card")
NEEDED = {
    **dict.fromkeys(MEDIA_KINDS, ("media_id",)),
    "textcard": ("title", "description", "url"),
    "miniprogram_notice": ("appid", "title"),
}
LIMITS = {
    "textcard": {"title": 128, "description": 512, "url": 2048},
    "video": {"title": 128, "description": 512},
}
CUT = 2048  # bytes of a text or a markdown; what is longer arrives without its end
INTERACTIVE = ("button_interaction", "vote_interaction", "multiple_interaction")
CARD_KINDS = ("text_notice", "news_notice", *INTERACTIVE)
LISTED = {
    "horizontal_content_list": (6, 42035),
    "vertical_content_list": (4, 42036),
    "jump_list": (3, 42042),
    "select_list": (3, 42047),
}
PER_MINUTE, PER_HOUR = 30, 1000
CODE_LIFETIME = timedelta(hours=72)
routes = Routes()


@dataclass
class Sent:
    msgid: str
    at: datetime
    deliveries: list[Delivery]


@dataclass
class AppRoom:
    sent: dict[str, Sent] = field(default_factory=dict)
    recent: dict[str, deque[float]] = field(default_factory=dict)  # userid → last hour's sendings
    duplicates: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    task_ids: set[str] = field(default_factory=set)
    codes: dict[str, tuple[datetime, list[Card]]] = field(default_factory=dict)
    today: Counter[tuple[str, str]] = field(default_factory=Counter)


@routes.post(
    "/cgi-bin/message/send",
    empty={"invaliduser": "", "invalidparty": "", "invalidtag": "", "unlicenseduser": ""},
)
def send(stage: Stage, call: Call) -> Body:
    if call.number("agentid") != calling_app(stage, call).agent_id:
        raise Refuse(301002)
    kind = call.text("msgtype", missing=40008)
    body = call.body.get(kind)
    if kind not in KINDS or not isinstance(body, dict):
        raise Refuse(40008)
    check_body(stage, call, kind, body)
    guides, invalid = _receivers(stage, call)
    if not guides:
        raise Refuse(81013)
    room = stage.world.room(AppRoom)
    repeated = _repeated(room, call)
    msgid = repeated or stage.world.names.make("", 48, "app-message", fingerprint(call.body))
    answer = {"invaliduser": "|".join(invalid).lower(), "msgid": msgid}
    if not repeated:
        answer |= _deliver(stage, call, room, guides, msgid)
    return {"invalidparty": "", "invalidtag": "", "unlicenseduser": "", **answer}


def check_body(stage: Stage, call: Call, kind: str, body: Body) -> None:
    if kind in ("text", "markdown") and not body.get("content"):
        raise Refuse(44004)
    missing = [name for name in NEEDED.get(kind, ()) if not body.get(name)]
    if missing:
        raise Refuse(40063, f"{kind}.{missing[0]}")
    if kind in ("news", "mpnews"):
        _check_articles(kind, body.get("articles") or [])
    for name, size in LIMITS.get(kind, {}).items():
        if too_long(str(body.get(name) or ""), size=size):
            raise Refuse(40058, f"{kind}.{name}")
    if body.get("media_id"):
        usable(stage, body["media_id"], call.now)
    if kind == "template_card":
        _check_card(stage, body)


def _check_articles(kind: str, articles: list[Body]) -> None:
    if not 1 <= len(articles) <= 8:
        raise Refuse(40058, f"{kind}.articles")
    names = ("title",) if kind == "news" else ("title", "thumb_media_id", "content")
    if any(not article.get(name) for article in articles for name in names):
        raise Refuse(40063, f"{kind}.articles")


def _check_card(stage: Stage, card: Body) -> None:
    kind, task_id = card.get("card_type", ""), card.get("task_id", "")
    if kind not in CARD_KINDS:
        raise Refuse(42031, "card_type")
    needs_callback = kind in INTERACTIVE or bool(card.get("action_menu"))
    if needs_callback and not task_id:
        raise Refuse(42014, "task_id missing")
    if needs_callback and not stage.courier.addresses["wecom"].url:
        raise Refuse(43012)
    if task_id in stage.world.room(AppRoom).task_ids or too_long(task_id, size=128):
        raise Refuse(42014, "task_id should be unique")
    if kind not in INTERACTIVE and not card.get("card_action"):
        raise Refuse(42045, "card_action missing")
    _check_buttons(kind, card)


def _check_buttons(kind: str, card: Body) -> None:
    buttons = card.get("button_list") or []
    keys = [button.get("key") for button in buttons if button.get("type", 0) == 0]
    if kind == "button_interaction" and not 1 <= len(buttons) <= 6:
        raise Refuse(42038, "button_list")
    if None in keys or len(set(keys)) != len(keys) or not all(b.get("text") for b in buttons):
        raise Refuse(42039, "button key")
    if kind in ("vote_interaction", "multiple_interaction") and not card.get("submit_button"):
        raise Refuse(42046, "submit_button")
    choices = len((card.get("checkbox") or {}).get("option_list") or [])
    if kind == "vote_interaction" and not 1 <= choices <= 20:
        raise Refuse(42037, "checkbox")
    if kind == "multiple_interaction" and not card.get("select_list"):
        raise Refuse(42047, "select_list")
    for name, (most, code) in LISTED.items():
        if len(card.get(name) or []) > most:
            raise Refuse(code, name)


def _receivers(stage: Stage, call: Call) -> tuple[list[Guide], list[str]]:
    people = {guide.userid: guide for guide in stage.world.guides.values() if not guide.resigned}
    to = call.maybe("touser")
    if to == "@all":
        return list(people.values()), []
    userids = [userid for userid in to.split("|") if userid]
    parties = {party for party in call.maybe("toparty").split("|") if party}
    if (
        len(userids) > 1000
        or len(parties) > 100
        or not (userids or parties or call.maybe("totag"))
    ):
        raise Refuse(40058, "touser, toparty, totag")
    lower = {userid.lower(): guide for userid, guide in people.items()}  # userids ignore case
    chosen = {key: lower[key] for key in map(str.lower, userids) if key in lower}
    chosen |= {g.userid.lower(): g for g in people.values() if str(g.department) in parties}
    return list(chosen.values()), [userid for userid in userids if userid.lower() not in lower]


def _repeated(room: AppRoom, call: Call) -> str:
    """With the duplicate check on, an equal request is accepted but not delivered again."""
    if not call.number("enable_duplicate_check", 0):
        return ""
    interval = min(call.number("duplicate_check_interval", 1800), 4 * 3600)
    until, msgid = room.duplicates.get(fingerprint(call.body), (call.now, ""))
    if until > call.now:
        return msgid
    room.duplicates[fingerprint(call.body)] = (call.now + timedelta(seconds=interval), "")
    return ""


def _deliver(stage: Stage, call: Call, room: AppRoom, guides: list[Guide], msgid: str) -> Body:
    kind = call.text("msgtype")
    body = call.body[kind]
    sent = room.sent[msgid] = Sent(msgid, call.now, [])
    dropped = []
    for guide in guides:
        if not _within_rate(room, guide.userid, call.now.timestamp()):
            dropped.append(guide.userid)  # the platform says ok and delivers nothing
            continue
        card = _card(body) if kind == "template_card" else None
        delivery = Delivery(msgid, call.now, kind, body, card)
        guide.inbox.append(delivery)
        sent.deliveries.append(delivery)
        message = Message(call.now, "app", "app", guide.userid, text_of(kind, body), msgid=msgid)
        task = {"task_id": card.task_id} if card else {}
        stage.log_arrival(message, to=guide.userid, userid=guide.userid, status="sent", **task)
    if dropped:
        call.notes["dropped"] = dropped
    if room.duplicates.get(fingerprint(call.body)):
        room.duplicates[fingerprint(call.body)] = (
            room.duplicates[fingerprint(call.body)][0],
            msgid,
        )
    return _response_code(stage, room, sent)


def _response_code(stage: Stage, room: AppRoom, sent: Sent) -> Body:
    cards = [delivery.card for delivery in sent.deliveries if delivery.card]
    cards = [c for c in cards if c.card_type in INTERACTIVE or c.card.get("action_menu")]
    if not cards:
        return {}
    room.task_ids.add(cards[0].task_id)
    return {"response_code": new_code(stage, cards)}


def new_code(stage: Stage, cards: list[Card]) -> str:
    """Good for one update of these cards within 72 hours."""
    code = stage.world.names.make("", 40, "response-code", cards[0].task_id)
    stage.world.room(AppRoom).codes[code] = (stage.now() + CODE_LIFETIME, cards)
    return code


def _within_rate(room: AppRoom, userid: str, now: float) -> bool:
    recent = room.recent.setdefault(userid, deque())
    while recent and recent[0] <= now - 3600:
        recent.popleft()
    in_minute = sum(at > now - 60 for at in recent)
    if in_minute >= PER_MINUTE or len(recent) >= PER_HOUR:
        return False
    recent.append(now)
    return True


def _card(body: Body) -> Card:
    return Card(str(body.get("task_id", "")), body["card_type"], body)


def text_of(kind: str, body: dict[str, Any]) -> str:
    """What a person reads of it at a glance."""
    if kind == "template_card":
        title = body.get("main_title") or {}
        parts = [title.get("title"), title.get("desc"), body.get("sub_title_text")]
        return "\n".join(part for part in parts if part)
    if kind == "news":
        return "\n".join(article.get("title", "") for article in body.get("articles", []))
    text = str(body.get("content") or "").encode()[:CUT].decode(errors="ignore")
    return text or str(body.get("title") or f"[{kind}]")


@routes.post("/cgi-bin/message/update_template_card", empty={"invaliduser": []})
def update_card(stage: Stage, call: Call) -> Body:
    if call.number("agentid", 0) not in (0, calling_app(stage, call).agent_id):
        raise Refuse(301002)
    room = stage.world.room(AppRoom)
    until, cards = room.codes.get(call.text("response_code", missing=60140), (call.now, []))
    if until <= call.now:
        raise Refuse(60140)
    button, fresh = call.body.get("button"), call.body.get("template_card")
    if not button and not fresh:
        raise Refuse(40063, "button or template_card")
    del room.codes[call.text("response_code")]
    for card in cards:
        redraw(card, button=button, fresh=fresh)
    return {"invaliduser": []}


def redraw(card: Card, *, button: Body | None, fresh: Body | None) -> None:
    if fresh:
        card.card = card.card | fresh
        card.card_type = fresh.get("card_type", card.card_type)
    elif button:
        card.card = card.card | {"replaced": button.get("replace_name", "")}


@routes.post("/cgi-bin/message/recall")
def recall(stage: Stage, call: Call) -> None:
    sent = stage.world.room(AppRoom).sent.get(call.text("msgid"))
    if sent is None:
        raise Refuse(40058, "msgid")
    if sent.at < call.now - timedelta(hours=24):
        raise Refuse(42052)
    for delivery in sent.deliveries:
        delivery.recalled = True


@routes.post("/cgi-bin/message/get_statistics", empty={"statistics": []})
def statistics(stage: Stage, call: Call) -> Body:
    app = calling_app(stage, call)
    day = call.now.date() - timedelta(days=call.number("time_type", 0))
    count = sum(sent.at.date() == day for sent in stage.world.room(AppRoom).sent.values())
    return {"statistics": [{"agentid": app.agent_id, "app_name": app.name, "count": count}]}
