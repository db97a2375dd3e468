"""Rows of one order come together, however many there are and wherever they stand."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

from bot.domain.imports import OrderRow, Person
from bot.inbound.imports.grouping import Groups

AT = datetime(2026, 3, 1, tzinfo=UTC)


def a_row(number: int, order: str, buyer: str) -> OrderRow:
    person = Person((("member_no", buyer), ("phone", "13800000001")), "王小曼")
    told = ("paid", "", AT + timedelta(seconds=number), 100 + number, "K1", "衬衫", "上装", 1)
    return OrderRow(number, order, person, *told, "S01", "", "", (order, buyer))


def grouped(rows: list[OrderRow], in_memory: int) -> list[list[OrderRow]]:
    with closing(Groups(in_memory)) as groups:
        for row in rows:
            groups.add(row)
        assert len(groups) == len(rows)
        return list(groups)


def some_rows(*, shared: bool) -> list[OrderRow]:
    """Orders of two or three rows, scattered; some of them told of two buyers."""
    dice, rows = Random(3), []
    for order in range(400):
        buyer = dice.randrange(60)
        for line in range(dice.choice((2, 3))):
            other = shared and order % 50 == 0 and line == 1
            rows.append(a_row(len(rows), f"{order:05}", f"m{buyer + 100 * other}"))
    dice.shuffle(rows)
    return [row._replace(number=number) for number, row in enumerate(rows)]


def test_a_large_file_gives_the_same_orders_as_a_small_one():
    rows = some_rows(shared=True)
    as_they_stand = {group[0].order_no: group for group in grouped(rows, 10_000)}
    spilled = {group[0].order_no: group for group in grouped(rows, 100)}
    assert spilled == as_they_stand
    assert len(spilled) == len(grouped(rows, 100)) == 400


def test_what_one_buyer_bought_in_a_large_file_comes_side_by_side():
    buyers = [group[0].person.ids[0] for group in grouped(some_rows(shared=False), 100)]
    changes = sum(one != next_ for one, next_ in pairwise(buyers))
    assert changes == len(Counter(buyers)) - 1


def test_a_small_file_keeps_its_order():
    rows = some_rows(shared=False)
    firsts = list(dict.fromkeys(row.order_no for row in rows))
    assert [group[0].order_no for group in grouped(rows, 10_000)] == firsts
