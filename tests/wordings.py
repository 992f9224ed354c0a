"""What pages say: the words that come with feedpub."""

from feedpub import files
from feedpub.words import File, Words

_TEXTS = files.texts(files.packaged())


def english() -> Words:
    """Give the English words."""
    return spoken("en")


def spoken(language: str) -> Words:
    """Give the words of a language."""
    names = {"en", language}
    return Words(language, {name: File(name, _TEXTS[f"words/{name}.toml"]) for name in names})
