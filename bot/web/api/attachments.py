"""What may hang on a campaign's messages, as a program says it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bot.web.api.bodies import Strict, Word

Address = Annotated[str, Field(min_length=1, max_length=2048)]


class LinkIn(Strict):
    kind: Literal["link"]
    title: Annotated[str, Field(min_length=1, max_length=128)]
    url: Address
    description: Annotated[str, Field(max_length=512)] = ""
    media: Annotated[str, Field(max_length=200)] = ""
    """Its cover, a picture of the media folder; without one 微信客服 carries the link in the words."""


class ImageIn(Strict):
    kind: Literal["image"]
    media: Word
    """A file of the media folder."""


class MiniProgramIn(Strict):
    kind: Literal["miniprogram"]
    title: Annotated[str, Field(min_length=1, max_length=64)]
    appid: Word
    page: Address
    media: Word
    """Its cover, a picture of the media folder."""


class FileIn(Strict):
    kind: Literal["file"]
    media: Word


AttachmentIn = Annotated[LinkIn | ImageIn | MiniProgramIn | FileIn, Field(discriminator="kind")]
