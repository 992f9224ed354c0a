"""What a reader follows, and how often → the sentence that tells them so at the end of a mail."""

from collections.abc import Iterable, Mapping

from feedpub.library import Library
from feedpub.mailing import CADENCES, Follows, Subscriber
from feedpub.templates import Templates


class Following:
    """Tells readers what they asked for; as many ask for the same, each sentence is made once."""

    def __init__(self, templates: Templates, library: Library) -> None:
        self._templates = templates
        subjects = (*library.tags, *library.categories)
        self._tags = {tag.slug: tag.label for tag, _ in subjects}
        self._authors = {author.slug: author.name for author, _ in library.authors}
        self._told: dict[tuple[Follows, str, str], str] = {}

    def sentence(self, subscriber: Subscriber, language: str) -> str:
        """Give one line of plain text; tags and authors that are gone have their slugs."""
        wanted = subscriber.follows, subscriber.cadence, language
        if wanted not in self._told:
            self._told[wanted] = self._tell(*wanted)
        return self._told[wanted]

    def _tell(self, follows: Follows, cadence: str, language: str) -> str:
        text = self._templates.said(language).text
        comma = text("comma")

        def named(slugs: Iterable[str], names: Mapping[str, str]) -> str:
            return comma.join(names.get(slug, slug) for slug in slugs)

        parts = [
            text("follows-tags", names=named(follows.tags, self._tags)) if follows.tags else "",
            text("follows-authors", names=named(follows.authors, self._authors))
            if follows.authors
            else "",
        ]
        what = "" if follows.everything else comma.join(filter(None, parts))
        known = cadence if cadence in CADENCES else "digest"
        often = text(f"often-{known}")
        return text("follows", what=what or text("follows-all"), often=often)
