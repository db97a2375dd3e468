"""The Official Account."""

from bot.calls.official.account import *
from bot.calls.official.fans import *
from bot.calls.official.mass import *
from bot.calls.official.messages import *
