"""Segments that come with the program, by the names that playbooks use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from bot.domain.playbooks import Key, PlaybookSpec


class SegmentSpec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Key
    name: str = Field(min_length=2, max_length=20)
    rule: dict[str, Any]


def looked_up(spec: PlaybookSpec, segments: Mapping[str, SegmentSpec]) -> PlaybookSpec:
    """The same playbook with every segment's name replaced by its rule. Raises KeyError."""
    written = spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return PlaybookSpec.model_validate(_replaced(written, segments))


def _replaced(data: Any, segments: Mapping[str, SegmentSpec]) -> Any:
    if isinstance(data, list):
        return [_replaced(item, segments) for item in data]
    if not isinstance(data, dict):
        return data
    return {
        key: segments[value].rule
        if key in RULE_KEYS and isinstance(value, str)
        else _replaced(value, segments)
        for key, value in data.items()
    }


RULE_KEYS = frozenset({"segment", "exit", "goal", "if"})
"""Where a playbook writes a rule, or the name of one."""
