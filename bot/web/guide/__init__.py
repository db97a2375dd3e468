"""`/guide`: a shop guide's day on her phone."""

from bot.web.guide import month, people, push, side, today

routes = [*today.routes, *side.routes, *people.routes, *push.routes, *month.routes]

__all__ = ["routes"]
