from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from bot.domain.campaigns import Touch
from bot.domain.consent import ConsentEntry
from bot.domain.customers import Customer
from bot.domain.refusals import Refusal
from bot.store import consent, customers, touches
from tests.builders import LONG_AGO, a_customer

NOW = LONG_AGO + timedelta(days=10)


async def act(session, customer, action, purpose="marketing_wecom", at=NOW):
    return await consent.record(
        session,
        customer_id=customer.id,
        purpose=purpose,
        action=action,
        channel="kf",
        actor=f"customer:{customer.ref}",
        at=at,
        evidence={"said": action},
    )


async def planned(session, customer):
    plan = {"customer_id": customer.id, "template": "weekly/benefit", "purpose": "marketing"}
    (touch,) = await touches.plan(session, [plan | {"due_at": NOW}], NOW)
    return touch


async def test_a_grant_is_proven_by_its_entry(bot):
    async with bot.session() as s:
        who = await a_customer(s)
        entry = await act(s, who, "grant")
        assert (await consent.granted(s, who.id, "marketing_wecom")).entry_id == entry.id
        assert await consent.granted(s, who.id, "marketing_official") is None


async def test_a_withdrawal_stops_what_is_planned_at_once(bot):
    async with bot.session() as s:
        who = await a_customer(s)
        await act(s, who, "grant")
        touch = await planned(s, who)
        await act(s, who, "withdraw", at=NOW + timedelta(seconds=1))
        stopped = await s.get(Touch, touch.id, populate_existing=True)
        assert (stopped.state, stopped.reason) == ("cancelled", "opted_out")


async def test_of_two_acts_at_one_moment_the_refusal_counts(bot):
    async with bot.session() as s:
        who = await a_customer(s)
        await act(s, who, "withdraw")
        await act(s, who, "grant")
        assert await consent.granted(s, who.id, "marketing_wecom") is None


async def test_a_late_old_grant_does_not_undo_a_newer_refusal(bot):
    async with bot.session() as s:
        who = await a_customer(s)
        await act(s, who, "withdraw")
        await act(s, who, "grant", at=NOW - timedelta(hours=1))
        assert await consent.granted(s, who.id, "marketing_wecom") is None
        await act(s, who, "grant", at=NOW + timedelta(hours=1))
        assert await consent.granted(s, who.id, "marketing_wecom")


async def test_refusing_to_be_profiled_shows_on_the_customer(bot):
    async with bot.session() as s:
        who = await a_customer(s)
        await act(s, who, "object", "profiling")
        assert not (await s.get(Customer, who.id, populate_existing=True)).personalised
        await act(s, who, "grant", "profiling", at=NOW + timedelta(days=1))
        assert (await s.get(Customer, who.id, populate_existing=True)).personalised


async def test_a_changed_entry_breaks_the_chain(bot):
    async with bot.session() as s:
        who = await a_customer(s)
        await act(s, who, "withdraw")
        forged = await act(s, who, "grant", at=NOW + timedelta(days=1))
        assert await consent.verify(s, who.id) is None
        await s.execute(
            update(ConsentEntry).where(ConsentEntry.id == forged.id).values(actor="staff:9")
        )
        assert await consent.verify(s, who.id) == forged.id


async def test_the_chain_holds_whatever_zone_the_act_was_told_in(bot):
    async with bot.session() as s:
        who = await a_customer(s)
        await act(s, who, "grant", at=NOW.astimezone(ZoneInfo("Asia/Shanghai")))
    async with bot.session() as s:
        assert await consent.verify(s, who.id) is None


async def test_an_unknown_purpose_is_refused(bot):
    async with bot.session() as s:
        who = await a_customer(s)
        with pytest.raises(Refusal, match="unknown_purpose"):
            await act(s, who, "grant", "marketing_sms")


async def test_whoever_was_suppressed_stays_so_under_a_new_record(bot):
    async with bot.session() as s:
        who = await customers.meet(s, bot.vault, kind="external_userid", value="wm1", at=NOW)
        await consent.suppress(s, bot.vault, who.id, reason="erased", at=NOW)
        await s.execute(update(Customer).where(Customer.id == who.id).values(ref="gone"))
        again = await customers.meet(s, bot.vault, kind="kf", value="wm1", at=NOW)
        other = await customers.meet(s, bot.vault, kind="kf", value="wm2", at=NOW)
        asked = [again.id, other.id]
        assert await consent.suppressed(s, bot.vault, asked) == {again.id}
