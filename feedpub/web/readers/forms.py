"""The fields of a form → what somebody wants, or what they should look at again."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from feedpub import roster
from feedpub.mailing import CADENCES, Follows, Subscriber, Wish
from feedpub.model import SignUp

TRAP = "subject"
"""A field that people do not see, and programs fill in."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a field."""

    field: str  # the id of its element
    words: str  # the key of what is said about it


@dataclass(frozen=True, slots=True)
class Given:
    """What a form holds: as it was filled in, or as it is to be shown first."""

    address: str = ""
    everything: bool = True
    tags: tuple[str, ...] = ()  # slugs, sorted
    authors: tuple[str, ...] = ()  # slugs, sorted
    cadence: str = "digest"
    language: str = ""
    is_trapped: bool = False
    faults: tuple[Fault, ...] = ()

    @property
    def follows(self) -> Follows:
        """What it says somebody follows."""
        return Follows() if self.everything else Follows(False, self.tags, self.authors)  # noqa: FBT003

    @property
    def wish(self) -> Wish:
        """What it asks for."""
        return Wish(self.address, self.follows, self.cadence, self.language)


def signup(fields: Iterable[tuple[str, str]], choices: SignUp) -> Given:
    """Read the form of somebody who signs up."""
    pairs = tuple(fields)
    given = _given(pairs, choices, Follows())
    address = _last(pairs, "address").strip()
    faults = (*_address_faults(address), *given.faults)
    trapped = bool(_last(pairs, TRAP).strip())
    return Given(
        address=address,
        everything=given.everything,
        tags=given.tags,
        authors=given.authors,
        cadence=given.cadence,
        language=given.language,
        is_trapped=trapped,
        faults=faults,
    )


def preferences(fields: Iterable[tuple[str, str]], choices: SignUp, reader: Subscriber) -> Given:
    """Read the form of somebody who is a reader; what they follow may be there no more."""
    return _given(tuple(fields), choices, reader.follows)


def shown(reader: Subscriber) -> Given:
    """Give the form as somebody finds it who is a reader."""
    follows = reader.follows
    return Given(
        address=reader.address,
        everything=follows.everything,
        tags=follows.tags,
        authors=follows.authors,
        cadence=reader.cadence,
        language=reader.language,
    )


def _given(pairs: Sequence[tuple[str, str]], choices: SignUp, kept: Follows) -> Given:
    """Read what both forms have; nobody follows what nobody offers, or has followed before."""
    tags = _chosen(pairs, "tag", {tag.slug for tag in choices.tags} | set(kept.tags))
    authors = {author.slug for author in choices.authors} | set(kept.authors)
    writers = _chosen(pairs, "author", authors)
    follow = _last(pairs, "follow")
    everything = follow == "everything" or not (follow or tags or writers)
    cadence, language = _last(pairs, "cadence"), _last(pairs, "language")
    lacking = not (everything or tags or writers)
    return Given(
        everything=everything,
        tags=tags,
        authors=writers,
        cadence=cadence if cadence in CADENCES else "digest",
        language=language if language in choices.languages else "",
        faults=(Fault("some", "wanted-none"),) if lacking else (),
    )


def _address_faults(address: str) -> tuple[Fault, ...]:
    if not address:
        return (Fault("address", "address-missing"),)
    try:
        roster.canonical(address)
    except roster.Faulty:
        return (Fault("address", "address-wrong"),)
    return ()


def _chosen(pairs: Sequence[tuple[str, str]], name: str, known: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted({value for key, value in pairs if key == name and value in known}))


def _last(pairs: Sequence[tuple[str, str]], name: str) -> str:
    return next((value for key, value in reversed(pairs) if key == name), "")
