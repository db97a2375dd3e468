"""What may hang on a message. Media are named by our content path; the platform client uploads and renews them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCard:
    kind: Literal["link"] = "link"
    title: str
    url: str
    description: str = ""
    picture_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageCard:
    kind: Literal["image"] = "image"
    media: str = ""
    picture_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MiniProgramCard:
    kind: Literal["miniprogram"] = "miniprogram"
    title: str
    appid: str
    page: str
    media: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCard:
    kind: Literal["file"] = "file"
    media: str


Attachment = LinkCard | ImageCard | MiniProgramCard | FileCard


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuItem:
    """One tappable line of a kf or Official Account menu message."""

    id: str
    text: str
    url: str | None = None
