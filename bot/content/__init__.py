"""What we say and the ready-made tactics: read whole, checked whole, rendered many times."""

from bot.content.content import Content
from bot.content.load import load_content
from bot.content.marked import ContentError, Mistake
from bot.content.templates import Template

__all__ = ["Content", "ContentError", "Mistake", "Template", "load_content"]
