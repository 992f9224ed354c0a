"""The site as it is now → all that the pages for its readers are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from feedpub import files, site
from feedpub.digests import FilterDescriber, FilterNames
from feedpub.files import BuildCache
from feedpub.model import MenuLink, SignupOptions
from feedpub.newsletter.desk import NewsletterContext
from feedpub.publish.building import compute_cache_version
from feedpub.publish.kept import BuildState
from feedpub.publish.making import load_templates, prepare_site
from feedpub.publish.request import BuildRequest
from feedpub.templates import Templates


@dataclass(frozen=True, slots=True)
class PageContext:
    """One state of the site; whoever runs for long sets a new one when the site has changed."""

    newsletter: NewsletterContext
    templates: Templates
    describer: FilterDescriber
    signup_options: SignupOptions
    menu: tuple[MenuLink, ...] = ()


def load_page_context(
    request: BuildRequest, desk: NewsletterContext, kept: BuildState | None = None
) -> PageContext:
    """Read the site; of what was kept by the last build, only what has changed since.

    A build that goes on is waited for.
    """
    where = desk.paths
    waiting: Callable[[], None] = partial(request.progress, "waiting for a build to end", 0, 0)
    with files.lock_folder(where.cache, waiting):
        return files.retry_on_corrupt_cache(
            where.cache, partial(_load_page_context, request, desk, kept)
        )


def _load_page_context(
    request: BuildRequest, desk: NewsletterContext, kept: BuildState | None
) -> PageContext:
    where = desk.paths
    memory = BuildCache(
        where.cache, compute_cache_version(files.compute_program_digest(), desk.config)
    )
    known = kept.prepared if kept and kept.inputs.paths == where else None
    entries = files.scan(where.content, follow_links=where.config.content.follow_links)
    made = prepare_site(request, where, entries, memory, known=known)
    templates = load_templates(where, files.read_templates(where.templates))
    following = FilterDescriber(templates, FilterNames.from_library(made.library))
    choices = site.build_signup_options(desk.config, made.library)
    return PageContext(desk, templates, following, choices, made.plan.menu)
