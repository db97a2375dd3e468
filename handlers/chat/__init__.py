"""Chat: what customers say to 微信客服 and the Official Account, and what we answer."""

from handlers.chat import kf, model, official, reading
from handlers.chat.hearing import router

__all__ = ["kf", "model", "official", "reading", "router"]
