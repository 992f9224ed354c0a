"""Render feeds (RSS 2.0, Atom 1.0, JSON Feed 1.1), OPML and sitemaps; start at `renderer`.

`atom`, `rss` and `jsonfeed` each write one format. `feedgen_adapter` wraps feedgen and works
around its bugs.
"""

import lxml.etree  # noqa: F401 - feedgen uses it without importing it
