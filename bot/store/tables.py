"""Every table there is. A command loads little, and SQLAlchemy knows only the tables whose modules were loaded."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence

from sqlalchemy import Table

import bot.domain
from bot.domain.mapping import Row


def in_order() -> Sequence[Table]:
    """Parents before their children."""
    _load()
    return Row.metadata.sorted_tables


def by_name() -> Mapping[str, Table]:
    _load()
    return Row.metadata.tables


def _load() -> None:
    for module in pkgutil.iter_modules(bot.domain.__path__):
        importlib.import_module(f"bot.domain.{module.name}")
