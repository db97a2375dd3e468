"""Ten thousand ids of others, asked for by guides, managers, customers and programs: none is readable."""

from __future__ import annotations

import pytest

from tests.web.conftest import shop
from tests.web.swapping import swap

__all__ = ["shop"]


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_ten_thousand_swapped_ids_open_nothing(shop):
    wrong = await swap(shop, 10_000, seed=1)
    print(f"10000 swapped ids, {len(wrong)} readable")
    assert wrong == []
