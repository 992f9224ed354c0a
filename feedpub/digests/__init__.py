"""The posts there are → what goes out in a digest, to whom, and what it says."""

from feedpub.digests.choice import (
    GRACE_PERIOD,
    LOOKBACK,
    CadenceSelector,
    find_pending_posts,
    is_due,
    select_followed_posts,
    select_new_posts,
)
from feedpub.digests.compose import MAX_HTML_SIZE, Composer, build_merge_tag
from feedpub.digests.following import FilterDescriber, FilterNames
from feedpub.digests.recognition import MatchedPosts, match_renamed
from feedpub.library.translations import pick_translations

__all__ = [
    "GRACE_PERIOD",
    "LOOKBACK",
    "MAX_HTML_SIZE",
    "CadenceSelector",
    "Composer",
    "FilterDescriber",
    "FilterNames",
    "MatchedPosts",
    "build_merge_tag",
    "find_pending_posts",
    "is_due",
    "match_renamed",
    "pick_translations",
    "select_followed_posts",
    "select_new_posts",
]
