"""What the outcome of a call changes, written in the transaction that settles the debt."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar, Unpack

from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import Call, Outcome
from bot.content import Content
from bot.store import outbox
from bot.store.outbox import Claimed, Debt, Terms
from bot.store.vault import Vault


@dataclass(slots=True)
class Settling:
    session: AsyncSession
    now: datetime
    vault: Vault
    content: Content

    async def owe(self, call: Call, *, effect: str, **terms: Unpack[Terms]) -> int | None:
        return await outbox.owe(
            self.session, self.vault, call, effect=effect, now=self.now, **terms
        )

    async def owe_many(self, debts: Sequence[Debt]) -> None:
        await outbox.owe_many(self.session, self.vault, debts, now=self.now)


class Told(NamedTuple):
    """One call that was made, or refused by our own last look, and what became of it."""

    call: Call
    outcome: Outcome
    owed: Claimed


C = TypeVar("C", bound=Call)
Settler = Callable[[C, Outcome, Claimed, Settling], Awaitable[None]]
SettlerOfMany = Callable[[Sequence[Told], Settling], Awaitable[None]]


class SettledRegistry:
    """Keyed by the class of the call. Heard for final outcomes only: sent, refused, unclear."""

    def __init__(self) -> None:
        self._settlers: dict[type[Call], list[Settler[Any]]] = {}
        self._of_many: dict[type[Call], list[SettlerOfMany]] = {}

    def on(self, call_type: type[C]) -> Callable[[Settler[C]], Settler[C]]:
        def register(settler: Settler[C]) -> Settler[C]:
            self._settlers.setdefault(call_type, []).append(settler)
            return settler

        return register

    def on_many(self, *call_types: type[Call]) -> Callable[[SettlerOfMany], SettlerOfMany]:
        """For calls that are made by the thousand: everything of one round is heard at once."""

        def register(settler: SettlerOfMany) -> SettlerOfMany:
            for call_type in call_types:
                self._of_many.setdefault(call_type, []).append(settler)
            return settler

        return register

    async def tell(self, told: Sequence[Told], settling: Settling) -> None:
        for kind in dict.fromkeys(type(one.call) for one in told):
            alike = [one for one in told if type(one.call) is kind]
            for of_many in self._of_many.get(kind, ()):
                await of_many(alike, settling)
            for settler in self._settlers.get(kind, ()):
                for one in alike:
                    await settler(*one, settling)


settled = SettledRegistry()
