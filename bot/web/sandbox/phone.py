"""Her phone: the lines of one conversation as bubbles, with the coupons, cards and menus that hang on them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from bot.domain.offers import Coupon, Offer, in_words, last_day_words, yuan

URL = re.compile(r"https?://[^\s，。；）]+")
CHANNELS = ("kf", "official", "wecom")
GROUP = "group:"
QUIET_GAP = timedelta(minutes=5)
UNTOLD = "点开看看"
PLACES = {
    "/h5": ("我的卡包", "券码、积分和等级"),
    "/h5/preferences": ("消息偏好", "想收什么、多久一次，由你定"),
    "/h5/contact": ("找客服", "查券、积分、退换货"),
}


@dataclass(frozen=True, slots=True)
class Ticket:
    code: str
    worth: str
    """What it takes off, in one or two characters and a unit."""
    unit: str
    title: str
    until: str


@dataclass(frozen=True, slots=True)
class Card:
    title: str
    about: str
    url: str
    join: bool = False
    """A picture with a code that leads into a group chat."""


@dataclass(frozen=True, slots=True)
class Bubble:
    mine: bool
    at: datetime
    text: str
    time: bool
    """A line with the moment stands above it."""
    menu: tuple[tuple[str, str], ...] = ()
    tickets: tuple[Ticket, ...] = ()
    cards: tuple[Card, ...] = ()
    sender: str = ""
    """Whose line it is, in a group."""


def is_group(channel: str) -> bool:
    return channel.startswith(GROUP)


def chat_of(channel: str) -> str:
    return channel.removeprefix(GROUP)


def _is_here(line: Mapping[str, Any], channel: str) -> bool:
    if is_group(channel):
        return line["channel"] == "group" and str(line["to"]) == chat_of(channel)
    return bool(line["channel"] == channel)


def bubbles(
    view: Mapping[str, Any],
    channel: str,
    coupons: Iterable[tuple[Coupon, Offer]],
    short: Mapping[str, str] | None = None,
) -> list[Bubble]:
    """`short`: where short links lead."""
    known = {coupon.code: (coupon, offer) for coupon, offer in coupons}
    told: list[Bubble] = []
    for line in view.get("conversation", ()):
        if not _is_here(line, channel):
            continue
        at = datetime.fromisoformat(line["t"])
        late = not told or at - told[-1].at > QUIET_GAP
        bubble = _bubble(line, at, late, mine=line["from"] == view["id"], known=known)
        cards = tuple(_place(card, (short or {}).get(card.url)) for card in bubble.cards)
        told.append(replace(bubble, cards=cards))
    return told


def addresses(view: Mapping[str, Any]) -> set[str]:
    """Every link in her conversations."""
    lines = view.get("conversation", ())
    found = {url for line in lines for url in URL.findall(line["text"])}
    return found | {card.url for line in lines for card in _attached(line["attachments"])}


def _place(card: Card, target: str | None) -> Card:
    """A short link looks like the page that it opens."""
    if target is None:
        return card
    shown = _card(target)
    titled = shown if card.title == UNTOLD else replace(card, join=shown.join)
    return replace(titled, url=card.url)


def _bubble(
    line: Mapping[str, Any],
    at: datetime,
    time: bool,  # noqa: FBT001
    *,
    mine: bool,
    known: Mapping[str, tuple[Coupon, Offer]],
) -> Bubble:
    text, menu = line["text"], _menu(line["attachments"])
    if menu:
        text = _head(line["attachments"])
    cards = [*_attached(line["attachments"]), *_links(text)]
    return Bubble(
        mine,
        at,
        text if mine else _without_links(text),
        time,
        menu,
        tuple(_ticket(*pair) for code, pair in known.items() if not mine and code in text),
        tuple({card.url: card for card in cards}.values()) if not mine else (),
        str(line["from"]),
    )


def _without_links(text: str) -> str:
    """Links hang below a bubble as cards; what they leave behind closes up."""
    plain = URL.sub("", text).replace("：\n", "\n")
    return re.sub(r"\n\s*\n+", "\n\n", plain).strip("： \n")


def _menu(attachments: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Id and words of each choice."""
    return tuple(
        (item["click"]["id"], item["click"]["content"])
        for one in attachments
        if one.get("msgtype") == "msgmenu"
        for item in one["msgmenu"].get("list", ())
        if item.get("type") == "click"
    )


def _head(attachments: Iterable[Mapping[str, Any]]) -> str:
    return next(
        str(one["msgmenu"].get("head_content", ""))
        for one in attachments
        if one.get("msgtype") == "msgmenu"
    )


def _attached(attachments: Iterable[Mapping[str, Any]]) -> list[Card]:
    return [
        Card(one["link"]["title"], one["link"].get("desc", ""), one["link"]["url"])
        for one in attachments
        if one.get("msgtype") == "link"
    ]


def _links(text: str) -> list[Card]:
    return [_card(url) for url in URL.findall(text)]


def _card(url: str) -> Card:
    path = urlsplit(url).path.rstrip("/")
    if path.startswith(("/qr/", "/join/")) or "/qr/" in path:
        return Card("进群二维码", "扫一下就进群", url, join=True)
    title, about = PLACES.get(path, (UNTOLD, path or url))
    return Card(title, about, url)


def _ticket(coupon: Coupon, offer: Offer) -> Ticket:
    worth, unit = _worth(offer)
    until = f"{last_day_words(coupon.expires_at)}前有效"
    return Ticket(coupon.code, worth, unit, f"{offer.name} · {in_words(offer)}", until)


def _worth(offer: Offer) -> tuple[str, str]:
    if offer.kind == "amount":
        return yuan(offer.value), "元"
    if offer.kind == "percent":
        return f"{(100 - offer.value) / 10:g}", "折"
    return "礼", ""
