"""What a reader follows, and how often → the sentence that tells them so at the end of a mail."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from feedpub.content.library import Library
from feedpub.models.newsletter import CADENCES, Subscriber, SubscriptionFilter
from feedpub.site.templates import Templates


@dataclass(frozen=True, slots=True)
class FilterNames:
    """What a site's tags and authors are called, by slug."""

    tags: Mapping[str, str]
    authors: Mapping[str, str]

    @classmethod
    def from_library(cls, library: Library) -> Self:
        """Give the names that stand in a library."""
        subjects = (*library.tags, *library.categories)
        return cls(
            {tag.slug: tag.label for tag, _ in subjects},
            {author.slug: author.name for author, _ in library.authors},
        )


class FilterDescriber:
    """Tells readers what they asked for; as many ask for the same, each sentence is made once."""

    def __init__(self, templates: Templates, names: FilterNames) -> None:
        self._templates = templates
        self._names = names
        self._sentences: dict[tuple[SubscriptionFilter, str, str], str] = {}

    def describe(self, subscriber: Subscriber, language: str) -> str:
        """Give one line of plain text; tags and authors that are gone have their slugs."""
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
