"""Platform tokens in one row per account: sealed, and replaced only by the one who holds the lease."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from bot.domain.tokens import PlatformToken, Token
from bot.store.engine import Sessions, upsert
from bot.store.vault import Vault

_ABOUT = "platform_token.sealed"


class SqlTokens:
    def __init__(self, sessions: Sessions, vault: Vault) -> None:
        self._sessions = sessions
        self._vault = vault

    async def read(self, key: str) -> Token | None:
        async with self._sessions.reading() as session:
            row = await session.get(PlatformToken, key)
            if row is None or row.sealed is None or row.expires_at is None:
                return None
            value = self._vault.unseal(row.sealed, about=f"{_ABOUT}:{key}")
            return Token(row.version, value, row.expires_at)

    async def lead(
        self, key: str, failed_version: int, owner: str, now: float, seconds: float
    ) -> bool:
        """Compare-and-swap on the version that failed: a late failure never kills a newer token."""
        mine = (PlatformToken.refresher == owner) | (PlatformToken.lease_until <= now)
        claim = (
            update(PlatformToken)
            .where(PlatformToken.key == key, PlatformToken.version == failed_version, mine)
            .values(refresher=owner, lease_until=now + seconds)
            .returning(PlatformToken.key)
        )
        async with self._sessions.begin() as session:
            await session.execute(
                upsert(session, PlatformToken)
                .values(key=key, version=0, lease_until=0.0)
                .on_conflict_do_nothing()
            )
            return await session.scalar(claim) is not None

    async def write(self, key: str, version: int, value: str, expires_at: datetime) -> None:
        """Frees the lease; an older version never overwrites a newer one."""
        written = (
            update(PlatformToken)
            .where(PlatformToken.key == key, PlatformToken.version < version)
            .values(
                version=version,
                sealed=self._vault.seal(value, about=f"{_ABOUT}:{key}"),
                expires_at=expires_at,
                refresher=None,
                lease_until=0.0,
            )
        )
        async with self._sessions.begin() as session:
            await session.execute(written)
