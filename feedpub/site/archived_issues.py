"""The database of the newsletter → the issues that the site shows.

A build only ever reads it: where there is none it makes none.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from feedpub.app import SitePaths
from feedpub.files.cache import BuildCache
from feedpub.models.content import Problem
from feedpub.models.newsletter import Issue


@dataclass(frozen=True, slots=True)
class IssueArchive:
    """What went out of the digests, as far as is known."""

    issues: tuple[Issue, ...] = ()  # newest first
    is_complete: bool = True  # else there may be others, whose pages must stay
    problems: tuple[Problem, ...] = ()


def load_archived_issues(
    where: SitePaths, config_path: Path, memory: BuildCache, *, keep: bool = True
) -> IssueArchive:
    """Give all issues that went out or are going out; none for a site without digests or pages.

    Where the database cannot be used, they are those of the last time it could, and a problem
    says so: the pages that messages lead to must stay. Where there was no such time, none are
    known, and a problem says so too. Without `keep` nothing is remembered.
    """
    if not (where.config.digests and where.config.pages.enabled):
        return IssueArchive()
    # Imported only here, as it takes long and most sites have no use for it.
    from feedpub import storage  # noqa: PLC0415
    from feedpub.storage import errors  # noqa: PLC0415

    known = memory.load_issues()
    try:
        issues = storage.load_sent_issues(where.config.subscribers.database, where.cache.parent)
    except errors.StoreError as error:
        if known is None:
            fault = (
                f"{error}; until then pages of issues stay as they are, and new ones are missing"
            )
            return IssueArchive(problems=(Problem(str(config_path), 0, fault),), is_complete=False)
        fault = f"{error}; until then issues are shown as they were at the last build"
        return IssueArchive(known, problems=(Problem(str(config_path), 0, fault),))
    # Until the newsletter is next opened, which renames them in the database as well.
    names = {each.was: each.name for each in where.config.digests if each.was}
    issues = tuple(
        replace(each, digest=names[each.digest], named=each.original_digest)
        if each.digest in names
        else each
        for each in issues
    )
    if keep and issues != known:
        memory.save_issues(issues)
    return IssueArchive(issues)
