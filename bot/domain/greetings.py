"""Which first words fit: the most exact match of where she came from."""

from __future__ import annotations

from bot.domain.playbooks import Greeting, PlaybookSpec


def greeting_for(spec: PlaybookSpec, channel: str, state: str | None) -> Greeting | None:
    """An exact state wins over a beginning, a longer beginning over a shorter one, those over the default."""
    fitting = [
        (_fit(pattern, state), greeting)
        for greeting in spec.greetings
        if greeting.channel == channel
        for pattern in (greeting.states or ("*",))
        if _fit(pattern, state) >= 0
    ]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def _fit(pattern: str, state: str | None) -> int:
    """How exactly a pattern fits; -1 when it does not."""
    said = state or ""
    if pattern.endswith("*"):
        beginning = pattern[:-1]
        return len(beginning) if said.startswith(beginning) else -1
    return 1000 if said == pattern else -1
