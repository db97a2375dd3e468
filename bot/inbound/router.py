"""Which handler hears which event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.events import Event
from bot.inbound.turn import Answer, Reply, Turn

E = TypeVar("E", bound=Event)
Result = Reply | Answer | None
Handler = Callable[[E, Turn], Awaitable[Result]]


@dataclass(frozen=True, slots=True)
class Route:
    handler: Handler[Any]
    when: Callable[[Any], bool] | None


class Router:
    """The handlers of one concern. An event is heard by the first that matches, here;
    the same event may also be heard by other routers, each for its own concern."""

    def __init__(self) -> None:
        self.routes: dict[type[Event], list[Route]] = {}

    def on(
        self, event_type: type[E], *, when: Callable[[E], bool] | None = None
    ) -> Callable[[Handler[E]], Handler[E]]:
        def register(handler: Handler[E]) -> Handler[E]:
            self.routes.setdefault(event_type, []).append(Route(handler, when))
            return handler

        return register

    def match(self, event: Event) -> Handler[Any] | None:
        for route in self.routes.get(type(event), ()):
            if route.when is None or route.when(event):
                return route.handler
        return None
