"""The account itself: codes, menus, quotas, sign-in, media."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from bot.calls.vocabulary import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateQrCode(Call):
    scene: str
    expire_seconds: int | None = None
    """None makes a permanent code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateMenu(Call):
    buttons: tuple[dict[str, Any], ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMenu(Call):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteMenu(Call):
    """With its conditional menus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddConditionalMenu(Call):
    """Shown to fans of a tag or a kind of phone before the menu of all; there must be one of all."""

    repeatable: ClassVar[bool] = False
    buttons: tuple[dict[str, Any], ...]
    tag_id: int | None = None
    platform: int | None = None
    """1 iOS, 2 Android, 3 others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteConditionalMenu(Call):
    menuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TryMenu(Call):
    """The menu that this fan sees."""

    openid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetOfficialQuota(Call):
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearOfficialQuota(Call):
    """10 times a month."""

    repeatable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GetOfficialRequest(Call):
    """What the platform knows of one request of ours, by the `rid` of its answer."""

    rid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetOAuthFan(Call):
    """Who came back from the consent page; with a profile when the page asked for one."""

    repeatable: ClassVar[bool] = False
    code: str
    with_profile: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GetOfficialJsTicket(Call):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class GetOfficialCallbackIps(Call):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class GetOfficialApiIps(Call):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadOfficialPicture(Call):
    """For the body of articles, by URL, for ever; named by our content path."""

    media: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadOfficialMedia(Call):
    """What a fan sent, within three days: `content` in base64, or `video_url`."""

    media_id: str
