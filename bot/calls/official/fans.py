"""Fans, their remarks and tags."""

from __future__ import annotations

from dataclasses import dataclass

from bot.calls.vocabulary import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class GetFan(Call):
    openid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFans(Call):
    next_openid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GetFans(Call):
    openids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemarkFan(Call):
    openid: str
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateFanTag(Call):
    """Repeating it is harmless: an existing name is refused."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFanTags(Call):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameFanTag(Call):
    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteFanTag(Call):
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTaggedFans(Call):
    tagid: int
    next_openid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagFans(Call):
    openids: tuple[str, ...]
    tagid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UntagFans(Call):
    openids: tuple[str, ...]
    tagid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GetFanTags(Call):
    openid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListBlockedFans(Call):
    begin_openid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockFans(Call):
    openids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnblockFans(Call):
    openids: tuple[str, ...]
