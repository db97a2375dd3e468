"""Erasing people: asked for and stopped at once, held up by what is open, then gone for good."""

from __future__ import annotations

from bot.store.erasing.asking import ask, ask_for_all, due, of, of_all, open_ones, take_back
from bot.store.erasing.blocks import Block, blocks
from bot.store.erasing.searching import PLACES, Found, empty, look, needles, sweep
from bot.store.erasing.walking import everybody, finished, walk

__all__ = [
    "PLACES",
    "Block",
    "Found",
    "ask",
    "ask_for_all",
    "blocks",
    "due",
    "empty",
    "everybody",
    "finished",
    "look",
    "needles",
    "of",
    "of_all",
    "open_ones",
    "sweep",
    "take_back",
    "walk",
]
