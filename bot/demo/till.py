"""Tills and the shop's order system: they redeem coupons by the API and report orders by signed webhook."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from bot.demo.agenda import Agenda
from bot.demo.cast import Person
from bot.demo.history import OrderSeen
from bot.demo.scene import Scene


@dataclass(slots=True)
class Till:
    scene: Scene
    agenda: Agenda
    api_key: str
    codes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Coupon codes as people saw them in their chats."""
    answers: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    extras: int = 0

    def remember(self, customer: str, code: str) -> None:
        if code not in self.codes[customer]:
            self.codes[customer].append(code)

    def plan_extra(self, person: Person, at: datetime, dice: Random) -> bool:
        """A purchase that the message brought about; none outside of opening hours."""
        self.extras += 1
        number = f"QHX{self.extras:06}"
        amount = dice.randrange(12000, 90000, 100)
        line = {
            "sku": "QH105",
            "name": "美利奴打底衫",
            "category": "羊毛针织",
            "quantity": 1,
            "amount_fen": amount,
        }
        order = OrderSeen(person.id, number, at, "paid", amount, (line,))
        local = at.astimezone(self.scene.settings.zone)
        if not 9 <= local.hour < 21:
            return False
        self.agenda.plan(at, self.selling(order, person, in_store=True))
        return True

    def selling(self, order: OrderSeen, person: Person, *, in_store: bool) -> Any:
        async def sell() -> None:
            code = await self._redeem(order, person) if in_store else None
            await self.report(order, person, in_store=in_store, codes=(code,) if code else ())

        return sell

    async def _redeem(self, order: OrderSeen, person: Person) -> str | None:
        """Try the codes she has seen, newest first, as a cashier would."""
        if order.kind != "paid":
            return None
        for code in reversed(self.codes[person.id]):
            body = {
                "store": person.store,
                "order_no": order.order_no,
                "amount_fen": order.amount_fen,
            }
            status = await self._post(
                f"/api/v1/coupons/{code}/redeem", body, key=f"{order.order_no}-{code}"
            )
            self.answers[status] += 1
            if status == 200:
                self.codes[person.id].remove(code)
                return code
        return None

    async def _post(self, path: str, body: dict[str, Any], *, key: str) -> int:
        headers = {"Authorization": f"Bearer {self.api_key}", "Idempotency-Key": key}
        async with self.scene.http.post(
            self.scene.web_url + path, json=body, headers=headers
        ) as answer:
            await answer.read()
            return answer.status

    async def report(
        self, order: OrderSeen, person: Person, *, in_store: bool, codes: Sequence[str] = ()
    ) -> None:
        """The order webhook, signed as Standard Webhooks asks."""
        buyer = {"buyer_id": person.id, "unionid": person.unionid}
        body = {
            "event_id": f"{order.order_no}-{order.kind}-{order.ref}",
            "kind": order.kind,
            "order_no": order.order_no,
            "at": order.at.isoformat(),
            "channel": "store" if in_store else "mall",
            "buyer": buyer,
            "amount_fen": order.amount_fen,
            "lines": list(order.lines),
            "coupon_codes": list(codes),
        }
        if in_store:
            body |= {"store": person.store, "guide": person.guide}
        if order.kind == "refunded":
            body["refund_no"] = f"R{order.order_no}-{order.ref}"
        await self._webhook(body)

    async def _webhook(self, body: dict[str, Any]) -> None:
        raw = json.dumps(body, ensure_ascii=False).encode()
        identifier, stamp = str(body["event_id"]), str(int(self.scene.now.timestamp()))
        secret = base64.b64decode(self.scene.settings.shop_webhook_secret.removeprefix("whsec_"))
        mac = hmac.new(secret, f"{identifier}.{stamp}.".encode() + raw, hashlib.sha256).digest()
        headers = {
            "webhook-id": identifier,
            "webhook-timestamp": stamp,
            "webhook-signature": "v1," + base64.b64encode(mac).decode(),
            "Content-Type": "application/json",
        }
        url = f"{self.scene.web_url}/api/v1/orders"
        async with self.scene.http.post(url, data=raw, headers=headers) as answer:
            if answer.status not in {200, 202}:
                raise RuntimeError(
                    f"order webhook answered {answer.status}: {await answer.text()}"
                )
