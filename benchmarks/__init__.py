"""`make bench`: one corpus, built by feedpub and by its peers, becomes a table of ratios."""
