"""`/h5`: where the links in messages lead."""

from bot.web.customer.pages import routes

__all__ = ["routes"]
