"""Pictures that people send us: what they are, and only the picture of them: no place, no camera, no date."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from bot.domain.refusals import Refusal

LARGEST = 900_000
_PNG = b"\x89PNG\r\n\x1a\n"
_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"gAMA", b"sRGB"}
_START_OF_SCAN, _END = 0xDA, 0xD9


class Picture(NamedTuple):
    kind: str
    """image/jpeg or image/png."""
    bare: bytes

    @property
    def digest(self) -> str:
        """The same for two copies that differ in what a camera wrote beside the picture."""
        return hashlib.sha256(self.bare).hexdigest()


def read_picture(data: bytes) -> Picture:
    """Raises Refusal bad_picture or too_large."""
    if len(data) > LARGEST:
        raise Refusal("too_large", "图片太大，请换一张 900 KB 以内的", status=413)
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return Picture("image/jpeg", _bare_jpeg(data))
        if data.startswith(_PNG):
            return Picture("image/png", _bare_png(data))
    except (IndexError, ValueError):
        pass
    raise Refusal("bad_picture", "只收 JPEG 或 PNG 图片", status=422)


def _bare_jpeg(data: bytes) -> bytes:
    """Without the segments in which cameras write where and when (APP1 and up, COM)."""
    kept, at = [data[:2]], 2
    while True:
        if data[at] != 0xFF:
            raise ValueError("no marker")
        marker = data[at + 1]
        if marker in (_START_OF_SCAN, _END):
            return b"".join([*kept, data[at:]])
        size = 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if size < 4:
            raise ValueError("an empty segment")
        if not (0xE1 <= marker <= 0xEF or marker == 0xFE):
            kept.append(data[at : at + size])
        at += size


def _bare_png(data: bytes) -> bytes:
    """Only the chunks that make the picture."""
    kept, at = [data[:8]], 8
    while at < len(data):
        size = 12 + int.from_bytes(data[at : at + 4], "big")
        kind, chunk = data[at + 4 : at + 8], data[at : at + size]
        if len(chunk) < size:
            raise ValueError("cut short")
        if kind in _KEPT:
            kept.append(chunk)
        at += size
        if kind == b"IEND":
            return b"".join(kept)
    raise ValueError("no end")
