"""Families of group chats as the file describes them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bot.domain.group_chats import GroupsFile, health, join_state

VIP = {"key": "vip", "name": "核心会员群", "kind": "vip", "rule": {"all": []}}


def test_two_families_cannot_share_a_key():
    with pytest.raises(ValidationError, match="vip"):
        GroupsFile.model_validate({"groups": [VIP, VIP]})


def test_a_misspelt_setting_is_refused():
    with pytest.raises(ValidationError, match="capcity"):
        GroupsFile.model_validate({"groups": [VIP | {"capcity": 3}]})


@pytest.mark.parametrize("key", ["vip", "benefit." + "上海" * 20])
def test_the_code_of_a_join_fits_the_platform(key):
    assert len(join_state(key)) <= 30
    assert join_state(key) == join_state(key) != join_state(key + "x")


@pytest.mark.parametrize(
    ("members", "active", "left", "word"),
    [
        (0, 0, 0, "空群"),
        (50, 20, 1, "健康"),
        (50, 10, 1, "偏冷"),
        (50, 2, 0, "危险"),
        (50, 30, 9, "危险"),
    ],
)
def test_health_in_a_word(members, active, left, word):
    assert health(members=members, active=active, left=left) == word
