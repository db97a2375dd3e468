"""微信客服 accounts: those opened before we listened are pulled from now on too."""

from __future__ import annotations

from bot.calls import ListKfAccounts, Sent
from bot.outbound.reconcile.round import Round
from bot.store import kf_accounts

PAGE = 100


async def compare_kf_accounts(round_: Round) -> None:
    there: list[str] = []
    while len(there) % PAGE == 0:
        outcome = await round_.ask(ListKfAccounts(offset=len(there)))
        if not isinstance(outcome, Sent):
            round_.gap("kf_accounts", outcome)
            return
        listed = outcome.answer.get("account_list") or ()
        there += [account["open_kfid"] for account in listed]
        if not listed:
            break
    round_.report.compared["kf_account"] = len(there)
    async with round_.work.sessions.reading() as session:
        pulled = await kf_accounts.pulled(session)
    for open_kfid in sorted(set(there) - pulled):
        if round_.repair:
            async with round_.turn() as turn:
                await kf_accounts.know(turn.session, open_kfid, turn.now)
        round_.report.saw("kf_account", "missing_here", open_kfid, repaired=round_.repair)
    for open_kfid in sorted(pulled - set(there)):
        if round_.repair:
            async with round_.turn() as turn:
                await kf_accounts.left(turn.session, open_kfid)
        round_.report.saw("kf_account", "missing_there", open_kfid, repaired=round_.repair)
