"""Everything one running sandbox shares: handed to every API handler and every act."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.sandbox.callbacks import SHOP, Courier, OnReply, Parcel
from bot.sandbox.clock import Agenda, Clock
from bot.sandbox.envelope import Field, worded
from bot.sandbox.errors import Refuse
from bot.sandbox.faults import Faults
from bot.sandbox.log import Log
from bot.sandbox.names import digest
from bot.sandbox.world.entities import Customer, Follow, GroupChat, Guide, Message
from bot.sandbox.world.state import World


@dataclass(frozen=True)
class Options:
    """How a sandbox is started; port 0 means any free one."""

    port: int = 0
    official_port: int = 0
    world: Path | None = None
    faults: Path | None = None
    seed: int = 1
    callback_base: str = ""
    env_file: Path | None = None
    clock: datetime | None = None
    clock_file: Path | None = None
    log: Path | None = None
    callback_timeout: float = 5.0
    settings: dict[str, str] = field(default_factory=dict)  # go before the world file's


@dataclass
class Stage:
    options: Options
    world: World
    clock: Clock
    agenda: Agenda
    log: Log
    faults: Faults
    courier: Courier
    base_url: str = ""
    official_base_url: str = ""
    shop_secret: str = ""

    def now(self) -> datetime:
        return self.clock.now()

    def guide(self, userid: str) -> Guide:
        guide = self.world.guides.get(userid)
        if guide is None or guide.resigned:
            raise Refuse(40003, f"userid {userid}")
        return guide

    def external(self, external_userid: str) -> Customer:
        customer = self.world.by_external.get(external_userid)
        if customer is None:
            raise Refuse(40096, f"external_userid {external_userid}")
        return customer

    def follow(self, userid: str, external_userid: str) -> Follow:
        guide = self.guide(userid)
        self.external(external_userid)
        tie = guide.follows.get(external_userid)
        if tie is None:
            raise Refuse(84061, f"{userid} and {external_userid}")
        return tie

    def wecom_event(
        self,
        event: str,
        fields: list[Field],
        *,
        facts: dict[str, Any],
        key: str,
        sender: str = "sys",
        on_reply: OnReply | None = None,
    ) -> None:
        """Calls the corp's app back, as the platform does for what people do, never for API calls."""
        head: list[Field] = [("ToUserName", self.world.corp.corp_id)]
        if sender:
            head.append(("FromUserName", sender))
        head += [("CreateTime", self.clock.timestamp()), ("MsgType", "event"), ("Event", event)]
        change = next((value for name, value in fields if name == "ChangeType"), "")
        name = f"{event}.{change}" if change else event
        form = self.world.settings.wecom_format
        plain = worded(head + fields, form)
        self.courier.post(Parcel("wecom", name, facts, plain, key, form, on_reply=on_reply))

    def official_push(
        self,
        customer: Customer,
        fields: list[Field],
        *,
        name: str,
        on_reply: OnReply | None = None,
    ) -> None:
        openid = customer.fan.openid if customer.fan else ""
        head: list[Field] = [
            ("ToUserName", self.world.official.original_id),
            ("FromUserName", openid),
            ("CreateTime", self.clock.timestamp()),
        ]
        form = self.world.settings.official_format
        plain, facts = worded(head + fields, form), {"openid": openid}
        self.courier.post(Parcel("official", name, facts, plain, openid, form, on_reply=on_reply))

    def official_word(self, fields: list[Field], *, name: str) -> None:
        """A push about the account itself; its sender is whoever operates it."""
        operator = "o" + digest("operator", self.world.official.app_id).hex()[:27]
        head: list[Field] = [
            ("ToUserName", self.world.official.original_id),
            ("FromUserName", operator),
            ("CreateTime", self.clock.timestamp()),
        ]
        form = self.world.settings.official_format
        facts = {"openid": operator}
        plain = worded(head + fields, form)
        self.courier.post(Parcel("official", name, facts, plain, operator, form))

    def shop_event(self, order: dict[str, Any], *, of: str) -> None:
        """The shop's system tells of an order, as a callback is told of: signed, repeated, spoilt on request."""
        plain = json.dumps(order, ensure_ascii=False)
        facts = {"event_id": order["event_id"], "order_no": order["order_no"]}
        self.courier.post(Parcel(SHOP, f"order.{order['kind']}", facts, plain, of, "json"))

    def arrive(self, customer: Customer, message: Message, **facts: Any) -> None:
        """A message reaches a customer: into her conversation and into the log."""
        customer.conversation.append(message)
        self.log_arrival(message, to=customer.id, **facts)

    def log_arrival(self, message: Message, *, to: str, **facts: Any) -> None:
        self.log.write(
            "arrival",
            channel=facts.pop("channel", message.channel),
            to=to,
            sender=message.sender,
            text=message.text,
            attachments=message.attachments,
            msgid=message.msgid,
            **facts,
        )

    def group_message(self, group: GroupChat, message: Message) -> None:
        group.messages.append(message)
        externals = (self.world.by_external.get(member) for member in group.members)
        recipients = [customer.id for customer in externals if customer]
        self.log_arrival(
            message,
            to=group.chat_id,
            channel="group_mass" if message.msgid else "group",
            chat_id=group.chat_id,
            recipients=recipients,
            status="sent",
        )
