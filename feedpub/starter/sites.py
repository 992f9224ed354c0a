"""A folder → a working site in it."""

from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from feedpub.errors import FeedpubError

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
    return files("feedpub.starter").joinpath(path).read_text(encoding="utf-8")
