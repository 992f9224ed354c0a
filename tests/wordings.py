"""What pages say: the words that come with feedpub."""

from feedpub.files import packaged
from feedpub.site.i18n import Catalog, CatalogFile

_TEXTS = packaged.read_templates(packaged.find_packaged_templates())


def english() -> Catalog:
    """Give the English words."""
    return spoken("en")


def spoken(language: str) -> Catalog:
    """Give the words of a language."""
    names = {"en", language}
    return Catalog(
        language, {name: CatalogFile(name, _TEXTS[f"words/{name}.toml"]) for name in names}
    )
