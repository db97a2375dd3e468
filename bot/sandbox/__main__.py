"""`python -m bot.sandbox`: reads the options and serves."""

from __future__ import annotations

from bot.sandbox.command import sandbox

if __name__ == "__main__":
    sandbox(prog_name="siyu sandbox")
