"""Cross-field validation: values that are valid alone but not together.

`parse_config` calls `find_cross_field_errors` once the whole configuration is read.
"""

import posixpath
from collections.abc import Iterator

from feedpub.config.schema import Config, DigestConfig, MailConfig, OutputConfig
from feedpub.models.text import slugify

_SOMEWHERE = "/?" * 32  # stands for the working folder, which is unknown here


def find_cross_field_errors(config: Config, path: str) -> Iterator[tuple[str, str]]:
    """Yield each offending key with its message; `path` is that of the configuration file."""
    for other, told in _folders(config, posixpath.dirname(path.replace("\\", "/"))):
        yield "output.folder" if config.output != OutputConfig() else other, told
    if not config.feeds.formats:
        yield "feeds.formats", "is empty; use rss, atom or json"
    seen: dict[str, str] = {}
    for number, extra in enumerate(config.feeds.extra, 1):
        where = f"feeds.extra[{number}].name"
        folder = slugify(extra.name).casefold()
        if folder in seen:
            told = f'"{extra.name}" and "{seen[folder]}" would share a folder; rename one'
            yield where, told
        seen[folder] = extra.name
        if not (extra.tags or extra.authors or extra.languages):
            yield where, f'"{extra.name}" selects no tags, authors or languages'
    yield from _menu(config)
    yield from _digests(config)
    yield from _mail(config, posixpath.dirname(path.replace("\\", "/")))


def _menu(config: Config) -> Iterator[tuple[str, str]]:
    """Check that each menu item has exactly one target, and a URL a name."""
    for number, item in enumerate(config.pages.menu, 1):
        if bool(item.page) == bool(item.url):
            yield f"pages.menu[{number}]", "needs either a page or a url"
        elif item.url and not item.name:
            yield f"pages.menu[{number}].url", "needs a name to display"


def _digests(config: Config) -> Iterator[tuple[str, str]]:
    """Check that digests are distinguishable and can be sent."""
    seen: dict[str, str] = {}
    names = {each.name for each in config.digests}
    before: set[str] = set()
    for number, digest in enumerate(config.digests, 1):
        where = f"digests[{number}]"
        if digest.was in names:
            told = f'"{digest.was}" is the name of a current digest; use a former name'
            yield f"{where}.was", told
        elif digest.was and digest.was in before:
            yield f"{where}.was", f'another digest has the former name "{digest.was}"; remove one'
        before.add(digest.was)
        slug = slugify(digest.name).casefold()
        if slug in seen:
            told = f'"{digest.name}" and "{seen[slug]}" would share a URL; rename one'
            yield f"{where}.name", told
        seen[slug] = digest.name
        if digest.min_posts > digest.max_posts:
            key = "min_posts" if digest.min_posts != DigestConfig("").min_posts else "max_posts"
            told = f"min_posts {digest.min_posts} exceeds max_posts {digest.max_posts}"
            yield f"{where}.{key}", f"{told}; nothing would be sent"


def _mail(config: Config, base: str) -> Iterator[tuple[str, str]]:
    """Check that messages can be sent, and are not written where they would be published."""
    mail = config.mail
    if mail.transport == "smtp" and not mail.relays:
        yield "mail.transport", '"smtp" needs a relay; add one to mail.relays: `- host: …`'
    if not config.digests:
        if config.subscribers.form:
            yield "subscribers.form", "no digest to sign up for; add `digests:`"
        return
    sender = mail.sender or config.site.author
    if sender is None or not sender.email:
        where = "mail.sender" if mail.sender else "digests"
        told = "no sender address; set mail.sender.email or site.author.email"
        yield where, told if mail.sender is None else f"{mail.sender.name} has no `email`"
    folder = _resolve(base, mail.folder)
    where = "mail.folder" if mail.folder != MailConfig().folder else "digests"
    for name, published in (("output", config.output.folder), ("content", config.content.folder)):
        if mail.transport != "smtp" and _below(folder, _resolve(base, published)):
            place = f'the {name} folder "{published}"'
            yield where, f'the messages in "{mail.folder}" would be published with {place}'


def _below(folder: str, other: str) -> bool:
    """Return whether a folder is another one, or inside it."""
    return f"{folder}/".startswith(f"{other.rstrip('/')}/")


def _folders(config: Config, base: str) -> Iterator[tuple[str, str]]:
    """Check that the output folder does not overlap the content and template folders."""
    output = _resolve(base, config.output.folder)
    content = _resolve(base, config.content.folder)
    templates = _resolve(base, config.pages.templates)
    names = f'the output folder "{config.output.folder}"'
    place = f'the content folder "{config.content.folder}"'
    if output == content:
        yield "content.folder", f"{names} is also the content folder; choose another"
    elif _below(output, content):
        yield "content.folder", f"{names} is inside {place}; keep them separate"
    elif _below(content, output):
        yield "content.folder", f"{names} contains {place}; keep them separate"
    elif _below(templates, output):
        place = f'the templates "{config.pages.templates}"'
        yield "pages.templates", f"{names} contains {place}; keep them separate"


def _resolve(base: str, folder: str) -> str:
    """Return a folder's absolute path, without touching the disk."""
    return posixpath.normpath(posixpath.join(_SOMEWHERE, base, folder.replace("\\", "/")))
