"""Load the issues that the site's archive shows from the newsletter database.

A build only reads the database, and never creates one.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from feedpub.app import SitePaths
from feedpub.files.cache import BuildCache
from feedpub.models.content import Problem
from feedpub.models.newsletter import Issue


@dataclass(frozen=True, slots=True)
class IssueArchive:
    """The digest issues that have been sent, as far as known."""

    issues: tuple[Issue, ...] = ()  # newest first
    is_complete: bool = True  # if False, there may be others, whose pages must not be removed
    problems: tuple[Problem, ...] = ()


def load_archived_issues(
    where: SitePaths, config_path: Path, memory: BuildCache, *, keep: bool = True
) -> IssueArchive:
    """Return all issues that have been or are being sent; none for a site without digests or pages.

    If the database is unavailable, the issues of the last successful load are returned with a
    problem, so that pages that messages link to stay. If there was none, the result is incomplete
    and has a problem too. With `keep` False nothing is cached.
    """
    if not (where.config.digests and where.config.pages.enabled):
        return IssueArchive()
    # Imported late: slow to load, and most sites do not need it.
    from feedpub import storage  # noqa: PLC0415
    from feedpub.storage import errors  # noqa: PLC0415

    known = memory.load_issues()
    try:
        issues = storage.load_sent_issues(where.config.subscribers.database, where.cache.parent)
    except errors.StoreError as error:
        if known is None:
            fault = f"{error}; until then issue pages stay unchanged and new ones are missing"
            return IssueArchive(problems=(Problem(str(config_path), 0, fault),), is_complete=False)
        fault = f"{error}; until then issues are shown as of the last build"
        return IssueArchive(known, problems=(Problem(str(config_path), 0, fault),))
    # Digests renamed in the configuration keep their old name in the database until the newsletter
    # is next opened.
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
