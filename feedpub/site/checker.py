"""Check a site without writing it: configuration, content, templates, internal links and feeds."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from functools import partial
from html import unescape
from itertools import chain
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import etree

from feedpub.app import BuildRequest, ProgressCallback, SitePaths, Summary, resolve_paths
from feedpub.config.schema import Config
from feedpub.content.library import Library
from feedpub.feeds import urls
from feedpub.files import cache, lock, packaged, scanner
from feedpub.files.cache import BuildCache
from feedpub.models.content import Body, OutputFile, ParsedPost, Problem, StaticFile
from feedpub.site import outputs, plan
from feedpub.site.archived_issues import load_archived_issues
from feedpub.site.builder import compute_cache_version
from feedpub.site.id_changes import find_changed_authority, find_renamed_files
from feedpub.site.pipeline import (
    PreparedSite,
    create_site_context,
    load_templates,
    normalize_problems,
    prepare_site,
)

_ID = re.compile(r'\sid="([^"]*+)"')


def check(request: BuildRequest) -> Summary:
    """Return all problems of the site; nothing is written.

    Raises FeedpubError if the configuration or a template cannot be used.
    """
    where = resolve_paths(request, sends=False)
    with lock.lock_folder(where.cache, partial(request.progress, "waiting", 0, 0)):
        return cache.retry_on_corrupt_cache(where.cache, partial(_check, request, where))


def _check(request: BuildRequest, where: SitePaths) -> Summary:
    """Read, plan and render as a build does, and collect the problems."""
    config = where.config
    code = packaged.compute_program_digest()
    memory = BuildCache(where.cache, compute_cache_version(code, config))
    known = memory.load_read_results()
    record = load_archived_issues(where, request.config_path, memory, keep=False)
    entries = scanner.scan(where.content, follow_links=config.content.follow_links)
    making = prepare_site(request, where, entries, memory, record.issues, keep=False)
    parsed_posts = {
        each.path: each.manuscript
        for each in making.read_results.values()
        if each.manuscript is not None
    }
    templates = load_templates(where, packaged.read_templates(where.templates))
    faults = list(templates.check())
    with closing(memory.open_bodies()) as bodies:
        made_with = create_site_context(where, templates, code, bodies)
        wanted = list(outputs.build_outputs(made_with, making.library, making.plan))
        faults += _check_outputs(where, making, wanted, request.progress)
        looked_up = (config, making.library, parsed_posts, _LinkTargets(wanted, bodies))
        dead = (*find_broken_links(*looked_up), *_find_broken_redirects(*looked_up))
    found = chain(
        making.collect_problems(),
        making.collect_notes(),
        find_renamed_files(config, known, parsed_posts),
        dead,
    )
    return Summary(
        **asdict(making.count()),
        written=0,
        unchanged=len(wanted) - len(faults),
        removed=0,
        problems=(
            *normalize_problems(found, config.content.folder),
            *find_changed_authority(config, memory.load_build(where.output), request.config_path),
            *plan.find_missing_pages(config, making.library, str(request.config_path)),
            *record.problems,
            *faults,
        ),
        folder=str(where.output),
    )


def _check_outputs(
    where: SitePaths,
    making: PreparedSite,
    wanted: Sequence[OutputFile | StaticFile],
    progress: ProgressCallback,
) -> Iterator[Problem]:
    """Render each template once, and compare the feeds with those in the output folder.

    Raises TemplateError if a page cannot be rendered.
    """
    documents = {
        feed.folder + urls.get_filename(feed, form)
        for feed in (*making.plan.feeds, *making.plan.archives)
        for form in feed.formats
    }
    tried = {page.template: page.path for page in making.plan.pages}.values()
    made = [each for each in wanted if isinstance(each, OutputFile)]
    stale: list[str] = []
    for number, each in enumerate(made, 1):
        progress("checking", number, len(made))
        if each.path in tried:
            each.render()
        elif each.path in documents:
            data = _read_or_empty(where.output / each.path)
            fault = _broken(each.path, data)
            if data and fault:
                yield Problem(str(where.output / each.path), 0, f"{fault}; run feedpub build")
            elif data != each.render():
                stale.append(each.path)
    if stale and scanner.is_built(where.output):  # before the first build, missing feeds are normal
        fault = f"{len(stale)} of {len(documents)} feeds are missing or out of date (such as "
        yield Problem(str(where.output), 0, f"{fault}{stale[0]}); run feedpub build")


def _read_or_empty(path: Path) -> bytes:
    """Return the content of a file, b"" if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


class _LinkTargets:
    """The targets of internal links: the files of the site and the ids within its pages."""

    def __init__(
        self, wanted: Iterable[OutputFile | StaticFile], bodies: Callable[[str], str]
    ) -> None:
        self._wanted = {each.path: each for each in wanted}
        self._bodies = bodies
        self._ids: dict[str, set[str]] = {}  # ids in the body of a post, by its digest

    def find(self, url: str, base: str) -> str | None:
        """Return the file that a URL of this site leads to, None if there is none."""
        path = unquote(urlsplit(url).path).removeprefix(unquote(urlsplit(base).path))
        folder = path if path.endswith("/") or not path else f"{path}/"
        found = (each for each in (path, f"{folder}index.html") if each in self._wanted)
        return next(found, None)

    def has_id(self, path: str, name: str, body: str) -> bool:
        """Return whether a page has an id; `body` is the digest of its post's body, or ""."""
        if body:
            if body not in self._ids:
                html = "".join(Body.loads(self._bodies(body)).pieces[::2])
                self._ids[body] = _ids(html)
            if name in self._ids[body]:
                return True
        page = self._wanted[path]
        return not isinstance(page, OutputFile) or name in _ids(page.render().decode())


def _ids(html: str) -> set[str]:
    return {unescape(each) for each in _ID.findall(html)}


def find_broken_links(
    config: Config, resolved: Library, parsed_posts: Mapping[str, ParsedPost], targets: _LinkTargets
) -> Iterator[Problem]:
    """Yield a problem for each link or image in a post whose internal target does not exist."""
    found = (*resolved.posts, *resolved.pages, *resolved.unlisted)
    posts = {post.output_path: post.body_key for post in found if post.output_path}
    reported = _links_by_place(resolved.problems)
    for post in found:
        lines = {each.target: each.line for each in parsed_posts[post.path].references}
        for target, url in post.links:
            if not url.startswith(config.site.url):
                continue
            written = target.removeprefix("{site}")
            path = targets.find(url, config.site.url)
            if path is None:
                told = reported.get((post.path, lines[target]), ())
                # `build` already reports links to missing files.
                if any(each.startswith(f'link to "{target}": ') for each in told):
                    continue
                if post.output_path or not target.startswith("#"):
                    yield Problem(
                        post.path, lines[target], f'link to "{written}": target not found'
                    )
                continue
            name = unquote(url.partition("#")[2])
            if not name or name.lower() == "top" or ":~:" in name or not path.endswith(".html"):
                continue
            if not targets.has_id(path, name, posts.get(path, "")):
                fault = f'link to "{written}": no heading or anchor of that name'
                yield Problem(post.path, lines[target], fault)


def _find_broken_redirects(
    config: Config, resolved: Library, parsed_posts: Mapping[str, ParsedPost], targets: _LinkTargets
) -> Iterator[Problem]:
    """Yield a problem for each post that redirects to a missing page of this site."""
    for post in (*resolved.posts, *resolved.pages, *resolved.unlisted):
        own = post.redirect_url.startswith(config.site.url)
        if own and targets.find(post.redirect_url, config.site.url) is None:
            (asked,) = parsed_posts[post.path].redirect_to
            fault = f'redirect_to "{asked.target}": target not found'
            yield Problem(post.path, asked.line, fault)


def _links_by_place(problems: Iterable[Problem]) -> dict[tuple[str, int], list[str]]:
    """Group the messages about links by path and line."""
    found: dict[tuple[str, int], list[str]] = {}
    for each in problems:
        if each.message.startswith("link to "):
            found.setdefault((each.path, each.line), []).append(each.message)
    return found


def _broken(path: str, data: bytes) -> str:
    """Return why a document is malformed, "" if it is not."""
    try:
        if path.endswith(".json"):
            json.loads(data)
        else:
            etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except ValueError as error:
        return f"is not JSON ({error})"
    except etree.XMLSyntaxError as error:
        return f"is not well-formed XML ({error})"
    return ""
