"""微信客服 callbacks carry no content: pages are pulled, and kept in the transaction that moves the cursor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog

from bot.calls import Outcome, Sent, SyncKf, TryLater
from bot.domain.conversations import KfAccount
from bot.store import inbox, kf_accounts, tasks
from bot.store.inbox import Arrival
from bot.work.context import Work

log = structlog.get_logger()
LEASE_SECONDS = 60.0
UNASKED = timedelta(hours=1)
"""A callback may be lost: so often we look without one. Without its token the platform allows few looks."""


async def pull_due(work: Work) -> int:
    """Pull every account that was nudged or not looked at for long. Returns how many messages were new."""
    async with work.sessions.reading() as session:
        waiting = await kf_accounts.due(session, work.now())
    return sum([await _pull(work, open_kfid) for open_kfid in waiting])


async def _pull(work: Work, open_kfid: str) -> int:
    """Page after page until the platform says that there is no more; an empty page is not the end."""
    async with work.sessions.begin() as session:
        account = await kf_accounts.claim(
            session, open_kfid, now=work.now(), real=work.clock.real(), lease=LEASE_SECONDS
        )
    if account is None:
        return 0
    cursor, kept, more = account.cursor, 0, True
    while more:
        outcome = await _ask(work, account, cursor)
        if not isinstance(outcome, Sent):
            wait = outcome.after if isinstance(outcome, TryLater) else UNASKED
            async with work.sessions.begin() as session:
                await kf_accounts.release(session, account, again_at=work.now() + wait)
            return kept
        cursor = outcome.answer.get("next_cursor") or cursor
        more = bool(outcome.answer.get("has_more"))
        new = await _keep(
            work, account, outcome.answer.get("msg_list") or [], cursor=cursor, more=more
        )
        if new is None:
            return kept  # somebody else pulls it by now
        kept += new
    return kept


async def _ask(work: Work, account: KfAccount, cursor: str | None) -> Outcome:
    fresh = account.token_until is not None and work.now() < account.token_until
    token = account.token if fresh else None
    call = SyncKf(open_kfid=account.open_kfid, cursor=cursor, token=token)
    outcome = await work.platform.perform(call)
    if not isinstance(outcome, Sent):
        log.warning("kf page not pulled", open_kfid=account.open_kfid, outcome=str(outcome))
    return outcome


async def _keep(
    work: Work,
    account: KfAccount,
    messages: Sequence[dict[str, Any]],
    *,
    cursor: str | None,
    more: bool,
) -> int | None:
    """The page and the cursor behind it, together or not at all; None when the account is not ours any more."""
    arrivals = [Arrival("kf", _written(message)) for message in messages]
    until = work.clock.real() + LEASE_SECONDS
    async with work.sessions.begin() as session:
        if not await kf_accounts.advance(session, account, cursor, lease_until=until):
            return None
        if not more:
            await kf_accounts.release(session, account, again_at=work.now() + UNASKED)
        if not arrivals:
            return 0
        new = await inbox.keep(session, work.vault, arrivals, now=work.now())
        if new:
            await tasks.ask(session, tasks.DRAIN)
        return len(new)


def _written(message: dict[str, Any]) -> bytes:
    """The same message is the same bytes, whichever page it came on."""
    return json.dumps(message, ensure_ascii=False, sort_keys=True).encode()
