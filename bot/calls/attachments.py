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
    media: str = ""
    """A cover, where the platform takes no URL: 微信客服 and moments."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoCard:
    kind: Literal["video"] = "video"
    media: str
    title: str = ""
    description: str = ""
    cover: str = ""
    """For the Official Account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceCard:
    kind: Literal["voice"] = "voice"
    media: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceCard:
    kind: Literal["location"] = "location"
    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideCard:
    """The business card of a guide, whom the customer may then add."""

    kind: Literal["business_card"] = "business_card"
    userid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionCard:
    """The sanctioned way from 微信客服 to a friend: an acquisition link of our app."""

    kind: Literal["ca_link"] = "ca_link"
    link_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleCard:
    """A published article of the Official Account."""

    kind: Literal["mpnewsarticle"] = "mpnewsarticle"
    article_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MusicCard:
    kind: Literal["music"] = "music"
    url: str
    better_url: str
    cover: str
    title: str = ""
    description: str = ""


Card = LinkCard | ImageCard | MiniProgramCard | FileCard
"""What a person may hang on a message, whichever way it takes."""
Attachment = Card | VideoCard
"""What a guide's message may carry."""
MediaCard = ImageCard | VoiceCard | VideoCard | FileCard
KfCard = Attachment | VoiceCard | PlaceCard | GuideCard | AcquisitionCard
FanCard = ImageCard | VoiceCard | VideoCard | MusicCard | MiniProgramCard | ArticleCard


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuItem:
    """One tappable line of a kf or Official Account menu message."""

    id: str
    text: str
    url: str | None = None
