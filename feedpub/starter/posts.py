"""A title → a content file to be written."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from feedpub.config import Config
from feedpub.errors import FeedpubError
from feedpub.files.settings import load_config
from feedpub.slugs import slugify
from feedpub.text import find_close_match, strip_invalid_characters


def create_post(
    config_path: Path, title: str, author: str, now: datetime, environ: Mapping[str, str]
) -> Path:
    """Write a draft with title, date (in the site's zone) and author filled in; give its path.

    `author` is a key of `authors:` or "" for the only one there is.

    Raises:
        ConfigError: the configuration cannot be used.
        FeedpubError: there is such a file, or no such author, or no title.
    """
    config = load_config(config_path, environ)
    name = " ".join(strip_invalid_characters(title).split())
    if not name:
        raise FeedpubError('a post needs a title: feedpub new "My first journey"')
    path = config_path.parent / config.content.folder / f"{slugify(name)}.md"
    date = now.astimezone(ZoneInfo(config.site.timezone)).isoformat(timespec="seconds")
    by = _author(config, author)
    lines = [
        "---",
        f"title: {json.dumps(name, ensure_ascii=False)}",
        f"date: {date}",
        *([f"author: {json.dumps(by, ensure_ascii=False)}"] if by else []),
        "tags: []",
        "draft: true",
        "---",
        "",
        "",
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write("\n".join(lines))
    except FileExistsError:
        raise FeedpubError(f"{path}: is there already; edit it, or choose another title") from None
    return path


def _author(config: Config, wanted: str) -> str:
    """Give the key or name of who writes, or "" where nobody is known."""
    keys = [key for key, _ in config.authors]
    names = [author.name for _, author in config.authors]
    if wanted in keys or wanted in names:
        return wanted
    if wanted:
        near = find_close_match(wanted, keys + names)
        hint = f'did you mean "{near}"?' if near else f"known are: {', '.join(keys) or 'none'}"
        raise FeedpubError(f'no author "{wanted}" in authors: of the configuration; {hint}')
    if len(keys) == 1:
        return keys[0]
    return config.site.author.name if config.site.author else ""
