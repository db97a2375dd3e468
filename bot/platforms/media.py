"""Media are named by our content path; the platform knows them by an id that lives three days."""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from bot.calls import Outcome, Refused, Sent, TryLater
from bot.clock import Clock

Load = Callable[[str], bytes]
UploadMedia = Callable[[str, str, bytes], Awaitable[Outcome]]
"""Kind, file name and content, to an answer with `media_id`."""

_BAD_MEDIA = 40007
_LIFE = timedelta(days=3) - timedelta(hours=1)


class MediaIds:
    def __init__(self, load: Load, upload: UploadMedia, clock: Clock) -> None:
        self._load = load
        self._upload = upload
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[str, datetime]] = {}
        self._busy: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def ids(self, kinds: Mapping[str, str]) -> dict[str, str] | Outcome:
        """media_id by content path for each path and its kind, or why one of them cannot be had."""
        found = {}
        for name, kind in kinds.items():
            became = await self._id(name, kind)
            if not isinstance(became, str):
                return became
            found[name] = became
        return found

    async def spoken(
        self,
        kinds: Mapping[str, str],
        ask: Callable[[Mapping[str, str]], Awaitable[Outcome]],
    ) -> Outcome:
        """What becomes of asking with these ids. An id may die before its three days: the refused call was not
        done, so once more, with new ones, is safe."""
        became: Outcome = TryLater()
        for _ in range(2):
            found = await self.ids(kinds)
            if not isinstance(found, dict):
                return found
            became = await ask(found)
            if not (found and isinstance(became, Refused) and became.code == _BAD_MEDIA):
                break
            self._forget(found)
        return became

    def _forget(self, media_ids: Mapping[str, str]) -> None:
        """The platform no longer knows these."""
        gone = set(media_ids.values())
        self._known = {key: known for key, known in self._known.items() if known[0] not in gone}

    async def contents(self, names: Iterable[str]) -> dict[str, bytes] | Refused:
        """What lies behind these content paths, or which of them cannot be read."""
        found = {}
        for name in names:
            try:
                found[name] = await asyncio.to_thread(self._load, name)
            except (OSError, LookupError):
                return Refused(0, "bad_media", name)
        return found

    async def _id(self, name: str, kind: str) -> str | Outcome:
        read = await self.contents([name])
        if isinstance(read, Refused):
            return read
        content = read[name]
        key = (kind, hashlib.sha256(content).hexdigest())
        async with self._busy[key]:
            known = self._known.get(key)
            if known and self._clock.now() < known[1]:
                return known[0]
            return await self._uploaded(key, PurePosixPath(name).name, content)

    async def _uploaded(
        self, key: tuple[str, str], filename: str, content: bytes
    ) -> str | Outcome:
        became = await self._upload(key[0], filename, content)
        if not isinstance(became, Sent):
            return became
        # The Official Account names what it keeps as a thumb otherwise.
        media_id = became.answer.get("media_id") or became.answer.get("thumb_media_id")
        if not isinstance(media_id, str) or not media_id:
            return TryLater(0, "lost")
        self._known[key] = (media_id, self._clock.now() + _LIFE)
        return media_id
