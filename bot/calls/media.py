"""Pictures and files, to WeCom and back. What we send is named by our content path and uploaded on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.calls.vocabulary import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadPicture(Call):
    """A picture that stays for ever, by URL: for cards that take no media_id. 1000 a day, 3000 a month."""

    media: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadMedia(Call):
    """What somebody sent us, within three days: `content` in base64, `content_type`, `filename`."""

    media_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadFromUrl(Call):
    """Up to 200 MB, fetched by the platform itself; the event or `GetUploadFromUrl` tells its media_id."""

    repeatable: ClassVar[bool] = False
    kind: str
    url: str
    filename: str
    md5: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetUploadFromUrl(Call):
    jobid: str
