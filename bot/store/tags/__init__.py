"""Tags on customers: given and taken, recomputed for everybody, and mirrored to the platform."""

from bot.store.tags.labels import Given, Worn, expire, named, publish, put, take, worn
from bot.store.tags.retagging import retag

__all__ = ["Given", "Worn", "expire", "named", "publish", "put", "retag", "take", "worn"]
