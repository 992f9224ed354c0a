"""The site as it is now → all that the pages for its readers are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from feedpub import files, site
from feedpub.digests import Following, Names
from feedpub.files import Memory
from feedpub.model import MenuLink, SignUp
from feedpub.newsletter.desk import Desk
from feedpub.publish.building import reading_version
from feedpub.publish.kept import Kept
from feedpub.publish.making import look, plan
from feedpub.publish.request import Request
from feedpub.templates import Templates


@dataclass(frozen=True, slots=True)
class Scene:
    """One state of the site; whoever runs for long sets a new one when the site has changed."""

    desk: Desk
    templates: Templates
    following: Following
    choices: SignUp
    menu: tuple[MenuLink, ...] = ()


def scene(request: Request, desk: Desk, kept: Kept | None = None) -> Scene:
    """Read the site; of what was kept by the last build, only what has changed since.

    A build that goes on is waited for.
    """
    where = desk.where
    waiting: Callable[[], None] = partial(request.progress, "waiting for a build to end", 0, 0)
    with files.locked(where.memory, waiting):
        return files.sound(where.memory, partial(_scene, request, desk, kept))


def _scene(request: Request, desk: Desk, kept: Kept | None) -> Scene:
    where = desk.where
    memory = Memory(where.memory, reading_version(files.code(), desk.config))
    known = kept.making if kept and kept.seen.where == where else None
    entries = files.scan(where.content, follow_links=where.config.content.follow_links)
    made = plan(request, where, entries, memory, known=known)
    templates = look(where, files.texts(where.templates))
    following = Following(templates, Names.of(made.library))
    choices = site.choices(desk.config, made.library)
    return Scene(desk, templates, following, choices, made.plan.menu)
