"""`/guide`: a shop guide's day on her phone."""

from bot.web.guide import leave, month, people, push, same, side, today

routes = [
    *today.routes,
    *leave.routes,
    *side.routes,
    *people.routes,
    *same.routes,
    *push.routes,
    *month.routes,
]

__all__ = ["routes"]
