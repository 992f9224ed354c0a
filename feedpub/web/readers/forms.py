"""The fields of a form → what somebody wants, or what they should look at again."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from feedpub import roster
from feedpub.mailing import CADENCES, SignupRequest, Subscriber, SubscriptionFilter
from feedpub.model import SignupOptions

HONEYPOT = "subject"
"""A field that people do not see, and programs fill in."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with a field."""

    field: str  # the id of its element
    words: str  # the key of what is said about it


@dataclass(frozen=True, slots=True)
class FormData:
    """What a form holds: as it was filled in, or as it is to be shown first."""

    address: str = ""
    everything: bool = True
    tags: tuple[str, ...] = ()  # slugs, sorted
    authors: tuple[str, ...] = ()  # slugs, sorted
    cadence: str = "digest"
    language: str = ""
    is_spam: bool = False
    faults: tuple[FieldError, ...] = ()

    @property
    def follows(self) -> SubscriptionFilter:
        """What it says somebody follows."""
        return (
            SubscriptionFilter()
            if self.everything
            else SubscriptionFilter(everything=False, tags=self.tags, authors=self.authors)
        )

    @property
    def signup_request(self) -> SignupRequest:
        """What it asks for."""
        return SignupRequest(self.address, self.follows, self.cadence, self.language)


def parse_signup(fields: Iterable[tuple[str, str]], choices: SignupOptions) -> FormData:
    """Read the form of somebody who signs up."""
    pairs = tuple(fields)
    given = _parse_common(pairs, choices, SubscriptionFilter())
    address = _last(pairs, "address").strip()
    faults = (*_address_faults(address), *given.faults)
    trapped = bool(_last(pairs, HONEYPOT).strip())
    return FormData(
        address=address,
        everything=given.everything,
        tags=given.tags,
        authors=given.authors,
        cadence=given.cadence,
        language=given.language,
        is_spam=trapped,
        faults=faults,
    )


def parse_preferences(
    fields: Iterable[tuple[str, str]], choices: SignupOptions, reader: Subscriber
) -> FormData:
    """Read the form of somebody who is a reader; what they follow may be there no more."""
    return _parse_common(tuple(fields), choices, reader.follows)


def fill_form(reader: Subscriber) -> FormData:
    """Give the form as somebody finds it who is a reader."""
    follows = reader.follows
    return FormData(
        address=reader.address,
        everything=follows.everything,
        tags=follows.tags,
        authors=follows.authors,
        cadence=reader.cadence,
        language=reader.language,
    )


def _parse_common(
    pairs: Sequence[tuple[str, str]], choices: SignupOptions, kept: SubscriptionFilter
) -> FormData:
    """Read what both forms have; nobody follows what nobody offers, or has followed before."""
    tags = _chosen(pairs, "tag", {tag.slug for tag in choices.tags} | set(kept.tags))
    authors = {author.slug for author in choices.authors} | set(kept.authors)
    writers = _chosen(pairs, "author", authors)
    follow = _last(pairs, "follow")
    everything = follow == "everything" or not (follow or tags or writers)
    cadence, language = _last(pairs, "cadence"), _last(pairs, "language")
    lacking = not (everything or tags or writers)
    return FormData(
        everything=everything,
        tags=tags,
        authors=writers,
        cadence=cadence if cadence in CADENCES else "digest",
        language=language if language in choices.languages else "",
        faults=(FieldError("some", "wanted-none"),) if lacking else (),
    )


def _address_faults(address: str) -> tuple[FieldError, ...]:
    if not address:
        return (FieldError("address", "address-missing"),)
    try:
        roster.normalize_address(address)
    except roster.InvalidValueError:
        return (FieldError("address", "address-wrong"),)
    return ()


def _chosen(pairs: Sequence[tuple[str, str]], name: str, known: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted({value for key, value in pairs if key == name and value in known}))


def _last(pairs: Sequence[tuple[str, str]], name: str) -> str:
    return next((value for key, value in reversed(pairs) if key == name), "")
