"""A site's folder → its feeds, for as long as this process lives: told of each change, it builds.

It stands in for `feedpub run`, and does what that must do for an edit, and no more.
"""

import gc
from datetime import UTC, datetime
from pathlib import Path

from watchfiles import watch

from feedpub.publish import Request, rebuild


def main(folder: Path) -> None:
    """Build the site, say so, and then go on as its files change."""
    built = rebuild(_request(folder))
    gc.freeze()  # all of that lives on: there is no garbage in it
    print("ready", flush=True)
    for changes in watch(folder / "content", folder / "config.yaml"):
        paths = frozenset(path for _, path in changes)
        built = rebuild(_request(folder), built.kept, paths)


def _request(folder: Path) -> Request:
    """Ask for the site as it is now."""
    return Request(
        config_path=folder / "config.yaml",
        output=None,
        drafts=False,
        future=False,
        clean=False,
        now=datetime.now(UTC),
        environ={},
        progress=lambda _stage, _done, _total: None,
    )


if __name__ == "__main__":
    main(Path.cwd())
