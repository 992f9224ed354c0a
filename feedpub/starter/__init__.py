"""An empty folder → a site, and a title → a post to be written: files for people to go on with."""

from feedpub.starter.posts import create_post
from feedpub.starter.sites import NewSite, create_site

__all__ = ["NewSite", "create_post", "create_site"]
