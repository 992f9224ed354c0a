"""What a publisher does with the list of subscribers."""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from feedpub import roster
from feedpub.config import checks
from feedpub.errors import FeedpubError
from feedpub.mailing import ACTIVE, CADENCES, STATES, Consent, Fate, Follows, Subscriber
from feedpub.model import Problem
from feedpub.newsletter.desk import Desk, opened
from feedpub.publish.request import Request
from feedpub.roster import Column, RowFault
from feedpub.slugs import slugify
from feedpub.store import Imported
from feedpub.text import clean, nearest

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Import:
    """What an import did, or would do, and how the file was understood."""

    imported: Imported
    faults: tuple[Problem, ...]  # the rows that cannot be used
    is_written: bool = True
    states: tuple[tuple[str, int], ...] = ()  # how many rows of each state the file has
    service: str = ""  # whose export it is, "" if unknown
    columns: tuple[Column, ...] = ()
    notes: tuple[str, ...] = ()  # what was found out other than by the names of columns

    @property
    def doubts(self) -> tuple[Column, ...]:
        """The columns that may tell who left, and are not understood, if anybody is active."""
        if not dict(self.states).get(ACTIVE):
            return ()
        return tuple(column for column in self.columns if column.doubt)


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


def import_(  # noqa: PLR0913 - all that can be said of a list
    request: Request,
    path: Path,
    *,
    dry: bool = False,
    skip: bool = False,
    sure: bool = False,
    columns: Mapping[str, str] = _NOTHING,
    states: Mapping[str, str] = _NOTHING,
    encoding: str = "",
) -> Import:
    """Import a list of subscribers from a CSV file, in one transaction.

    Nothing is written where `dry`, nor where a row cannot be used, unless `skip` leaves such rows
    out, nor where somebody would become active although a column that may tell who left is not
    understood, unless somebody is `sure`: what would be is told then. `columns` and `states` say
    what columns and words mean, `encoding` is "" where the file tells it. Raises FeedpubError
    where the file cannot be read.
    """
    with _opened(path) as file, opened(request) as desk:
        table = _understand(file, path, columns, states, encoding)
        faults, counts = list[Problem](), Counter[str]()
        rows = _rows(request, table, faults, counts)
        try:
            wanted = rows if dry else _checked(rows, table, faults, counts, skip, sure)
            done = desk.store.import_(wanted, request.now, dry=dry)
        except _RefusedError:
            faults, counts = [], Counter()
            again = _rows(request, table, faults, counts)
            done, dry = desk.store.import_(again, request.now, dry=True), True
        return _result(table, done, faults, counts, is_written=not dry)


@dataclass(frozen=True, slots=True)
class _Table:
    """A file that is understood."""

    path: Path
    file: BinaryIO
    size: int  # 0 of a pipe
    encoding: str
    layout: roster.Layout
    notes: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """Read the file from its beginning."""
        yield from _lines(self.path, self.file, self.encoding)


class _RefusedError(Exception):
    """The list is not imported; the exception undoes what was prepared."""


def _checked(
    rows: Iterator[Subscriber],
    table: _Table,
    faults: Sequence[Problem],
    counts: Mapping[str, int],
    skip: bool,  # noqa: FBT001 - as it was asked for
    sure: bool,  # noqa: FBT001 - likewise
) -> Iterator[Subscriber]:
    """Give the rows and, before anything is written, raise where the list is not to be imported."""
    yield from rows
    if (faults and not skip) or (table.layout.doubts and counts[ACTIVE] and not sure):
        raise _RefusedError


def _result(
    table: _Table,
    done: Imported,
    faults: Sequence[Problem],
    counts: Mapping[str, int],
    *,
    is_written: bool,
) -> Import:
    return Import(
        imported=done,
        faults=tuple(faults),
        is_written=is_written,
        states=tuple((state, counts[state]) for state in STATES if counts[state]),
        service=table.layout.service,
        columns=table.layout.columns,
        notes=table.notes,
    )


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file that is read more than once: what comes through a pipe is kept meanwhile."""
    with ExitStack() as stack:
        try:
            file: BinaryIO = stack.enter_context(path.open("rb"))
            if not file.seekable():
                kept = stack.enter_context(tempfile.TemporaryFile())
                shutil.copyfileobj(file, kept)
                file = kept
            file.seek(0)
        except OSError as error:
            raise FeedpubError(f"{path}: cannot be read ({error.strerror})") from error
        yield file


def _understand(
    file: BinaryIO, path: Path, columns: Mapping[str, str], states: Mapping[str, str], encoding: str
) -> _Table:
    """Find out how a file is written, and what its columns hold."""
    head = file.read(roster.HEAD)
    notes = []
    try:
        roster.refuse_foreign(head)
        if encoding:
            encoding = roster.known_encoding(encoding)
        else:
            file.seek(0)
            encoding = roster.encoding_by_mark(head) or roster.encoding_by_letters(file)
            if not encoding.startswith("utf-8"):
                notes.append(f"its letters are read as {encoding}; --encoding says another one")
        lines = _lines(path, file, encoding)
        layout = roster.understand(lines, path.name, columns, states)
    except roster.UnusableError as error:
        raise FeedpubError(f"{path}:{error.line}: {error}") from error
    except roster.Faulty as error:
        raise FeedpubError(f"{path}: {error}") from error
    size = os.fstat(file.fileno()).st_size
    return _Table(path, file, size, encoding, layout, (*notes, *layout.notes))


def _lines(path: Path, file: BinaryIO, encoding: str) -> Iterator[str]:
    """Read the lines of a file from its beginning."""
    file.seek(0)
    text = TextIOWrapper(file, encoding=encoding, errors="surrogateescape", newline="")
    try:
        yield from text
    except UnicodeError as error:
        raise FeedpubError(
            f"{path}: its letters are not in this encoding ({error}): "
            "say which one it is, as in --encoding cp1252"
        ) from error
    except OSError as error:
        raise FeedpubError(f"{path}: cannot be read ({error.strerror})") from error
    finally:
        if not file.closed:  # it may be, where a reader of these lines has stopped early
            text.detach()


def _rows(
    request: Request, table: _Table, faults: list[Problem], counts: Counter[str]
) -> Iterator[Subscriber]:
    """Read the rows of a file, putting aside what cannot be used, and count their states."""
    for number, row in enumerate(roster.read(table.lines(), table.layout, request.now), 1):
        if isinstance(row, RowFault):
            faults.append(Problem(str(table.path), row.line, row.message, left_out=True))
        else:
            counts[row.state] += 1
            yield row
        # As many as it seems by the size of those that were read.
        total = number * table.size // table.file.tell() if table.size else 0
        request.progress("reading rows", number, total)


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
