"""Lists of posts → RSS 2.0, Atom 1.0, JSON Feed 1.1 and OPML; the only package that knows feedgen.

- addresses: where each document is
- generator: feedgen, its faults corrected in this one place
- atom, rss, jsonfeed: a format each; podcast: what rss adds for podcast directories
- renderer: each post once per format, joined to feeds
- opml: the list of all feeds
"""
