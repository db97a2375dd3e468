"""People who sign in, their sessions, and the keys of programs."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import ApiKey, StaffUser, WebSession
from bot.domain.customers import Guide, Store
from bot.domain.refusals import Refusal
from bot.events.commands import Actor
from bot.tongue import _

_hasher = PasswordHasher()
SHORT = 12
OUTSIDERS = frozenset({"guide", "customer"})
"""Whose names are other things than names of users."""


@cache
def _nobody() -> str:
    """Checked against when there is no such user, so that the time taken tells nothing."""
    return _hasher.hash(secrets.token_hex(16))


def fingerprint(token: str) -> str:
    """What is kept of a secret that need not be said again."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def hashed(password: str, *, salt: bytes | None = None) -> str:
    return _hasher.hash(password, salt=salt)


async def add_user(
    session: AsyncSession,
    *,
    name: str,
    role: str,
    store: str | None,
    password: str | None,
    now: datetime,
    userid: str | None = None,
) -> StaffUser:
    """Without a password she signs in through WeCom only."""
    store_id = None
    if store is not None:
        store_id = await session.scalar(select(Store.id).where(Store.code == store))
        if store_id is None:
            raise Refusal(
                "no_such_store", _("没有代码为 %(store)s 的门店", store=store), status=422
            )
    user = StaffUser(
        name=name,
        role=role,
        store_id=store_id,
        password_hash=None if password is None else _hasher.hash(password),
        userid=userid,
        active=True,
        created_at=now,
    )
    session.add(user)
    await session.flush()
    return user


async def users(session: AsyncSession) -> int:
    return (await session.scalar(select(func.count()).select_from(StaffUser))) or 0


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who may sign in, as the owner sees her."""

    name: str
    role: str
    store: str | None
    userid: str | None
    phone_known: bool
    active: bool


async def known_users(session: AsyncSession, clerks_of: str | None = None) -> list[Known]:
    """Everybody, or the clerks of one store."""
    who = (StaffUser.name, StaffUser.role, Store.code, StaffUser.userid)
    query = (
        select(*who, StaffUser.phone.is_not(None), StaffUser.active)
        .outerjoin(Store, Store.id == StaffUser.store_id)
        .order_by(StaffUser.name)
    )
    if clerks_of is not None:
        query = query.where(*_clerks(clerks_of))
    return [Known(*row) for row in await session.execute(query)]


def _clerks(store: str) -> tuple[ColumnElement[bool], ...]:
    return (StaffUser.role == "clerk", Store.code == store)


async def set_password(session: AsyncSession, name: str, password: str) -> bool:
    """Where she is signed in she has to sign in anew. False when nobody is called so."""
    return await _changed(session, name, password_hash=_hasher.hash(password))


async def set_active(session: AsyncSession, name: str, *, active: bool) -> bool:
    return await _changed(session, name, active=active)


async def _changed(session: AsyncSession, name: str, **facts: Any) -> bool:
    named = update(StaffUser).where(StaffUser.name == name).values(**facts)
    if await session.scalar(named.returning(StaffUser.id)) is None:
        return False
    theirs = WebSession.actor_kind.not_in(("guide", "customer")), WebSession.actor_id == name
    await session.execute(delete(WebSession).where(*theirs))
    return True


async def sign_in(session: AsyncSession, *, name: str, password: str) -> Actor | None:
    """Who this is, or None; the same effort either way."""
    query = select(StaffUser, Store.code).outerjoin(Store, Store.id == StaffUser.store_id)
    found = (await session.execute(query.where(StaffUser.name == name, StaffUser.active))).first()
    nobody = _nobody()  # made by whoever comes first, known or not
    theirs = found[0].password_hash if found else None
    try:
        _hasher.verify(theirs or nobody, password)
    except VerificationError:
        return None
    return Actor(kind=found[0].role, id=found[0].name, store=found[1]) if found else None


async def by_userid(session: AsyncSession, userid: str) -> Actor | None:
    """Whom of the back office WeCom means."""
    query = select(StaffUser.role, StaffUser.name, Store.code).outerjoin(
        Store, Store.id == StaffUser.store_id
    )
    found = await session.execute(query.where(StaffUser.userid == userid, StaffUser.active))
    row = found.first()
    return None if row is None else Actor(kind=row[0], id=row[1], store=row[2])


async def userid_of(session: AsyncSession, name: str) -> str | None:
    """As whom WeCom knows this member of the back office."""
    query = select(StaffUser.userid).where(StaffUser.name == name, StaffUser.active)
    found: str | None = await session.scalar(query)
    return found


async def staff(
    session: AsyncSession, clerks_of: str | None = None
) -> list[tuple[StaffUser, str | None]]:
    """Everybody of the back office, or the clerks of one store, with the code of her store."""
    query = select(StaffUser, Store.code).outerjoin(Store, Store.id == StaffUser.store_id)
    if clerks_of is not None:
        query = query.where(*_clerks(clerks_of))
    rows = await session.execute(query.order_by(~StaffUser.active, StaffUser.name))
    return [(user, code) for user, code in rows]


async def staff_named(session: AsyncSession, name: str) -> StaffUser | None:
    found: StaffUser | None = await session.scalar(
        select(StaffUser).where(StaffUser.name == name).with_for_update()
    )
    return found


async def close_sessions(session: AsyncSession, name: str) -> None:
    """Of the back office; guides and customers have ids of their own."""
    theirs = (WebSession.actor_id == name, WebSession.actor_kind.not_in(("guide", "customer")))
    await session.execute(delete(WebSession).where(*theirs))


async def bind(session: AsyncSession, name: str, userid: str) -> bool:
    """From now on WeCom's word for her is enough. False when nobody is called so."""
    named = update(StaffUser).where(StaffUser.name == name).values(userid=userid)
    return await session.scalar(named.returning(StaffUser.id)) is not None


async def guide_actor(session: AsyncSession, userid: str) -> Actor | None:
    """The guide whom WeCom means, as long as she serves."""
    query = select(Store.code).select_from(Guide).outerjoin(Store, Store.id == Guide.store_id)
    found = (await session.execute(query.where(Guide.userid == userid, Guide.active))).first()
    return None if found is None else Actor(kind="guide", id=userid, store=found[0])


async def open_session(
    session: AsyncSession,
    actor: Actor,
    *,
    now: datetime,
    good_for: timedelta,
    idle: timedelta | None = None,
    facts: dict[str, Any] | None = None,
    most: int | None = None,
) -> tuple[str, str]:
    """A new session: the cookie's value (kept only as a hash) and its CSRF token. Of hers `most` stay, the newest."""
    cookie, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    session.add(
        WebSession(
            hash=fingerprint(cookie),
            actor_kind=actor.kind,
            actor_id=actor.id,
            store=actor.store,
            csrf=csrf,
            created_at=now,
            seen_at=now,
            idle_seconds=int((idle or good_for).total_seconds()),
            expires_at=now + good_for,
            facts=facts or {},
        )
    )
    await session.flush()
    if most is not None:
        hers = (WebSession.actor_kind == actor.kind, WebSession.actor_id == actor.id)
        newest = select(WebSession.hash).where(*hers).order_by(WebSession.created_at.desc())
        kept = (await session.scalars(newest.limit(most))).all()
        await session.execute(delete(WebSession).where(*hers, WebSession.hash.not_in(kept)))
    return cookie, csrf


async def session_of(session: AsyncSession, cookie: str, now: datetime) -> WebSession | None:
    """None once it is too old, too long alone, or its user is no longer who she was."""
    query = (
        select(WebSession, StaffUser.active, StaffUser.role, Store.code)
        .outerjoin(StaffUser, StaffUser.name == WebSession.actor_id)
        .outerjoin(Store, Store.id == StaffUser.store_id)
        .where(WebSession.hash == fingerprint(cookie))
    )
    row = (await session.execute(query)).first()
    if row is None:
        return None
    found, active, role, store = row
    alone = timedelta(seconds=found.idle_seconds)
    if found.expires_at <= now or found.seen_at + alone <= now:
        return None
    if active is not None and found.actor_kind not in OUTSIDERS:
        same = (found.actor_kind, found.store) == (role, store)
        return found if active and same else None
    return found


async def was_here(session: AsyncSession, cookie: str, now: datetime) -> None:
    await session.execute(
        update(WebSession).where(WebSession.hash == fingerprint(cookie)).values(seen_at=now)
    )


async def close_session(session: AsyncSession, cookie: str) -> None:
    await session.execute(delete(WebSession).where(WebSession.hash == fingerprint(cookie)))


async def add_key(
    session: AsyncSession,
    *,
    token: str,
    scope: str,
    name: str,
    now: datetime,
    role: str = "integration",
    store: str | None = None,
) -> None:
    """Only its hash is kept."""
    session.add(
        ApiKey(
            hash=fingerprint(token), name=name, role=role, scope=scope, store=store, created_at=now
        )
    )
    await session.flush()


async def key_of(session: AsyncSession, token: str) -> ApiKey | None:
    found = await session.get(ApiKey, fingerprint(token))
    return found if found is not None and found.revoked_at is None else None


async def keys(session: AsyncSession) -> Sequence[ApiKey]:
    """The newest first, taken back or not."""
    query = select(ApiKey).order_by(ApiKey.created_at.desc(), ApiKey.hash)
    return (await session.scalars(query)).all()


def short_id(key: ApiKey) -> str:
    """Enough to name it, far too little to guess it."""
    return key.hash[:SHORT]


async def key_named(session: AsyncSession, short: str) -> ApiKey | None:
    query = select(ApiKey).where(func.substr(ApiKey.hash, 1, SHORT) == short)
    return (await session.scalars(query)).first()
