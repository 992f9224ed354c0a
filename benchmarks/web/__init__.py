"""How fast feedpub serves a site, beside nginx."""
