"""Config → the faults of values that are right each by itself, and wrong together."""

import posixpath
from collections.abc import Iterator

from feedpub.config.schema import Config, Publishing
from feedpub.slugs import slugify

_SOMEWHERE = "/?" * 32  # stands for the working folder, which only the edges know


def faults(config: Config, path: str) -> Iterator[tuple[str, str]]:
    """Give each key at fault and what is wrong; `path` is the configuration's own."""
    for other, told in _folders(config, posixpath.dirname(path.replace("\\", "/"))):
        yield "output.folder" if config.output != Publishing() else other, told
    if not config.feeds.formats:
        yield "feeds.formats", "is empty; name rss, atom or json"
    seen: dict[str, str] = {}
    for number, extra in enumerate(config.feeds.extra, 1):
        where = f"feeds.extra[{number}].name"
        folder = slugify(extra.name).casefold()
        if folder in seen:
            told = f'"{extra.name}" and "{seen[folder]}" would share a folder; rename one'
            yield where, told
        seen[folder] = extra.name
        if not (extra.tags or extra.authors or extra.languages):
            yield where, f'"{extra.name}" names no tags, authors or languages'


def _folders(config: Config, base: str) -> Iterator[tuple[str, str]]:
    """Say why what is published would be read as content, or content cleared away."""
    output = _place(base, config.output.folder)
    content = _place(base, config.content.folder)
    templates = _place(base, config.pages.templates)
    names = f'the output folder "{config.output.folder}"'
    place = f'the content folder "{config.content.folder}"'
    if output == content:
        yield "content.folder", f"{names} is the content folder as well; name another"
    elif output.startswith(content.rstrip("/") + "/"):
        yield "content.folder", f"{names} is inside {place}; put it beside"
    elif content.startswith(output.rstrip("/") + "/"):
        yield "content.folder", f"{names} holds {place}; put it beside"
    elif f"{templates}/".startswith(output.rstrip("/") + "/"):
        place = f'the templates "{config.pages.templates}"'
        yield "pages.templates", f"{names} holds {place}; put it beside"


def _place(base: str, folder: str) -> str:
    """Give a folder's whole path, as far as names alone can tell."""
    return posixpath.normpath(posixpath.join(_SOMEWHERE, base, folder.replace("\\", "/")))
