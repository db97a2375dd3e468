"""Make the demo shop's order history from UCI Online Retail (id 352, CC BY 4.0).

The rhythm of buying is the data's own: who buys, when, how much, what comes back. Dates are moved by whole weeks,
amounts become yuan, products become those of the fictional brand 青禾衣坊, ids are numbered anew.

    python scripts/make_demo_orders.py LINES.csv.gz bot/demo/data/orders.csv.gz
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path

CUSTOMERS = 1210
UNTIL = "2011-09-03"
"""An ordinary month at the end: what follows in the data is the trade before Christmas."""
SHIFT = date(2026, 3, 27) - date(2011, 9, 2)
MOST_LINES = 3
DEAREST_YUAN = 3000

PRODUCTS = {
    "羊毛针织": (
        "圆领羊毛衫",
        "半高领羊绒衫",
        "粗针开衫",
        "麻花毛背心",
        "美利奴打底衫",
        "羊毛围巾",
    ),
    "衬衫": ("长绒棉衬衫", "真丝衬衫", "条纹牛津衬衫", "亚麻立领衬衫", "法兰绒格衬衫"),
    "连衣裙": ("棉麻连衣裙", "针织连衣裙", "衬衫裙", "真丝吊带裙", "茶歇裙"),
    "外套": ("双面羊毛大衣", "风衣", "短款羽绒服", "棉麻西装", "工装夹克"),
    "裤装": ("直筒羊毛裤", "阔腿亚麻裤", "弹力烟管裤", "水洗牛仔裤", "针织运动裤"),
    "半裙": ("百褶裙", "A 字毛呢裙", "牛仔半裙", "真丝半裙"),
    "家居": ("纯棉家居服", "针织盖毯", "羊毛袜", "真丝枕套"),
    "配饰": ("帆布包", "羊皮手套", "贝雷帽", "细皮带", "丝巾"),
}
SHELF = [(category, name) for category, names in PRODUCTS.items() for name in names]


def draw(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def product(sku: str) -> tuple[str, str, str]:
    place = draw("product:" + sku) % len(SHELF)
    category, name = SHELF[place]
    return f"QH{place + 101}", name, category


def read(path: Path) -> dict[str, list[dict[str, str]]]:
    rows = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            # Skus that begin with a letter are postage, fees and corrections.
            if row["sku"][:1].isdigit() and row["paid_at"] < UNTIL:
                rows[row["customer_id"]].append(row)
    return rows


def orders_of(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """At most three lines an order, the dearest; a return keeps its sign."""
    by_order = defaultdict(list)
    for row in rows:
        by_order[row["order_id"], row["kind"]].append(row)
    kept = []
    for lines in by_order.values():
        lines.sort(key=lambda row: -abs(float(row["amount"])))
        kept += lines[:MOST_LINES]
    return kept


def rewritten(number: int, row: dict[str, str]) -> list[str]:
    sku, title, category = product(row["sku"])
    at = datetime.fromisoformat(row["paid_at"]) + SHIFT
    yuan = max(-DEAREST_YUAN, min(DEAREST_YUAN, float(row["amount"]) * 3))
    sign = "refund" if yuan < 0 else "sale"
    order = f"QH{draw('order:' + row['order_id']) % 10**9:09}"
    quantity = max(1, min(5, abs(int(row["qty"])) // 6))
    return [
        f"M{number:05}",
        order,
        at.isoformat(),
        sign,
        sku,
        title,
        category,
        str(quantity),
        f"{yuan:.2f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    rows = read(options.lines)
    chosen = sorted(rows, key=lambda customer: draw("customer:" + customer))[:CUSTOMERS]
    written = [
        rewritten(number, row)
        for number, customer in enumerate(chosen, start=1)
        for row in orders_of(rows[customer])
    ]
    written.sort(key=lambda row: (row[2], row[1], row[4]))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(
        [
            "customer_id",
            "order_id",
            "paid_at",
            "kind",
            "sku",
            "title",
            "category",
            "quantity",
            "amount",
        ]
    )
    table.writerows(written)
    options.out.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))
    print(f"{len(chosen)} customers, {len(written)} lines, {options.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
