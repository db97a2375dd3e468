"""Files of people's data lie on a disk only sealed: in pieces, each bound to its place, the last known as the last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

from cryptography.exceptions import InvalidTag

from bot.store.vault import Vault

PIECE = 1 << 20
LENGTH = 4


class Torn(Exception):
    """A piece is missing, or stands where it was not written."""


class Sealing:
    """Written while it comes; `about` says what it is, and opens nothing else."""

    def __init__(self, path: Path, vault: Vault, *, about: str, head: bytes = b"") -> None:
        """`head` is a line that stands before it in clear."""
        self._path, self._vault, self._about, self._head = path, vault, about, head
        self._unfinished = path.with_name(f"{path.name}.part")
        self._number, self._held = 0, bytearray()

    def write(self, said: bytes) -> None:
        self._held += said
        while len(self._held) > PIECE:
            self._put(bytes(self._held[:PIECE]), last=False)
            del self._held[:PIECE]

    def _put(self, piece: bytes, *, last: bool) -> None:
        sealed = self._vault.seal(piece, about=_place(self._about, self._number, last=last))
        self._stream.write(len(sealed).to_bytes(LENGTH, "big") + sealed)
        self._number += 1

    def __enter__(self) -> Sealing:
        self._unfinished.touch(mode=0o600)
        self._stream: IO[bytes] = self._unfinished.open("wb")
        self._stream.write(self._head)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Whole, or not at all: whoever reads meanwhile finds what stood there before."""
        if kind is None:
            self._put(bytes(self._held), last=True)
        self._stream.close()
        if kind is None:
            self._unfinished.replace(self._path)
        else:
            self._unfinished.unlink(missing_ok=True)


def pieces(path: Path, vault: Vault, *, about: str, headed: bool = False) -> Iterator[bytes]:
    """What was written, in order. Raises Torn."""
    with path.open("rb") as stream:
        if headed:
            stream.readline()
        number, following = 0, _next(stream)
        while following:
            sealed, following = following, _next(stream)
            place = _place(about, number, last=not following)
            try:
                yield vault.unseal_bytes(sealed, about=place)
            except InvalidTag:
                raise Torn(path.name) from None
            number += 1
    if not number:
        raise Torn(path.name)


def _next(stream: IO[bytes]) -> bytes:
    length = int.from_bytes(stream.read(LENGTH), "big")
    sealed = stream.read(length)
    if len(sealed) < length:
        raise Torn(stream.name)
    return sealed


def _place(about: str, number: int, *, last: bool) -> str:
    return f"{about}|{number}|{'last' if last else 'more'}"
