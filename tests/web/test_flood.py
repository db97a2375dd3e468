"""Who is shut out for how long, and who never is."""

from types import SimpleNamespace

import pytest
from multidict import CIMultiDict

from bot.web.flood import BURST, MOST, PER_SECOND, Flood, address_of


class Watch:
    def __init__(self):
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at


@pytest.fixture
def flood():
    return Flood(Watch())


def refused(flood: Flood, address: str, times: int) -> None:
    for _ in range(times):
        flood.refuse(address)


def test_two_hundred_mistakes_are_borne_and_then_five_a_second(flood):
    refused(flood, "8.8.8.8", int(BURST) - 1)
    assert not flood.shuts_out("8.8.8.8")
    flood.refuse("8.8.8.8")
    assert flood.shuts_out("8.8.8.8")
    assert not flood.shuts_out("8.8.4.4")
    flood.clock.at += 1 / PER_SECOND
    assert not flood.shuts_out("8.8.8.8")


def test_where_something_was_believed_within_the_day_nobody_is_shut_out(flood):
    flood.believe("8.8.8.8")
    refused(flood, "8.8.8.8", 1000)
    assert not flood.shuts_out("8.8.8.8")
    flood.clock.at += 86_400
    refused(flood, "8.8.8.8", 1000)
    assert flood.shuts_out("8.8.8.8")


def test_whoever_cannot_be_told_apart_is_never_shut_out(flood):
    refused(flood, None, 1000)
    assert not flood.shuts_out(None)


def test_a_million_addresses_do_not_fill_the_memory(flood):
    for number in range(MOST + 5):
        flood.refuse(str(number))
    assert len(flood.left) == MOST


@pytest.mark.parametrize(
    ("peer", "told", "address"),
    [
        ("8.8.8.8", "", "8.8.8.8"),
        ("8.8.8.8", "1.1.1.1", "8.8.8.8"),
        ("127.0.0.1", "", None),
        ("10.0.0.2", "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        ("::1", "1.1.1.1, 192.168.0.9", None),
        ("127.0.0.1", "nonsense", None),
        ("", "1.1.1.1", "1.1.1.1"),
    ],
)
def test_a_proxy_of_ours_tells_who_asked_it(peer, told, address):
    headers = CIMultiDict({"X-Forwarded-For": told} if told else {})
    assert address_of(SimpleNamespace(remote=peer, headers=headers)) == address
