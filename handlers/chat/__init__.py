"""Chat: what customers say to 微信客服 and the Official Account, and what we answer."""

from handlers.chat import kf, official, reading
from handlers.chat.hearing import router

__all__ = ["kf", "official", "reading", "router"]
