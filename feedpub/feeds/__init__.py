"""Render feeds (RSS 2.0, Atom 1.0, JSON Feed 1.1), OPML and sitemaps; start at `renderer`.

`feedgen_adapter` is the only module that builds on feedgen and works around its bugs; `atom`, `rss`
and `jsonfeed` each write one format.
"""

import lxml.etree  # noqa: F401 - feedgen uses it without importing it
