"""An empty folder → a site, and a title → a post to be written: files for people to go on with."""

from feedpub.starter.posts import new
from feedpub.starter.sites import Started, init

__all__ = ["Started", "init", "new"]
