"""What may come in: intents of the outside world, and commands, the acts of a person."""

from bot.events.commands import *
from bot.events.contacts import *
from bot.events.group_chats import *
from bot.events.guides import *
from bot.events.kf import *
from bot.events.model import *
from bot.events.official import *
from bot.events.shop import *
from bot.events.vocabulary import EVENTS, Event, Unknown, dump, kind_of, load
