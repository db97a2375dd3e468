"""People's data as others may see it: enough to recognise somebody in front of you, not to find her."""

from __future__ import annotations


def name(written: str) -> str:
    """林小满 → 林**; nobody's name is 顾客."""
    return f"{written[0]}{'*' * min(len(written) - 1, 2)}" if written else "顾客"


def phone(written: str) -> str:
    """13800006021 → 138****6021; a short number shows its end alone."""
    if len(written) < 8:
        return "*" * max(len(written) - 2, 0) + written[-2:]
    return f"{written[:3]}****{written[-4:]}"
