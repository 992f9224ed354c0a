"""Assign each post its permanent id, by which feed readers recognize it; see `assign_ids`.

An id given in the file wins. Otherwise it is a `tag:` URI (RFC 4151) of the site's authority, a
fixed year and the source path. Title, slug, permalink, date and scheme can therefore change without
any subscriber seeing the post twice.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import chain, count
from urllib.parse import urlsplit

from feedpub.config.schema import Config
from feedpub.models.content import ParsedPost, Problem, Publication
from feedpub.models.text import quote

TAG_URI_YEAR = 2026
"""The year of every `tag:` URI, fixed so that no id depends on a date or a clock."""

_OURS = re.compile(rf"tag:[^,:]*,{TAG_URI_YEAR}:")
# An IRI (RFC 3987), as Atom allows: a scheme, then only characters that an IRI can contain.
_IRI = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20\x7f-\xa0<>"{}|\\^`\s]+')


def get_authority(config: Config) -> str:
    """Return the authority of the site's `tag:` URIs: its host, unless configured."""
    return config.site.authority or (urlsplit(config.site.url).hostname or "")


def build_tag_uri(config: Config, specific: str) -> str:
    """Return a `tag:` URI (RFC 4151) of this site for a name that is unique in it."""
    return f"tag:{get_authority(config)},{TAG_URI_YEAR}:{quote(specific)}"


def strip_authority(identity: str) -> str:
    """Return an id of ours without its authority; ids given by authors are unchanged."""
    found = _OURS.match(identity)
    return identity[found.end() :] if found else identity


def get_requested_id(config: Config, one: ParsedPost) -> str:
    """Return the id a post asks for, even if another post claims it too."""
    if not one.id:
        return build_tag_uri(config, one.path)
    return one.id if _IRI.fullmatch(one.id) else build_tag_uri(config, one.id)


def assign_ids(
    config: Config,
    parsed_posts: Sequence[ParsedPost],
    published: Mapping[str, Publication] | None = None,
) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """Return a unique id for each post (oldest first) by source path, and the problems.

    If two files claim an id, the one `published` with it keeps it, else the older one. Publications
    without a post belong to posts that are hidden for now; their ids stay reserved.
    """
    published = published or {}
    asked = {one.path: get_requested_id(config, one) for one in parsed_posts}
    away = sorted(published.keys() - asked.keys())
    owners = {published[path].id: path for path in away}
    ids: dict[str, str] = {}
    for one in parsed_posts:
        known = published.get(one.path)
        if known and asked[one.path] in (known.id, known.requested_id) and known.id not in owners:
            ids[one.path] = known.id
            owners[known.id] = one.path
    for one in parsed_posts:
        if one.path not in ids:
            ids[one.path] = identity = _free(config, one, asked[one.path], owners)
            owners[identity] = one.path
    lines = {one.path: one.id_line for one in parsed_posts}
    problems = tuple(
        Problem(
            path,
            lines[path],
            f'the id "{wanted}" is already used by {owner}; give this post its own',
        )
        for path, wanted in asked.items()
        if (owner := owners.get(wanted, path)) != path
    )
    return {path: ids[path] for path in asked}, problems


def _free(config: Config, one: ParsedPost, asked: str, owners: Mapping[str, str]) -> str:
    """Return the requested id, or a `tag:` URI if the id is taken."""
    if asked not in owners:
        return asked
    own = build_tag_uri(config, one.path)
    numbered = (f"{own}-{number}" for number in count(2))
    return next(each for each in chain((own,), numbered) if each not in owners)
