"""Publishes a site: reads what is new, writes what has changed, and leaves alone the rest."""

import time
from contextlib import closing
from dataclasses import asdict, astuple, replace
from functools import partial

from feedpub import files
from feedpub.config import Config
from feedpub.errors import FeedpubError
from feedpub.files import Build
from feedpub.publish.issues import recorded
from feedpub.publish.request import Counts, Place, Request, Summary, microseconds, moment, place

_LONG_AGO, _NEVER = -(1 << 62), 1 << 62  # microseconds before and after any date


def build(request: Request) -> Summary:
    """Publish the site: write what has changed, remove what is no longer there, leave the rest.

    Raises FeedpubError where the build cannot go on; what is wrong with single files is told in
    the summary. Another build of the same site, or into the same folder, is waited for.
    """
    where = place(request)

    def waiting() -> None:
        request.progress("waiting for another build to end", 0, 0)

    with files.locked(where.memory, waiting), files.locked(where.output, waiting):
        if request.clean:
            files.clear(where.output)
        return files.sound(where.memory, partial(_build, request, where))


def _build(request: Request, where: Place) -> Summary:
    """Build what is not as the last build left it; nothing at all where nothing has changed."""
    code = files.code()
    memory = files.Memory(where.memory, reading_version(code, where.config))
    scanned = time.time_ns()
    entries = files.scan(where.content)
    templates = files.texts(where.templates)
    record = recorded(where, request.config_path, memory)
    everything = (code, where.config, request.drafts, request.future, entries, templates, record)
    stamp = files.digest(repr(everything).encode())
    last = None if request.clean else memory.last_build(where.output)
    if (
        last
        and last.stamp == stamp
        and last.since <= microseconds(request.now) < last.until
        and files.intact(where.output, last.ledger)
    ):
        return _summary(where, last, written=0, removed=0)
    if request.careful and last and not entries and Counts(*last.counts).files:
        raise FeedpubError(
            f"{where.content}: is empty now; is its disk unmounted? The site stays as it is; "
            "`feedpub build` publishes it so"
        )
    # Imported only here, as it takes long: an unchanged site is known without it.
    from feedpub.publish.making import look, outputs, placed, plan  # noqa: PLC0415

    making = plan(request, where, entries, memory, record.issues)
    with closing(memory.bodies()) as bodies:
        changes, ledger = files.write(
            outputs(where, making, look(where, templates), code, bodies),
            where.output,
            where.content,
            last.ledger if last else {},
            partial(request.progress, "writing"),
            where.config.output.compress,
        )
    since, until = making.library.since, making.library.until
    made = Build(
        stamp=stamp if all(entry.settled(scanned) for entry in entries) else "",
        since=microseconds(since) if since else _LONG_AGO,
        until=microseconds(until) if until else _NEVER,
        counts=astuple(making.counts()),
        problems=(*placed(making.problems(), where.config.content.folder), *record.problems),
        ledger=ledger,
    )
    memory.keep_build(where.output, made)
    summary = _summary(where, made, written=len(changes.written), removed=len(changes.removed))
    changed = making.changed(where.config, changes.written)
    return replace(summary, changed=changed, new=making.new(last.ledger) if last else ())


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
