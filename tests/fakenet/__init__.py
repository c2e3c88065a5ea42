"""A loopback internet: scripted servers, proxies, and feeds that could be real."""

from tests.fakenet.bodies import bomb, coded
from tests.fakenet.ledger import Clock, Entry, Ledger
from tests.fakenet.posts import Item, atom, items, jsonfeed, page, rss
from tests.fakenet.proxy import FakeProxy
from tests.fakenet.server import FakeNet, Recorded, Reply, drip, endless

__all__ = [
    "Clock",
    "Entry",
    "FakeNet",
    "FakeProxy",
    "Item",
    "Ledger",
    "Recorded",
    "Reply",
    "atom",
    "bomb",
    "coded",
    "drip",
    "endless",
    "items",
    "jsonfeed",
    "page",
    "rss",
]
