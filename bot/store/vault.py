"""People's data at rest: AES-GCM under a key per person, wrapped by a key that never enters the database."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Select, event, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction

from bot.domain.customers import Secret
from bot.store import bulk
from bot.store.engine import dialect_of
from bot.store.together import together

VERSION = b"\x01"
READ = "siyu_keys_read"
"""Whose keys a session has read: another process may have made, or erased, what this one remembers."""


@event.listens_for(Session, "after_soft_rollback")
def _unread(session: Session, _rolled_back: SessionTransaction) -> None:
    session.info.pop(READ, None)


@lru_cache
def _keys(dialect: str) -> Select[int, bytes]:
    """Nearly every event asks for somebody's: built once."""
    whose = bulk.among(dialect, Secret.customer_id, "whose")
    return select(Secret.customer_id, Secret.wrapped_key).where(whose)


class Vault:
    """Seals and opens. `about` names the column and is bound in, so that no value can be moved to another."""

    def __init__(self, secret: bytes) -> None:
        self._wrapping = AESGCM(_derive(secret, b"wrap"))
        self._house = AESGCM(_derive(secret, b"house"))
        self._index = _derive(secret, b"index")
        self._signing = _derive(secret, b"sign")
        self._known: dict[int, AESGCM] = {}

    def seal(self, text: str | bytes, *, about: str) -> bytes:
        """Under the house key: for what belongs to no known person yet."""
        return _seal(self._house, text, about)

    def unseal(self, sealed: bytes, *, about: str) -> str:
        return _unseal(self._house, sealed, about)

    def unseal_bytes(self, sealed: bytes, *, about: str) -> bytes:
        return self._house.decrypt(sealed[1:13], sealed[13:], about.encode())

    def blind(self, value: str, *, about: str = "phone") -> str:
        """A keyed hash to look a value up by equality without keeping it."""
        return self.sign(f"{about}:{value}", key=self._index)

    def sign(self, text: str, *, key: bytes | None = None) -> str:
        return hmac.digest(key or self._signing, text.encode(), "sha256").hex()

    def new_key(self, customer_id: int) -> bytes:
        """A wrapped key for a new person, to be stored as `Secret.wrapped_key`.
        It is learnt only by reading it back: a key that was rolled back must seal nothing."""
        key = AESGCM.generate_key(bit_length=256)
        nonce = os.urandom(12)
        return VERSION + nonce + self._wrapping.encrypt(nonce, key, _person(customer_id))

    def forget(self, customer_id: int) -> None:
        self._known.pop(customer_id, None)

    async def load_keys(self, session: AsyncSession, customer_ids: Iterable[int]) -> None:
        """Make the keys of these people known, as this transaction sees them, creating those that are missing."""
        read: set[int] = session.info.setdefault(READ, set())
        missing = {i for i in customer_ids if i not in read or i not in self._known}
        if missing:
            await together(session, self._load_all, missing)

    async def _load_all(
        self, session: AsyncSession, asked: Sequence[set[int]]
    ) -> Sequence[set[int]]:
        missing = sorted(set().union(*asked))
        for start in range(0, len(missing), 500):
            await self._load(session, missing[start : start + 500])
        return asked

    async def _load(self, session: AsyncSession, ids: list[int]) -> None:
        found = await self._read(session, ids)
        new = [i for i in ids if i not in found]
        if not new:
            return
        keys: dict[str, list[Any]] = {
            "customer_id": new,
            "wrapped_key": [self.new_key(i) for i in new],
        }
        await bulk.append(session, Secret, keys)
        await self._read(session, new)

    async def _read(self, session: AsyncSession, ids: list[int]) -> set[int]:
        rows = await session.execute(_keys(dialect_of(session)), {"whose": ids})
        found = set()
        for customer_id, wrapped in rows:
            self.learn(customer_id, wrapped)
            found.add(customer_id)
        session.info[READ] |= found
        return found

    def learn(self, customer_id: int, wrapped: bytes) -> None:
        key = self._wrapping.decrypt(wrapped[1:13], wrapped[13:], _person(customer_id))
        self._known[customer_id] = AESGCM(key)

    def seal_known(self, customer_id: int, text: str, *, about: str) -> bytes:
        """Like `seal_for`, for a person whose key `load_keys` made known."""
        return _seal(self._known[customer_id], text, about)

    def unseal_known(self, customer_id: int, sealed: bytes, *, about: str) -> str:
        return _unseal(self._known[customer_id], sealed, about)

    async def seal_for(
        self, session: AsyncSession, customer_id: int, text: str, *, about: str
    ) -> bytes:
        await self.load_keys(session, [customer_id])
        return self.seal_known(customer_id, text, about=about)

    async def unseal_for(
        self, session: AsyncSession, customer_id: int, sealed: bytes, *, about: str
    ) -> str:
        await self.load_keys(session, [customer_id])
        return self.unseal_known(customer_id, sealed, about=about)


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"siyu/" + purpose).derive(secret)


def _person(customer_id: int) -> bytes:
    return f"secret.wrapped_key|{customer_id}".encode()


def _seal(cipher: AESGCM, text: str | bytes, about: str) -> bytes:
    plain = text.encode() if isinstance(text, str) else text
    nonce = os.urandom(12)
    return VERSION + nonce + cipher.encrypt(nonce, plain, about.encode())


def _unseal(cipher: AESGCM, sealed: bytes, about: str) -> str:
    return cipher.decrypt(sealed[1:13], sealed[13:], about.encode()).decode()
