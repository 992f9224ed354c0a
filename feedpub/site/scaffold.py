"""Create files to start from: a new site for `feedpub init`, a draft post for `feedpub new`."""

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
    """Write a draft with title, date (in the site's time zone) and author; return its path.

    `author` is a key or name in `authors:`, or "" for the default.

    Raises:
        ConfigError: The configuration is invalid.
        FeedpubError: The file exists, the author is unknown, or the title is empty.
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
        raise FeedpubError(f"{path}: already exists; edit it, or choose another title") from None
    return path


def _author(config: Config, wanted: str) -> str:
    """Return the key or name of the author, "" if none is known."""
    keys = [key for key, _ in config.authors]
    names = [author.name for _, author in config.authors]
    if wanted in keys or wanted in names:
        return wanted
    if wanted:
        near = find_close_match(wanted, keys + names)
        hint = f'did you mean "{near}"?' if near else f"known authors: {', '.join(keys) or 'none'}"
        raise FeedpubError(f'no author "{wanted}" under authors: in the configuration; {hint}')
    if len(keys) == 1:
        return keys[0]
    return config.site.author.name if config.site.author else ""


_IGNORED = "public/\n.feedpub/\nmail/\n"  # mail/ contains addresses


@dataclass(frozen=True, slots=True)
class NewSite:
    """The files of a new site; paths are below its folder."""

    folder: Path
    created: tuple[str, ...]
    kept: tuple[str, ...]  # existed before and were not changed


def create_site(folder: Path, now: datetime) -> NewSite:
    """Create a site: a configuration, a first post dated `now`, and a .gitignore.

    Existing files are kept; if there is content, no first post is written.

    Raises:
        FeedpubError: The folder has a configuration already, or is not a folder.
    """
    if (folder / "config.yaml").exists():
        raise FeedpubError(
            f"{folder / 'config.yaml'}: a site already exists here; choose a new folder"
        )
    if folder.exists() and not folder.is_dir():
        raise FeedpubError(f"{folder}: is a file; choose a folder")
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
