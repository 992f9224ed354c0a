"""The packaged templates, and who writes mails with them, for tests."""

from collections.abc import Mapping
from pathlib import Path

import made

from feedpub.config.schema import Config
from feedpub.newsletter.compose import Composer
from feedpub.site.templates import Templates

ROOT = Path(__file__).parents[1] / "templates"
PACKAGED = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in sorted(ROOT.rglob("*"))
    if path.is_file()
}


def templates(user: Mapping[str, str] | None = None, config: Config | None = None) -> Templates:
    """Prepare the packaged templates, with a user's over them."""
    chosen = config or made.config()
    return Templates(chosen, user or {}, PACKAGED, lambda feed, form: f"{feed.folder}{form}.xml")


def composer(user: Mapping[str, str] | None = None, config: Config | None = None) -> Composer:
    """Give a composer with the packaged templates, and a user's over them."""
    chosen = config or made.config()
    return Composer(chosen, templates(user, chosen))
