"""Ids of others open nothing: what is not yours is as unknown as what does not exist."""

from __future__ import annotations

import pytest

from tests.web.swapping import acts, swap, two_sides


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_nobody_acts_on_what_is_not_hers(shop):
    assert await acts(shop) == []


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_swapped_ids_open_nothing(shop):
    assert await swap(shop, 60, seed=7) == []


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_what_is_ones_own_opens(shop):
    """Else the swapped ones would prove nothing."""
    mine, _ = await two_sides(shop, 1)
    own = mine.owned[0]
    assert (await mine.program.reads(f"customers/{own['customer']}/orders"))[1]["items"]
    for path in ("cases/{case}", "orders/{order}", "campaigns/{campaign}"):
        assert (await mine.program.reads(path.format(**own)))[0] == 200
    for face, path in (
        ("guide", "/guide/c/{customer}"),
        ("guide", "/guide/push/{push}"),
        ("manager", "/admin/customers/{customer}"),
        ("manager", "/admin/campaigns/{campaign}"),
        ("manager", "/store/redeem/done/{redemption}"),
        ("customer", "/h5/code/{coupon}"),
    ):
        assert (await mine.faces[face][0].opens(path.format(**own))).status == 200, path
