"""An empty folder → a site, and a title → a post to be written: files for people to go on with.

A title → a content file to be written.

A folder → a working site in it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from feedpub.app import load_config
from feedpub.config.schema import Config
from feedpub.errors import FeedpubError
from feedpub.models.text import find_close_match, slugify, strip_invalid_characters


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


_IGNORED = "public/\n.feedpub/\nmail/\n"  # mail/ has addresses in it


@dataclass(frozen=True, slots=True)
class NewSite:
    """What was made; paths below the folder."""

    folder: Path
    created: tuple[str, ...]
    kept: tuple[str, ...]  # was there before, and stays as it is


def create_site(folder: Path, now: datetime) -> NewSite:
    """Make a site: a configuration, a first post dated `now`, and a .gitignore.

    Nothing that is there is changed; where there is content, there is no first post.

    Raises:
        FeedpubError: the folder has a configuration already, or is no folder.
    """
    if (folder / "config.yaml").exists():
        raise FeedpubError(
            f"{folder / 'config.yaml'}: there is a site here already; name a new folder"
        )
    if folder.exists() and not folder.is_dir():
        raise FeedpubError(f"{folder}: is a file; name a folder")
    welcome = _packaged("content/welcome.md").replace("@date@", now.isoformat(timespec="seconds"))
    wanted = {
        "config.yaml": _packaged("config.yaml"),
        "content/welcome.md": welcome,
        ".gitignore": _IGNORED,
    }
    content = folder / "content"
    kept = [path for path in (".gitignore",) if (folder / path).exists()]
    if content.exists() and (not content.is_dir() or any(content.iterdir())):
        kept.append("content")
    made = [path for path in wanted if path.partition("/")[0] not in kept]
    for path in made:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        with (folder / path).open("x", encoding="utf-8", newline="\n") as file:
            file.write(wanted[path])
    return NewSite(folder, tuple(made), tuple(kept))


def _packaged(path: str) -> str:
    return files("feedpub.site").joinpath("starter", path).read_text(encoding="utf-8")
