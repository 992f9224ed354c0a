"""Describe in a sentence what a subscriber receives, for mail footers and web pages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from feedpub.content.library import Library
from feedpub.models.newsletter import CADENCES, Subscriber, SubscriptionFilter
from feedpub.site.templates import Templates


@dataclass(frozen=True, slots=True)
class FilterNames:
    """Display names of a site's tags and authors, by slug."""

    tags: Mapping[str, str]
    authors: Mapping[str, str]

    @classmethod
    def from_library(cls, library: Library) -> Self:
        """Return the names of a library's tags, categories and authors."""
        subjects = (*library.tags, *library.categories)
        return cls(
            {tag.slug: tag.label for tag, _ in subjects},
            {author.slug: author.name for author, _ in library.authors},
        )


class FilterDescriber:
    """Describes subscriptions; caches sentences, since many subscribers share a filter."""

    def __init__(self, templates: Templates, names: FilterNames) -> None:
        self._templates = templates
        self._names = names
        self._sentences: dict[tuple[SubscriptionFilter, str, str], str] = {}

    def describe(self, subscriber: Subscriber, language: str) -> str:
        """Return one line of plain text; unknown tags and authors are named by their slugs."""
        wanted = subscriber.follows, subscriber.cadence, language
        if wanted not in self._sentences:
            self._sentences[wanted] = self._build_sentence(*wanted)
        return self._sentences[wanted]

    def _build_sentence(self, follows: SubscriptionFilter, cadence: str, language: str) -> str:
        text = self._templates.get_translator(language).gettext
        comma = text("comma")

        def named(slugs: Iterable[str], names: Mapping[str, str]) -> str:
            return comma.join(names.get(slug, slug) for slug in slugs)

        parts = [
            text("follows-tags", names=named(follows.tags, self._names.tags))
            if follows.tags
            else "",
            text("follows-authors", names=named(follows.authors, self._names.authors))
            if follows.authors
            else "",
        ]
        what = "" if follows.everything else comma.join(filter(None, parts))
        known = cadence if cadence in CADENCES else "digest"
        often = text(f"often-{known}")
        return text("follows", what=what or text("follows-all"), often=often)
