"""Recognise posts whose files were renamed or moved, so that they are not mailed again.

A renamed file gives its post another id, and a move to another host changes every id. A new post at
an old place must still be mailed. `match_renamed` is the entry point; the newsletter calls it
whenever it reads the site.
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
"""How long after its file disappeared a post is recognised by its text. After that it counts as a
repeat, such as the Christmas opening hours, which are news every year.
"""

_LONG = 80  # letters; two texts this long are not equal by chance
_REFERENCES = ("src", "href", "poster")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class MatchedPosts:
    """Posts under their known ids, and the changes to save for the next time."""

    posts: tuple[Post, ...]
    changed: Mapping[str, SeenPost]  # new and changed posts, by id without authority
    removed: tuple[str, ...]  # ids without authority that posts have moved away from


def match_renamed(
    posts: Iterable[Post], known: Mapping[str, SeenPost], html: HtmlRenderer, now: datetime
) -> MatchedPosts:
    """Return the posts under the ids by which the newsletter knows them.

    `known` is keyed by ids as `strip_authority` returns them. A post is matched in its place,
    unless another post now has the title, date and text recorded there: then that one has moved,
    and this one is new. A post not found in its place is matched by title and date, by its text
    with either, or by a long text alone. `html` renders a post as written, without resolving
    references, and is called only for posts whose files have changed.
    """
    matching = _Matcher({strip_authority(post.id): post for post in posts}, known, html, now)
    matching.run()
    return matching.build_result()


def hash_metadata(post: Post) -> str:
    """Return a hash of a post's title and date."""
    return _hash(f"{_date(post)} {post.title}")


def hash_content(html: str) -> str:
    """Return a hash of a post's words and the names of its media files, "" if it has neither.

    Names are compared without folder and host. The hash of a long text ends in "+", since it is
    stronger evidence than that of "See below".
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
    """Matches present posts to known ones."""

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
        self._unassigned = dict.fromkeys(present)  # present places not matched yet, in order
        self._unmatched = dict.fromkeys(known)  # known places not found yet
        self._removed: list[str] = []

    def run(self) -> None:
        """Match every post, strongest evidence first."""
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
        """Return the posts under their ids."""
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
        """Return a post's hashes; its id is assigned later."""
        post, before = self._present[place], self._known.get(place)
        is_read = before is not None and before.body == post.body_key
        text = before.text if before and is_read else hash_content(html(post))
        return SeenPost(
            "", hash_metadata(post), _hash(post.title), _hash(_date(post)), text, post.body_key
        )

    def _match_in_place(self, is_same: Callable[[SeenPost, SeenPost], bool]) -> None:
        """Match posts that stayed in their place and are the same."""
        for place in [each for each in self._unassigned if each in self._unmatched]:
            if is_same(self._known[place], self._traits[place]):
                self._assign(place, place)

    def _match_moved(self, key: Callable[[SeenPost], str | bool], *, lately: bool = False) -> None:
        """Match posts to known ones with an equal key that are no longer in their place."""
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
        """Return whether a post is an edited version of the one known at its place.

        It is not if the place was empty meanwhile and title, date and text all differ: then the old
        post was deleted, and this is a new one.
        """
        if old.gone is None or not old.body:
            return True
        return old.title == new.title or old.date == new.date or old.text == new.text

    def _is_pinned(self, place: str) -> bool:
        """Return whether a post in its known place has an id set by its author."""
        post = self._present.get(place)
        return post is not None and place in self._known and place != quote(post.path)


def _hash(told: str) -> str:
    return blake2b(told.encode(errors="replace"), digest_size=12).hexdigest()


def _date(post: Post) -> str:
    return post.published.astimezone(UTC).isoformat()


def _file(url: str) -> str:
    """Return the file name in a URL, which survives a change of folder or host."""
    return url.partition("#")[0].partition("?")[0].rpartition("/")[2]


def _candidate_ids(identity: str) -> Iterable[str]:
    """Yield ids for a new post; the plain one may belong to a post whose file was here before."""
    return chain((identity,), (f"{identity}#{number}" for number in count(2)))


def _with_id(post: Post, name: str) -> Post:
    return post if post.id == name else replace(post, id=name)
