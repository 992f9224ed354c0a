"""Feeds that changed, issues that went out → hubs, commands and URLs that are told of it."""

from feedpub.announce.noting import caught_up, noted
from feedpub.announce.telling import Told, announce

__all__ = ["Told", "announce", "caught_up", "noted"]
