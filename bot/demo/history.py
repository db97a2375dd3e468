"""The order file: what was bought before the month, and what will be bought in it."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

OURS = Path(__file__).with_name("data") / "orders.csv.gz"
Facts = dict[str, Any]
NEEDED = ("customer_id", "order_id", "paid_at", "amount")


class Unplayable(Exception):
    """The order file cannot be played; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class OrderSeen:
    buyer: str
    order_no: str
    at: datetime
    kind: str
    """paid or refunded."""
    amount_fen: int
    lines: tuple[Facts, ...] = ()
    ref: str = "1"


def open_text(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def split(
    path: Path, zone: ZoneInfo, *, days: int, before: Path, most: int | None = None
) -> tuple[list[OrderSeen], list[str], datetime]:
    """Orders of the last `days` days, every buyer of the file, and when the month starts.

    The rows before the month are written to `before`, to be imported as any shop would import its history.
    `most` keeps only the first so many buyers. Raises Unplayable for a file without the columns this needs.
    """
    rows = _rows(path)
    buyers = list(dict.fromkeys(row["customer_id"] for row in rows))[:most]
    kept = set(buyers)
    rows = [row for row in rows if row["customer_id"] in kept]
    moments = [datetime.fromisoformat(row["paid_at"]) for row in rows]
    newest = max(moments).replace(hour=0, minute=0, second=0, microsecond=0)
    start = newest - timedelta(days=days - 1)
    with before.open("w", encoding="utf-8", newline="") as out:
        table = csv.DictWriter(out, fieldnames=list(rows[0]))
        table.writeheader()
        table.writerows(row for row, at in zip(rows, moments, strict=True) if at < start)
    month = [(row, at) for row, at in zip(rows, moments, strict=True) if at >= start]
    return _orders(month, zone), buyers, start.replace(tzinfo=zone)


def buyers_in(path: Path) -> set[str]:
    with open_text(path) as text:
        return {row["customer_id"] for row in csv.DictReader(text)}


def _rows(path: Path) -> list[dict[str, str]]:
    with open_text(path) as text:
        reader = csv.DictReader(text)
        missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
        if missing:
            raise Unplayable(f"{path} 缺少列：{'、'.join(missing)}")
        rows = list(reader)
    if not rows:
        raise Unplayable(f"{path} 里没有订单")
    return rows


def _orders(rows: Iterable[tuple[dict[str, str], datetime]], zone: ZoneInfo) -> list[OrderSeen]:
    grouped: dict[tuple[str, str, str, datetime], list[dict[str, str]]] = defaultdict(list)
    for row, at in rows:
        kind = "refunded" if _fen(row["amount"]) < 0 else "paid"
        grouped[row["customer_id"], row["order_id"], kind, at].append(row)
    found = [
        OrderSeen(
            buyer,
            order_no,
            at.replace(tzinfo=zone),
            kind,
            sum(abs(_fen(line["amount"])) for line in lines),
            tuple(_line(line) for line in lines if "sku" in line),
        )
        for (buyer, order_no, kind, at), lines in grouped.items()
    ]
    return sorted(found, key=lambda order: (order.at, order.order_no))


def _line(row: dict[str, str]) -> Facts:
    return {
        "sku": row["sku"],
        "name": row.get("title") or row["sku"],
        "category": row.get("category") or "",
        "quantity": max(1, abs(int(row.get("quantity") or row.get("qty") or 1))),
        "amount_fen": abs(_fen(row["amount"])),
    }


def _fen(yuan: str) -> int:
    return int((Decimal(yuan) * 100).to_integral_value())
