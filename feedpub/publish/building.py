"""Publishes a site: reads what is new, writes what has changed, and leaves alone the rest."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, astuple, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from feedpub import files
from feedpub.config import Config
from feedpub.errors import FeedpubError
from feedpub.files import Build, Ledger, Memory
from feedpub.model import Changes, Copy, Output, Problem
from feedpub.publish.clock import newest, refuse_to_unpublish
from feedpub.publish.hints import below, touches
from feedpub.publish.issues import recorded
from feedpub.publish.kept import Built, Hints, Kept, Seen
from feedpub.publish.request import Counts, Place, Request, Summary, microseconds, moment, place

if TYPE_CHECKING:
    from feedpub.publish.making import Making

Result = TypeVar("Result")

_LONG_AGO, _NEVER = -(1 << 62), 1 << 62  # microseconds before and after any date


def build(request: Request) -> Summary:
    """Publish the site: write what has changed, remove what is no longer there, leave the rest.

    Raises FeedpubError where the build cannot go on; what is wrong with single files is told in
    the summary. Another build of the same site, or into the same folder, is waited for.
    """
    where = place(request, sends=False)
    code = files.code()

    def work() -> Summary:
        seen = _look(request, where, code)
        last = None if request.clean else _memory(seen).last_build(where.output)
        if last and last.stamp == seen.stamp() and _stands(last, request, where, last.ledger):
            return _summary(where, last, written=0, removed=0)
        return _make(request, seen, last).summary

    summary = _alone(request, where, work)
    return replace(summary, damaged=files.take_damaged(where.memory))


def rebuild(
    request: Request, kept: Kept | None = None, changed: frozenset[str] | None = None
) -> Built:
    """Publish the site as `build` does, in a process that goes on living: sooner and sooner.

    `kept` is what the last build gave. `changed` are the files and folders that may have changed
    since that one began, and nothing else is looked at; None is any, and all of it is. Either way
    the bytes are those of a build that knows nothing.

    Raises FeedpubError as `build` does; `kept` is then as good as before.
    """
    kept = kept if kept and kept.belongs(request) else None
    code = kept.seen.code if kept else files.code()
    heard = kept and changed is not None and not below(request.config_path, changed)
    where = (
        kept.seen.where if kept and heard and not request.config else place(request, sends=False)
    )
    # The second trial knows nothing: the first found that what is remembered is spoilt.
    trials = [None, kept]

    def work() -> Built:
        known = trials.pop()
        mark = files.Memory(where.memory, "").mark(where.output)
        if not (known and known.serves(request, where, mark)):
            seen = _look(request, where, code)
            last = None if request.clean else _memory(seen).last_build(where.output)
            return _make(request, seen, last)
        # Where the folder's list is not as it was left, nothing of the folder may be.
        untouched = files.facts(where.output / files.LIST) == known.listed
        hints = Hints.of(where, changed) if changed is not None and untouched else None
        seen = _look(request, where, code, known, hints)
        paths = hints.touched(known.build.ledger) if hints else known.build.ledger
        ledger = {path: known.build.ledger[path] for path in paths}
        same = known.build.stamp and known.seen == seen
        if same and untouched and _stands(known.build, request, where, ledger):
            return Built(_summary(where, known.build, written=0, removed=0), known)
        return _make(request, seen, known.build, known, hints)

    built = _alone(request, where, work)
    damaged = files.take_damaged(where.memory)
    return replace(built, summary=replace(built.summary, damaged=damaged)) if damaged else built


def _alone(request: Request, where: Place, work: Callable[[], Result]) -> Result:
    """Do some work while no other process does any of the kind, on a memory that is sound."""

    def waiting() -> None:
        request.progress("waiting for another build to end", 0, 0)

    files.make_folder(where.memory)
    with files.locked(where.memory, waiting), files.locked(where.output, waiting):
        return files.sound(where.memory, work)


def _look(
    request: Request,
    where: Place,
    code: str,
    kept: Kept | None = None,
    hints: Hints | None = None,
) -> Seen:
    """Look at all that decides what is published, or at what may have changed of it."""
    follow_links = where.config.content.follow_links
    if kept and hints:
        entries = files.rescan(
            where.content, kept.seen.entries, hints.content, follow_links=follow_links
        )
        texts = files.texts(where.templates) if hints.templates else kept.seen.texts
    else:
        entries = files.scan(where.content, follow_links=follow_links)
        texts = files.texts(where.templates)
    memory = Memory(where.memory, reading_version(code, where.config))
    record = recorded(where, request.config_path, memory)
    return Seen(code, where, request.drafts, request.future, entries, texts, record)


def _memory(seen: Seen) -> Memory:
    """Give what is remembered of the site."""
    return Memory(seen.where.memory, reading_version(seen.code, seen.where.config))


def _stands(last: Build, request: Request, where: Place, ledger: Ledger) -> bool:
    """Tell whether a build is right for the time, and these files lie as it left them."""
    timely = last.since <= microseconds(request.now) < last.until
    return timely and files.intact(where.output, ledger)


def _make(
    request: Request,
    seen: Seen,
    last: Build | None,
    kept: Kept | None = None,
    hints: Hints | None = None,
) -> Built:
    """Make what is not as the last build left it."""
    # Imported only here, as it takes long: an unchanged site is known without it.
    from feedpub import site  # noqa: PLC0415
    from feedpub.agenda import steady  # noqa: PLC0415
    from feedpub.publish.making import look, maker, plan  # noqa: PLC0415
    from feedpub.publish.reader_pool import ReaderPool  # noqa: PLC0415

    where, memory = seen.where, _memory(seen)
    _refuse_empty(request, seen, last)
    scanned = time.time_ns()
    published = kept.published(where) if kept else files.publications(where.output)
    request = replace(request, now=steady(request.now, newest(published)))
    pool = kept.pool if kept else ReaderPool(where.config, where.content)
    making = plan(
        request,
        where,
        seen.entries,
        memory,
        seen.record.issues,
        kept.making if kept else None,
        published=published,
        pool=pool,
        anew=request.clean,
    )
    refuse_to_unpublish(request, where, making, published)
    publications = making.library.publications
    lines = (
        kept.lines
        if kept and publications is kept.making.library.publications
        else files.publication_lines(publications)
    )
    bodies = kept.bodies if kept else memory.bodies()
    if kept and kept.seen.texts == seen.texts:
        made_with, known = kept.site, kept.outputs
    else:
        made_with, known = maker(where, look(where, seen.texts), seen.code, bodies), {}
    with closing(bodies):
        outputs = site.outputs(made_with, making.library, making.plan, known)
        wanted = {each.path: each for each in outputs}
        changes, ledger = files.write(
            wanted.values(),
            where.output,
            where.content,
            last.ledger if last else {},
            partial(request.progress, "writing"),
            where.config.output.compress,
            untouched=_untouched(wanted, seen, kept, hints) if kept and hints else frozenset(),
            unfinished=below(where.content, request.unfinished),
            publications=lines,
            anew=request.clean,
            follow_links=where.config.content.follow_links,
            spare="" if seen.record.is_known else site.ISSUES,
        )
    made = _outcome(request, seen, last, making, ledger, changes, settled=scanned)
    memory.keep_build(where.output, made)
    summary = _summary(where, made, len(changes.written), len(changes.removed))
    summary = replace(
        summary,
        changed=making.changed(where.config, changes.written),
        new=making.new(last.ledger) if last else (),
        killed=len(making.killed) + len(changes.killed),
    )
    mark = memory.mark(where.output)
    kept = Kept(
        *(request, seen, making, made_with, bodies, wanted, made, pool, mark),
        lines=lines,
        listed=files.facts(where.output / files.LIST),
    )
    return Built(summary, kept)


def _outcome(  # noqa: PLR0913 - all that has been found out
    request: Request,
    seen: Seen,
    last: Build | None,
    making: "Making",
    ledger: Ledger,
    changes: Changes,
    *,
    settled: int,
) -> Build:
    """Tell what the next build has to know; files that changed at `settled` or later may change."""
    from feedpub import site  # noqa: PLC0415 - likewise
    from feedpub.library.identity import authority  # noqa: PLC0415
    from feedpub.publish.making import placed  # noqa: PLC0415
    from feedpub.publish.moves import rehosted  # noqa: PLC0415
    from feedpub.publish.reader_pool import killed  # noqa: PLC0415

    config, output = seen.where.config, seen.where.output
    # Neither would show in the files that are looked at to know whether anything has changed.
    whole = not (making.killed or making.unfinished or changes.killed or changes.unreadable)
    unread = (Problem(path, 0, fault, left_out=True) for path, fault in changes.unreadable)
    since, until = making.library.since, making.library.until
    return Build(
        stamp=seen.stamp()
        if whole and all(entry.settled(settled) for entry in seen.entries)
        else "",
        since=microseconds(since) if since else _LONG_AGO,
        until=microseconds(until) if until else _NEVER,
        counts=astuple(making.counts()),
        problems=(
            *placed(chain(making.problems(), unread), config.content.folder),
            *(killed(str(output / path), number) for path, number in changes.killed),
            *rehosted(config, last, request.config_path),
            *site.missing(config, making.library, str(request.config_path)),
            *seen.record.problems,
            *_count_notes(making, config.content.folder),
        ),
        authority=authority(config),
        ledger=ledger,
    )


def _count_notes(making: "Making", folder: str) -> tuple[Problem, ...]:
    """Say how many parts of posts readers do not get; `check` lists them."""
    notes = tuple(making.notes())
    if not notes:
        return ()
    posts = len({each.path for each in notes})
    where = "one post" if posts == 1 else f"{posts:,} posts"
    parts = "1 part" if len(notes) == 1 else f"{len(notes):,} parts"
    message = (
        f"{parts} of {where} cannot be shown to readers as written; `feedpub check` lists each"
    )
    return (Problem(folder, 0, message),)


def _refuse_empty(request: Request, seen: Seen, last: Build | None) -> None:
    """Refuse, where that is asked for, to take away all posts there were."""
    empty = not any(entry.is_there for entry in seen.entries)
    if request.careful and last and empty and Counts(*last.counts).files:
        raise FeedpubError(
            f"{seen.where.content}: is empty now; is its disk unmounted? The site stays as it is; "
            "`feedpub build` publishes it so"
        )


def _untouched(
    wanted: Mapping[str, Output | Copy], seen: Seen, kept: Kept, hints: Hints
) -> frozenset[str]:
    """Give the paths of outputs that are the known ones, and whose files nothing is heard of."""
    links = {entry.path for entry in seen.entries if entry.link}  # these lead anywhere
    sources = hints.content | links
    known = kept.outputs
    same = (
        path
        for path, each in wanted.items()
        if known.get(path) is each
        or (
            isinstance(each, Copy) and known.get(path) == each and not touches(each.source, sources)
        )
    )
    touched = hints.touched(kept.build.ledger)
    # One that lies compressed beside another counts like it.
    return frozenset(same).difference(touched, (path.rpartition(".")[0] for path in touched))


def reading_version(code: str, config: Config) -> str:
    """Give a digest of all, but the file itself, that decides what is read in a content file."""
    site = config.site
    decides = (code, site.timezone, site.language, config.content, config.markdown)
    return files.digest(repr(decides).encode())


def _summary(where: Place, made: Build, written: int, removed: int) -> Summary:
    """Tell what came of a build."""
    return Summary(
        **asdict(Counts(*made.counts)),
        written=written,
        unchanged=len(made.ledger) - written,
        removed=removed,
        problems=made.problems,
        folder=str(where.output),
        until=moment(made.until) if made.until < _NEVER else None,
    )
