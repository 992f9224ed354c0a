"""feedpub: publish a folder of Markdown posts as feeds, pages and an e-mail digest."""

__version__ = "0.1.0"
