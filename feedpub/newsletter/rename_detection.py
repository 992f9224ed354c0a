"""Recognise posts that the newsletter has seen before, wherever their files are now.

A post whose file was renamed has another id, and all posts have when the site moves to another
host. Nobody wants to be mailed them again; and a new post in an old place has to be mailed.
`recognise` is the entry point; the newsletter calls it whenever it reads the site.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import chain, count

from feedpub.content.library.post_ids import strip_authority
from feedpub.models.content import HtmlRenderer, Post
from feedpub.models.newsletter import SeenPost
from feedpub.models.text import quote
from feedpub.newsletter import html as newsletter_html

RENAME_WINDOW = timedelta(days=30)
"""How long after its file has gone a post is known again by its text. Later it is a repeat: the
opening hours at Christmas, say, which are news every year."""

_LONG = 80  # letters of a text that nobody writes twice by chance
_REFERENCES = ("src", "href", "poster")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class MatchedPosts:
    """Posts by their names, and what is to be remembered for the next time."""

    posts: tuple[Post, ...]
    changed: Mapping[str, SeenPost]  # by `specific` id: what is new, and what has changed
    removed: tuple[str, ...]  # likewise: where posts were that are elsewhere now


def match_renamed(
    posts: Iterable[Post], known: Mapping[str, SeenPost], html: HtmlRenderer, now: datetime
) -> MatchedPosts:
    """Return posts under the ids that the newsletter knows them by.

    `known` is by `specific` id. A post is known where it was, unless another one there now has
    what it had: then it has moved, and what took its place is new. Of a post that is not where it
    was, title and date are looked for, and its text with either; a long text is enough by itself.
    `html` gives the HTML as it was written, references not yet filled in, and is called only for
    posts whose files have changed.
    """
    matching = _Matcher({strip_authority(post.id): post for post in posts}, known, html, now)
    matching.run()
    return matching.build_result()


def hash_metadata(post: Post) -> str:
    """Hash the title and the date of a post."""
    return _hash(f"{_date(post)} {post.title}")


def hash_content(html: str) -> str:
    """Hash the words of a post and the files it shows, wherever these lie; "" where it has none.

    A long text is told by a "+", since it says more than "See below".
    """
    root = newsletter_html.parse_html(html)
    words = " ".join(_WORD.findall(newsletter_html.get_text(root).casefold()))
    files = [
        _file(url) for each in root.iter() for name in _REFERENCES if (url := each.get(name, ""))
    ]
    if not words and not files:
        return ""
    return _hash("\n".join((words, *files))) + "+" * (len(words) >= _LONG)


class _Matcher:
    """Finds out which of the posts that are known each post is."""

    def __init__(
        self,
        present: Mapping[str, Post],
        known: Mapping[str, SeenPost],
        html: HtmlRenderer,
        now: datetime,
    ) -> None:
        self._known = known
        self._now = now
        self._present = present
        self._traits = {place: self._describe(place, html) for place in present}
        self._assigned: dict[str, str] = {}
        self._unassigned = dict.fromkeys(present)  # places, in order
        self._unmatched = dict.fromkeys(known)  # places where something was that is not found yet
        self._removed: list[str] = []

    def run(self) -> None:
        """Name every post, by what is the surest first."""
        self._match_in_place(
            lambda old, new: (old.mark, old.text or new.text) == (new.mark, new.text)
        )
        self._match_moved(lambda one: one.text and f"{one.mark} {one.text}")
        self._match_in_place(lambda old, new: old.mark == new.mark or old.text == new.text != "")
        self._match_moved(
            lambda one: one.text and one.title and f"{one.title} {one.text}", lately=True
        )
        self._match_moved(
            lambda one: one.text and one.date and f"{one.date} {one.text}", lately=True
        )
        self._match_moved(lambda one: one.mark)
        self._match_moved(lambda one: one.text.endswith("+") and one.text, lately=True)
        self._match_in_place(self._is_edited)
        taken = {each.name for each in self._known.values()}
        for place in self._unassigned:
            identity = self._present[place].id
            self._assigned[place] = next(
                each for each in _candidate_ids(identity) if each not in taken
            )
            taken.add(self._assigned[place])

    def build_result(self) -> MatchedPosts:
        """Give the posts by their names."""
        current = {
            place: replace(traits, name=self._assigned[place])
            for place, traits in self._traits.items()
        }
        gone = {
            place: replace(each, gone=self._now)
            for place, each in self._known.items()
            if place in self._unmatched and place not in current and each.gone is None
        }
        changed = {place: one for place, one in current.items() if self._known.get(place) != one}
        return MatchedPosts(
            posts=tuple(
                _with_id(post, self._assigned[place]) for place, post in self._present.items()
            ),
            changed={**changed, **gone},
            removed=tuple(each for each in self._removed if each not in current),
        )

    def _describe(self, place: str, html: HtmlRenderer) -> SeenPost:
        """Tell what a post is known by; its name is found later."""
        post, before = self._present[place], self._known.get(place)
        is_read = before is not None and before.body == post.body_key
        text = before.text if before and is_read else hash_content(html(post))
        return SeenPost(
            "", hash_metadata(post), _hash(post.title), _hash(_date(post)), text, post.body_key
        )

    def _match_in_place(self, is_same: Callable[[SeenPost, SeenPost], bool]) -> None:
        """Keep the names of posts that are where they were and the same."""
        for place in [each for each in self._unassigned if each in self._unmatched]:
            if is_same(self._known[place], self._traits[place]):
                self._assign(place, place)

    def _match_moved(self, key: Callable[[SeenPost], str | bool], *, lately: bool = False) -> None:
        """Name posts after those that are not where they were and have the same key."""
        if not self._unassigned or not self._unmatched:
            return
        free: dict[str | bool, list[str]] = {}
        for place in self._unmatched:
            one = self._known[place]
            is_old = lately and one.gone is not None and self._now - one.gone > RENAME_WINDOW
            if not is_old and not self._is_pinned(place):
                free.setdefault(key(one), []).append(place)
        for place in list(self._unassigned):
            wanted = key(self._traits[place])
            if wanted and free.get(wanted) and not self._is_pinned(place):
                self._assign(place, free[wanted].pop(0))

    def _assign(self, place: str, before: str) -> None:
        self._assigned[place] = self._known[before].name
        del self._unassigned[place]
        del self._unmatched[before]
        if place != before:
            self._removed.append(before)

    def _is_edited(self, old: SeenPost, new: SeenPost) -> bool:
        """Tell whether a post is the one that was there before, whatever else has changed.

        Not where that was gone meanwhile and nothing of it is left: it was deleted, and this is
        another one.
        """
        if old.gone is None or not old.body:
            return True
        return old.title == new.title or old.date == new.date or old.text == new.text

    def _is_pinned(self, place: str) -> bool:
        """Tell whether the author of a post that is where it was says which post it is."""
        post = self._present.get(place)
        return post is not None and place in self._known and place != quote(post.path)


def _hash(told: str) -> str:
    return blake2b(told.encode(errors="replace"), digest_size=12).hexdigest()


def _date(post: Post) -> str:
    return post.published.astimezone(UTC).isoformat()


def _file(url: str) -> str:
    """Return the name of a file, which stays when its folder or its host is another one."""
    return url.partition("#")[0].partition("?")[0].rpartition("/")[2]


def _candidate_ids(identity: str) -> Iterable[str]:
    """Give names for a post; the first may be that of another, whose file was here before."""
    return chain((identity,), (f"{identity}#{number}" for number in count(2)))


def _with_id(post: Post, name: str) -> Post:
    return post if post.id == name else replace(post, id=name)
