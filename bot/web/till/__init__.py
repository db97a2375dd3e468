"""`/store/redeem`: scan, check, confirm, done."""

from bot.web.till.redeem import routes

__all__ = ["routes"]
