"""Acts of a person, whichever face they came from: actor, key, effect and audit row in one transaction."""

from bot.events.commands.acts import *
from bot.events.commands.benefits import *
from bot.events.commands.care import *
from bot.events.commands.command import *
from bot.events.commands.contests import *
from bot.events.commands.doors import *
from bot.events.commands.games import *
from bot.events.commands.house import *
from bot.events.commands.merging import *
from bot.events.commands.moments import *
from bot.events.commands.own_data import *
from bot.events.commands.showing import *
