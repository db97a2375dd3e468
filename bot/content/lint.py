"""Words that the platforms punish or the law forbids, each with the reason."""

from __future__ import annotations

import re
from functools import cached_property

from pydantic import BaseModel, ConfigDict, field_validator

from bot.tongue import _


class WordGroup(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    why: str
    patterns: tuple[str, ...]
    except_for: tuple[str, ...] = ()
    """Harmless phrases that contain such a word."""

    @field_validator("patterns")
    @classmethod
    def _readable(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(
                    _(
                        "「%(pattern)s」写法不对：%(error)s — 特殊符号前加反斜杠",
                        pattern=pattern,
                        error=error,
                    )
                ) from None
        return patterns

    @cached_property
    def search(self) -> re.Pattern[str]:
        return re.compile("|".join(f"(?:{pattern})" for pattern in self.patterns), re.IGNORECASE)


class Lint(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    groups: tuple[WordGroup, ...] = ()

    def check(self, text: str) -> list[str]:
        """One sentence for each word that must go; empty when the text may be sent."""
        return [said for group in self.groups if (said := _said(group, text))]


def _said(group: WordGroup, text: str) -> str | None:
    for phrase in group.except_for:
        text = text.replace(phrase, "□")
    words = sorted({found.group(0) for found in group.search.finditer(text)})
    return (
        _(
            "「%(words)s」是%(name)s：%(why)s",
            words="」「".join(words),
            name=group.name,
            why=group.why,
        )
        if words
        else None
    )
