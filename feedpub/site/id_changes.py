"""Find changes that would make feed readers show old posts as new, because their ids change."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from feedpub.app import Counts
from feedpub.config.schema import Config
from feedpub.content.library.post_ids import get_authority, get_requested_id
from feedpub.files.cache import BuildRecord, ReadResult
from feedpub.models.content import PAGE, ParsedPost, Problem


def find_changed_authority(
    config: Config, last: BuildRecord | None, config_path: Path
) -> Iterator[Problem]:
    """Report an authority (host) changed since the last build: it changes the ids of all posts."""
    now = get_authority(config)
    if last and last.authority != now and Counts(*last.counts).published:
        fault = (
            f"post ids began with {last.authority} at the last build, so feed readers would show "
            f"all posts as new; to prevent that, set site.authority: {last.authority}"
        )
        yield Problem(str(config_path), 0, fault)


def find_renamed_files(
    config: Config, known: Mapping[str, ReadResult], parsed_posts: Mapping[str, ParsedPost]
) -> Iterator[Problem]:
    """Report files renamed since the last build: feed readers would show their posts again."""
    gone = [
        reading.manuscript
        for path, reading in sorted(known.items())
        if path not in parsed_posts and reading.manuscript and not reading.manuscript.draft
    ]
    for now in parsed_posts.values() if gone else ():
        if now.id or now.path in known or now.kind == PAGE:  # pages are in no feed
            continue
        for old in gone:
            if old.digest == now.digest or (old.title, old.published) == (now.title, now.published):
                fault = (
                    f"was published as {old.path}, so feed readers would show it as new; "
                    f'to prevent that, add "id: {get_requested_id(config, old)}"'
                )
                yield Problem(now.path, 0, fault)
                break
