"""Manuscripts → the id by which feed readers know each post, for ever.

An id given in the file wins; otherwise it is a `tag:` URI (RFC 4151) of the site's authority, a
year that never changes and the source path. Title, slug, permalink, date and http or https may
change, and nobody sees a post twice.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import chain, count
from urllib.parse import urlsplit

from feedpub.config.schema import Config
from feedpub.models.content import ParsedPost, Problem, Publication
from feedpub.models.text import quote

TAG_URI_YEAR = 2026
"""The year of every `tag:` URI: fixed, so that no id depends on a date or a clock."""

_OURS = re.compile(rf"tag:[^,:]*,{TAG_URI_YEAR}:")
# An IRI (RFC 3987), as Atom allows: a scheme, then nothing that an IRI cannot hold.
_IRI = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20\x7f-\xa0<>"{}|\\^`\s]+')


def get_authority(config: Config) -> str:
    """Give whose `tag:` URIs those of a site are: its host, unless it is said otherwise."""
    return config.site.authority or (urlsplit(config.site.url).hostname or "")


def build_tag_uri(config: Config, specific: str) -> str:
    """Give a `tag:` URI (RFC 4151) of this site for a name that is unique in it."""
    return f"tag:{get_authority(config)},{TAG_URI_YEAR}:{quote(specific)}"


def strip_authority(identity: str) -> str:
    """Give what stays of an id when the site has another host; ids that people gave stay whole."""
    found = _OURS.match(identity)
    return identity[found.end() :] if found else identity


def get_requested_id(config: Config, one: ParsedPost) -> str:
    """Give the id a manuscript has by itself, whatever other files claim."""
    if not one.id:
        return build_tag_uri(config, one.path)
    return one.id if _IRI.fullmatch(one.id) else build_tag_uri(config, one.id)


def assign_ids(
    config: Config,
    manuscripts: Sequence[ParsedPost],
    published: Mapping[str, Publication] | None = None,
) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """Give every manuscript, oldest first, an id of its own: source path → id.

    An id that two files claim stays with the one that was `published` with it, and else with the
    older. Publications of other posts are those of posts that are away for the moment.
    """
    published = published or {}
    asked = {one.path: get_requested_id(config, one) for one in manuscripts}
    away = sorted(published.keys() - asked.keys())
    owners = {published[path].id: path for path in away}
    ids: dict[str, str] = {}
    for one in manuscripts:
        known = published.get(one.path)
        if known and asked[one.path] in (known.id, known.requested_id) and known.id not in owners:
            ids[one.path] = known.id
            owners[known.id] = one.path
    for one in manuscripts:
        if one.path not in ids:
            ids[one.path] = identity = _free(config, one, asked[one.path], owners)
            owners[identity] = one.path
    lines = {one.path: one.id_line for one in manuscripts}
    problems = tuple(
        Problem(
            path,
            lines[path],
            f'the id "{wanted}" is that of {owner}; give this post one of its own',
        )
        for path, wanted in asked.items()
        if (owner := owners.get(wanted, path)) != path
    )
    return {path: ids[path] for path in asked}, problems


def _free(config: Config, one: ParsedPost, asked: str, owners: Mapping[str, str]) -> str:
    """Return the id that a post asks for, or another where somebody else has it."""
    if asked not in owners:
        return asked
    own = build_tag_uri(config, one.path)
    numbered = (f"{own}-{number}" for number in count(2))
    return next(each for each in chain((own,), numbered) if each not in owners)
