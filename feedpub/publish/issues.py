"""The database of the newsletter → the issues that the site shows.

A build only ever reads it: where there is none it makes none.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from feedpub.files import Memory
from feedpub.mailing import Issue
from feedpub.model import Problem
from feedpub.publish.request import Place


@dataclass(frozen=True, slots=True)
class Record:
    """What went out of the digests, as far as is known."""

    issues: tuple[Issue, ...] = ()  # newest first
    is_known: bool = True  # else there may be others, whose pages must stay
    problems: tuple[Problem, ...] = ()


def recorded(where: Place, config_path: Path, memory: Memory, *, keep: bool = True) -> Record:
    """Give all issues that went out or are going out; none for a site without digests or pages.

    Where the database cannot be used, they are those of the last time it could, and a problem
    says so: the pages that messages lead to must stay. Where there was no such time, none are
    known, and a problem says so too. Without `keep` nothing is remembered.
    """
    if not (where.config.digests and where.config.pages.enabled):
        return Record()
    # Imported only here, as it takes long and most sites have no use for it.
    from feedpub import store  # noqa: PLC0415

    known = memory.issues()
    try:
        issues = store.sent(where.config.subscribers.database, where.memory.parent)
    except store.StoreError as error:
        if known is None:
            fault = (
                f"{error}; until then pages of issues stay as they are, and new ones are missing"
            )
            return Record(problems=(Problem(str(config_path), 0, fault),), is_known=False)
        fault = f"{error}; until then issues are shown as they were at the last build"
        return Record(known, problems=(Problem(str(config_path), 0, fault),))
    # Until the newsletter is next opened, which renames them in the database as well.
    names = {each.was: each.name for each in where.config.digests if each.was}
    issues = tuple(
        replace(each, digest=names[each.digest], named=each.origin)
        if each.digest in names
        else each
        for each in issues
    )
    if keep and issues != known:
        memory.keep_issues(issues)
    return Record(issues)
