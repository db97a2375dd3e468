"""Files of orders, customers and products, read row by row and written in sets."""

from __future__ import annotations

from bot.inbound.imports.reading import Wish, import_file
from bot.inbound.imports.report import Report
from bot.inbound.imports.source import Unreadable

__all__ = ["Report", "Unreadable", "Wish", "import_file"]
