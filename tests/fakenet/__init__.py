"""A loopback internet: scripted servers, proxies, and feeds that could be real."""

from tests.fakenet.bodies import bomb, coded
from tests.fakenet.posts import Item, atom, items, jsonfeed, page, rss
from tests.fakenet.server import FakeNet, Recorded, Reply, drip, endless

__all__ = [
    "FakeNet",
    "Item",
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
