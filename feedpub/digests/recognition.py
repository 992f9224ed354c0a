"""The posts there are, and those the newsletter knows → the same posts, by the names it knows.

A post whose file was renamed has another id, and all posts have when the site moves to another
host. Nobody wants to be mailed them again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from hashlib import blake2b
from itertools import chain, count

from feedpub.library.identity import specific
from feedpub.mailing import Known
from feedpub.model import Post


@dataclass(frozen=True, slots=True)
class Recognised:
    """Posts by their names, and what is to be remembered for the next time."""

    posts: tuple[Post, ...]
    learnt: Mapping[str, Known]  # by `specific` id: what is new, and what has changed
    forgotten: tuple[str, ...]  # likewise: where posts were that are elsewhere now


def recognise(posts: Iterable[Post], known: Mapping[str, Known]) -> Recognised:
    """Give posts the ids that the newsletter knows them by.

    `known` is by `specific` id. A post that is not known is one that was, where that is no longer
    there, and has the same title and date; else it is new, and its id is its name.
    """
    present = {specific(post.id): post for post in posts}
    marks = {place: mark(post) for place, post in present.items()}
    gone: dict[str, list[tuple[str, str]]] = {}
    for place, each in known.items():
        if place not in present:
            gone.setdefault(each.mark, []).append((place, each.name))
    names = {place: known[place].name for place in present if place in known}
    taken = {each.name for each in known.values()}
    forgotten: list[str] = []
    for place, post in present.items():
        if place in names:
            continue
        if gone.get(marks[place]):
            before, names[place] = gone[marks[place]].pop()
            forgotten.append(before)
        else:
            names[place] = next(each for each in _names(post.id) if each not in taken)
            taken.add(names[place])
    current = {place: Known(names[place], marks[place]) for place in present}
    return Recognised(
        posts=tuple(_named(post, names[place]) for place, post in present.items()),
        learnt={place: each for place, each in current.items() if known.get(place) != each},
        forgotten=tuple(forgotten),
    )


def mark(post: Post) -> str:
    """Give what a post is known by when its file has moved: its title and its date."""
    told = f"{post.published.astimezone(UTC).isoformat()} {post.title}"
    return blake2b(told.encode(errors="replace"), digest_size=12).hexdigest()


def _names(identity: str) -> Iterable[str]:
    """Give names for a post; the first may be that of another, whose file was here before."""
    return chain((identity,), (f"{identity}#{number}" for number in count(2)))


def _named(post: Post, name: str) -> Post:
    return post if post.id == name else replace(post, id=name)
