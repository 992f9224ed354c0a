"""What a publisher does with the list of subscribers."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from feedpub import roster
from feedpub.config import checks
from feedpub.errors import FeedpubError
from feedpub.mailing import ACTIVE, CADENCES, STATES, Consent, Fate, Follows, Subscriber
from feedpub.model import Problem
from feedpub.newsletter.desk import Desk, opened
from feedpub.publish.request import Request
from feedpub.roster import RowFault
from feedpub.slugs import slugify
from feedpub.store import Imported
from feedpub.text import clean, nearest


@dataclass(frozen=True, slots=True)
class Import:
    """What an import did, or would do, and the rows it could not use."""

    imported: Imported
    faults: tuple[Problem, ...]


def add(  # noqa: PLR0913 - all that is known of a reader
    request: Request,
    address: str,
    *,
    name: str = "",
    tags: tuple[str, ...] = (),
    authors: tuple[str, ...] = (),
    cadence: str = "digest",
    language: str = "",
) -> Subscriber:
    """Add somebody who asked the publisher for it, and is mailed without confirming.

    Who left, bounced or complained stays so. Raises FeedpubError for what is no address, cadence
    or language, and for somebody who asked to be forgotten.
    """
    _known(cadence, CADENCES, "cadence")
    try:
        tongue = checks.language(language) if language else ""
    except ValueError as error:
        raise FeedpubError(f'the language "{language}" {error}') from None
    subscriber = Subscriber(
        id=0,
        address=address,
        consent=Consent(request.now, "command"),
        name=" ".join(clean(name).split()),
        state=ACTIVE,
        language=tongue,
        follows=Follows(
            everything=not (tags or authors),
            tags=tuple(sorted({slugify(tag) for tag in tags})),
            authors=tuple(sorted({slugify(author) for author in authors})),
        ),
        cadence=cadence,
    )
    with opened(request) as desk, _addressed():
        return desk.store.add(subscriber, request.now)


def listed(request: Request, state: str | None) -> Iterator[Subscriber]:
    """Give all subscribers, or those in one state, in the order they came."""
    if state is not None:
        _known(state, STATES, "state")
    with opened(request) as desk:
        yield from desk.store.all(state)


def found(request: Request, address: str) -> Subscriber:
    """Give the subscriber with an address. Raises FeedpubError where there is none."""
    with opened(request) as desk:
        return at(desk, address)


def last_mail(request: Request, address: str) -> Fate | None:
    """Tell what became of the last issue for somebody; None where there was none of late."""
    with opened(request) as desk:
        return desk.store.last_fate(at(desk, address).id)


def remove(request: Request, address: str) -> None:
    """Remove somebody, who may be added or imported again."""
    with opened(request) as desk:
        desk.store.remove(at(desk, address).id)
        desk.store.excuse(address, desk.salt())


def forget(request: Request, address: str) -> None:
    """Delete a person for good, leaving only what keeps them from being mailed again."""
    with opened(request) as desk, _addressed():
        desk.store.forget(address, *desk.salts())


def suppress(request: Request, address: str) -> Subscriber:
    """Mail somebody no more, whatever any list says; nobody need know the address yet."""
    with opened(request) as desk, _addressed():
        consent = Consent(request.now, "command")
        unknown = Subscriber(0, address, consent, state="suppressed")
        one = desk.store.find(address) or desk.store.add(unknown, request.now)
        return desk.store.change(one.id, "suppressed", request.now) or one


def import_(
    request: Request, path: Path, *, dry: bool, columns: Mapping[str, str], skip: bool
) -> Import:
    """Import a list of subscribers from a CSV file.

    Nothing is written where `dry`, nor where a row cannot be used, unless `skip` leaves such rows
    out: what would be is told then. Raises FeedpubError where the file cannot be read.
    """
    faults: list[Problem] = []
    with opened(request) as desk:
        rows = _rows(request, path, columns, faults)
        try:
            wanted = rows if dry or skip else _all_good(rows, faults)
            return Import(desk.store.import_(wanted, request.now, dry=dry), tuple(faults))
        except _FaultyError:
            again = _rows(request, path, columns, [])
            return Import(desk.store.import_(again, request.now, dry=True), tuple(faults))


class _FaultyError(Exception):
    """A row cannot be used: the whole list is not imported."""


def _all_good(rows: Iterator[Subscriber], faults: list[Problem]) -> Iterator[Subscriber]:
    """Give the rows, and in the end, before anything is written, raise where one was faulty."""
    yield from rows
    if faults:
        raise _FaultyError


def _rows(
    request: Request, path: Path, columns: Mapping[str, str], faults: list[Problem]
) -> Iterator[Subscriber]:
    """Read the rows of a file, putting aside what cannot be used."""
    try:
        with path.open("rb") as file, _text(file) as lines:
            size = os.fstat(file.fileno()).st_size
            for number, row in enumerate(roster.read(lines, path.name, request.now, columns), 1):
                if isinstance(row, RowFault) and row.whole:
                    raise FeedpubError(f"{path}:{row.line}: {row.message}")
                if isinstance(row, RowFault):
                    faults.append(Problem(str(path), row.line, row.message, left_out=True))
                else:
                    yield row
                # As many as it seems by the size of those that were read; 0 of a pipe.
                total = number * size // file.tell() if size else 0
                request.progress("reading rows", number, total)
    except OSError as error:
        raise FeedpubError(f"{path}: cannot be read ({error.strerror})") from error


def _text(file: BinaryIO) -> TextIOWrapper:
    return TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")


def export(request: Request) -> Iterator[str]:
    """Give all subscribers as lines of CSV, which `import_` reads back."""
    with opened(request) as desk:
        yield from roster.write(desk.store.all())


def stats(request: Request) -> tuple[tuple[str, int], ...]:
    """Give how many subscribers are in each state."""
    with opened(request) as desk:
        return desk.store.counts()


def at(desk: Desk, address: str) -> Subscriber:
    """Give the subscriber with an address. Raises FeedpubError where there is none."""
    with _addressed():
        one = desk.store.find(address)
    if one is None:
        raise FeedpubError(
            f"{address}: nobody has this address; `feedpub subscribers list` shows all"
        )
    return one


@contextmanager
def _addressed() -> Iterator[None]:
    """Tell of what is no address as of anything else that cannot be done."""
    try:
        yield
    except roster.Faulty as error:
        raise FeedpubError(str(error)) from None


def _known(word: str, words: tuple[str, ...], kind: str) -> None:
    """Raise FeedpubError for a word that is none of those there are."""
    if word not in words:
        meant = nearest(word, words)
        hint = f'did you mean "{meant}"?' if meant else f"there are: {', '.join(words)}"
        raise FeedpubError(f'"{word}" is no {kind}; {hint}')
