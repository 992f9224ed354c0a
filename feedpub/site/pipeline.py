"""Prepare a build: classify and read the content folder, build the library, plan the site.

`prepare_site` is shared by `build`, `check` and `import_check`.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath

from feedpub.app import BuildRequest, Counts, SitePaths
from feedpub.config.schema import (
    Config,
    HooksConfig,
    MailConfig,
    RunConfig,
    SubscribersConfig,
    WebConfig,
)
from feedpub.content import assets
from feedpub.content import library as content_library
from feedpub.content.library import Library
from feedpub.feeds import urls
from feedpub.files import packaged, scanner
from feedpub.files.cache import BuildCache, ReadResult, RenderCache
from feedpub.files.scanner import FileEntry
from feedpub.models.content import ParsedPost, Post, Problem, Publication
from feedpub.models.newsletter import Issue
from feedpub.site import outputs
from feedpub.site import plan as site_plan
from feedpub.site.changed_paths import select_below
from feedpub.site.plan import SitePlan
from feedpub.site.pool import ReaderPool
from feedpub.site.read_posts import ContentListing, classify_files, read_posts
from feedpub.site.templates import Templates


@dataclass(frozen=True, slots=True)
class PreparedSite:
    """A site that has been read and planned but not written."""

    contents: ContentListing
    read_results: Mapping[str, ReadResult]  # by source path, in order
    library: Library
    plan: SitePlan
    lost_workers: tuple[Problem, ...] = ()  # worker processes killed while reading
    unfinished: tuple[Problem, ...] = ()  # files still being written

    def count(self) -> Counts:
        """Return the number of files, posts, feeds and pages."""
        nameless = sum(each.left_out for each in self.contents.problems)
        shown = (self.library.posts, self.library.pages, self.library.unlisted)
        return Counts(
            files=len(self.read_results) + self.contents.ignored_count + nameless,
            published=sum(map(len, shown)),
            drafts=self.library.drafts,
            scheduled=self.library.scheduled,
            ignored=self.contents.ignored_count + self.library.expired + self.library.private,
            feeds=sum(len(feed.formats) for feed in (*self.plan.feeds, *self.plan.archives)),
            pages=len(self.plan.pages),
        )

    def list_changed_feeds(self, config: Config, written: Iterable[str]) -> tuple[str, ...]:
        """Return the URLs of the feeds among the written files."""
        addresses = {
            feed.folder + urls.get_filename(feed, fmt): urls.build_feed_url(config, feed, fmt)
            for feed in self.plan.feeds
            for fmt in feed.formats
        }
        return tuple(addresses[path] for path in written if path in addresses)

    def find_new_posts(self, known: Container[str]) -> tuple[Post, ...]:
        """Return the posts whose pages are not among the known files."""
        own = self.library.posts
        return tuple(post for post in own if post.output_path and post.output_path not in known)

    def collect_problems(self) -> Iterator[Problem]:
        """Yield every problem of the content, with paths below the content folder."""
        yield from self.contents.problems
        yield from self.contents.report_withheld(self.library.files)
        yield from self.library.problems
        yield from self.lost_workers
        yield from self.unfinished
        for reading in self.read_results.values():
            if reading.problem:
                yield reading.problem
            yield from reading.manuscript.problems if reading.manuscript else ()
        yield from _spaced_tags(each.manuscript for each in self.read_results.values())

    def collect_notes(self) -> Iterator[Problem]:
        """Yield the parts of posts that cannot be shown as written, with paths below the folder."""
        for reading in self.read_results.values():
            yield from reading.manuscript.notes if reading.manuscript else ()


def _spaced_tags(parsed_posts: Iterable[ParsedPost | None]) -> Iterator[Problem]:
    """Report once, at the first case, tags that look separated by spaces."""
    found = [one for one in parsed_posts if one and one.spaced_tags_line]
    if found:
        more = f"; same for {len(found) - 1:,} more" if len(found) > 1 else ""
        message = (
            "this text counts as one tag; if spaces separate several, use commas, or "
            f"set `content: {{tags_split: space}}`{more}"
        )
        yield Problem(found[0].path, found[0].spaced_tags_line, message)


def prepare_site(  # noqa: PLR0913 - everything a site is made from
    request: BuildRequest,
    where: SitePaths,
    entries: Sequence[FileEntry],
    memory: BuildCache,
    issues: Sequence[Issue] = (),
    known: PreparedSite | None = None,
    *,
    pool: ReaderPool | None = None,
    keep: bool = True,
    published: Mapping[str, Publication] | None = None,
    anew: bool = False,
) -> PreparedSite:
    """Read the files that may have changed, and plan the site.

    `issues` are the digest issues that have been sent. `known` is the result of an earlier build in
    this process, whose unchanged parts are reused. `published` is what posts were published as,
    by default as recorded in the output folder. With `keep` False the results of reading are not
    cached; with `anew` every file is read, cached or not.
    """
    if published is None:
        published = scanner.read_publications(where.output)
    follow_links = where.config.content.follow_links
    peek = partial(scanner.read_head, where.content, assets.SNIFF_BYTES, follow_links=follow_links)
    contents = classify_files(entries, where.config, peek)
    progress = partial(request.progress, "reading")
    readings = read_posts(
        where.config,
        where.content,
        contents.sources,
        memory,
        progress,
        {} if anew else known.read_results if known else None,
        pool=pool,
        unfinished=select_below(where.content, request.unfinished),
        keep=keep,
    )
    resolved = content_library.build_library(
        where.config,
        (each.manuscript for each in readings.by_path.values() if each.manuscript),
        {entry.path: entry.size for entry in contents.assets},
        request.now,
        drafts=request.drafts,
        future=request.future,
        linkable=contents.list_linkable(),
        known=known.library if known else None,
        published=published,
        unread=(path for path, each in readings.by_path.items() if each.manuscript is None),
    )
    planned = site_plan.plan_site(where.config, resolved, issues, known.plan if known else None)
    return PreparedSite(
        contents, readings.by_path, resolved, planned, readings.lost_workers, readings.unfinished
    )


def load_templates(where: SitePaths, user: Mapping[str, str]) -> Templates:
    """Return the templates; the user's own override the packaged ones."""
    address = partial(urls.build_feed_url, where.config)
    return Templates(
        where.config, user, packaged.read_templates(packaged.find_packaged_templates()), address
    )


def create_site_context(
    where: SitePaths, templates: Templates, code: str, bodies: RenderCache
) -> outputs.SiteContext:
    """Return what outputs are rendered with; `code` is the digest of the program."""
    # Leave out settings that affect no page, so that changing them renders nothing again. Whether
    # sign-up is enabled, and on which host, does affect pages.
    own = where.config.subscribers
    readers = SubscribersConfig(form=own.form, host=own.host)
    shown = replace(
        where.config,
        mail=MailConfig(),
        subscribers=readers,
        hooks=HooksConfig(),
        run=RunConfig(),
        web=WebConfig(),
    )
    base = scanner.compute_digest(repr((code, shown)).encode())
    return outputs.SiteContext(where.config, templates, bodies, base)


def normalize_problems(problems: Iterator[Problem], folder: str) -> tuple[Problem, ...]:
    """Return problems sorted and without duplicates, with paths as a user would type them."""
    found = {
        Problem(str(PurePosixPath(folder) / each.path), each.line, each.message, each.left_out)
        for each in problems
    }
    return tuple(sorted(found, key=lambda each: (each.path, each.line, each.message)))
