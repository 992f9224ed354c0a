"""Front matter keys: the synonyms of each field, normalization, and "did you mean".

`fields` looks fields up by these names by way of `FieldReader`.
"""

import difflib
import re

from feedpub.models.text import find_close_match

# Each tuple holds the synonyms of one field in order of precedence, in the form of `normalize_key`.
# They are those of Jekyll, Hugo, Pelican, Zola, Hexo, Astro and Obsidian.
TITLE = ("title",)
# Hugo's `publishDate` wins over `date`, because it may be an embargo.
PUBLISHED = (
    "publishdate", "pubdate", "publisheddate", "publishedat", "datepublished", "published",
    "date", "created", "createdat", "datecreated",
)  # fmt: skip
UPDATED = (
    "updated", "modified", "lastmod", "lastmodified", "lastmodifiedat", "updatedat", "lastupdated",
    "dateupdated", "datemodified", "updateddate", "modifieddate",
)  # fmt: skip
EXPIRES = ("expires", "expiresat", "expireson", "expirydate", "expirationdate", "unpublishdate")
AUTHORS = ("author", "authors", "by")
TAGS = ("tags", "tag")
KEYWORDS = ("keywords",)  # only without tags: often stuffed for search engines
CATEGORIES = ("categories", "category")
TAXONOMIES = ("taxonomies",)
SLUG = ("slug",)
PERMALINK = ("permalink", "url", "path")  # `path` is Zola's and Gatsby's
ID = ("id", "guid")
SUMMARY = ("summary", "description", "excerpt")
LANGUAGE = ("language", "lang", "locale")
# Hugo's, and the conventions of multilingual Jekyll sites.
TRANSLATION_KEY = ("translationkey", "translationid", "ref", "langref", "pageid")
TRANSLATION_OF = ("translationof",)
IMAGE = (
    "image", "cover", "coverimage", "featuredimage", "featureimage", "heroimage", "thumbnail",
    "images",
)  # fmt: skip
IMAGE_ALT = ("imagealt", "coveralt", "coverimagealt", "featuredimagealt", "thumbnailalt")
RESOURCES = ("resources",)
ENCLOSURES = ("enclosure", "enclosures")
DURATION = ("duration",)
DRAFT = ("draft",)
PUBLISHED_FLAGS = ("published", "publish")  # if it is not a date: `published: false`
STATUS = ("status",)
# Visibility: `headless` and `build` are Hugo's, `render` is Zola's, `dg-publish` Obsidian Digital
# Garden's, `eleventyExcludeFromCollections` Eleventy's and `visibility` Ghost's.
PRIVATE = ("private", "headless")
PUBLIC = ("public", "dgpublish", "render")  # private if false
UNLISTED = ("unlisted", "hidden", "eleventyexcludefromcollections")
LISTED = ("listed",)  # unlisted if false
VISIBILITY = ("visibility",)
PASSWORD = ("password",)
BUILD = ("build",)
CANONICAL = ("canonicalurl", "canonical")
DIGEST = ("digest",)
# Not in _KNOWN_KEYS, or a text that begins with "Type: ..." would be taken for a header.
KIND = ("kind",)
LAYOUT = ("layout", "type")  # Jekyll's and Hugo's; used only for files without a date
ELEVENTY_MENU = ("eleventynavigation",)
MENU = ("menu", "menus", *ELEVENTY_MENU)
WEIGHT = ("weight",)
ALIASES = ("aliases", "alias")  # names in Obsidian, addresses in Hugo
REDIRECT_FROM = ("redirectfrom", "urlpath")
REDIRECT_TO = ("redirectto",)

_SUGGESTIONS = {
    "title": "title", "date": "date", "published": "published", "pubdate": "pubDate",
    "publishdate": "publishDate", "updated": "updated", "modified": "modified",
    "lastmod": "lastmod", "lastmodifiedat": "last_modified_at", "author": "author",
    "authors": "authors", "tags": "tags", "tag": "tag", "keywords": "keywords",
    "categories": "categories", "category": "category", "taxonomies": "taxonomies",
    "slug": "slug", "permalink": "permalink", "guid": "guid", "summary": "summary",
    "description": "description", "excerpt": "excerpt", "image": "image", "cover": "cover",
    "enclosure": "enclosure", "enclosures": "enclosures", "language": "language", "lang": "lang",
    "draft": "draft", "status": "status", "canonicalurl": "canonical_url", "expires": "expires",
    "digest": "digest", "duration": "duration", "translationkey": "translationKey",
    "translationof": "translation_of",
}  # fmt: skip
"""Normalized keys that a misspelling may have meant, and their usual spelling."""

_KNOWN_KEYS = frozenset().union(
    TITLE, PUBLISHED, UPDATED, EXPIRES, AUTHORS, TAGS, KEYWORDS, CATEGORIES, TAXONOMIES, SLUG,
    PERMALINK, ID, SUMMARY, LANGUAGE, TRANSLATION_KEY, TRANSLATION_OF, IMAGE, IMAGE_ALT, RESOURCES,
    ENCLOSURES, DURATION, DRAFT, PUBLISHED_FLAGS, STATUS, CANONICAL, DIGEST, ALIASES, REDIRECT_FROM,
    REDIRECT_TO,
)  # fmt: skip

_FOREIGN_KEYS = frozenset(
    """
    archetype archived article asset assets audio banner block blocks body build
    bundle byline cached caption cascade catalog class classes color colour comment comments
    commentable content contents contributors copyright credit css cssclass cssclasses customcss
    customjs data dates deprecated dir direction displayinlist displayinmenu distill editlink
    editurl email embed event events excerptseparator extra extracss extrajs eyebrow feed feeds
    figcaption figure file filename footer format formats gallery generatefeeds git github guest
    guide hacker header headers headline headless headerimg headerstyle headermask heading hero
    hide hidden hidetitle icon iframe img index indexed insearchindex issue item items job js kind
    label labels layout lastupdate license link linked linktitle links list listing location
    mailto maintainers markdown markup math mathjax media menu menus mermaid meta metadata
    migrated modal modes mood multilingual music name nav navcolor navigation navstyle news next
    noindex note notes number og opengraph order outputs override overrides page pageclass
    pagination paginateby params parent part parts person photo photos pin pinned place podcast
    position post posts prev prevlink preview previous priority private project projects public
    pubs question quote rating readingtime redirect redirects
    references related release render reviewed reviewers robots rss saveas script scripts search
    section sections seo seotitle series share sharing show showcomments showdate showreadingtime
    showtoc sidebar site sitemap sitemapexclude size slides social sort sortby source sources
    sponsor stats sticky style styles subject subtitle summaries summarytype syntax tableofcontents
    tagline tags2 team teamurl teaser template text theme tldr toc toot top topic topics transclude
    translation translations tumblrurl tweet twitter type unlisted urls uuid vars
    version video videos views weight width wip words wordcount year
    dgpublish eleventyexcludefromcollections listed password visibility
    """.split()  # noqa: SIM905
)
"""Keys of other generators and themes, which feedpub ignores without a warning."""

_SEPARATORS = re.compile(r"[-_ ]")
_WORDS = re.compile(r"[A-Z]?[^-_ A-Z]+|[A-Z]+")
_LONGEST = 24  # letters; anything longer is not a misspelled key
_SHORTEST = 3
_ALIKE, _SAME = 0.8, 0.9  # ratios of difflib.SequenceMatcher


def normalize_key(key: str) -> str:
    """Return a key in lower case, without separators: `last_modified_at`, `canonicalURL`."""
    if key.isalpha() and key.islower():
        return key
    return _SEPARATORS.sub("", key.strip()).lower()


def is_known_key(key: str) -> bool:
    """Return whether feedpub uses a key."""
    return normalize_key(key) in _KNOWN_KEYS


def suggest_key(key: str) -> str:
    """Return the key that an unknown one is probably a misspelling of, or ""."""
    bare = normalize_key(key)
    if bare in _KNOWN_KEYS or bare in _FOREIGN_KEYS or not _SHORTEST <= len(bare) <= _LONGEST:
        return ""
    near = find_close_match(bare, _SUGGESTIONS)
    if not near:
        return ""
    # `image_credit` and `authorId` consist of whole words, so they are probably intentional.
    limit = _SAME if _is_made_of_words(key) else _ALIKE
    alike = difflib.SequenceMatcher(None, bare, near).ratio() >= limit
    # "data" is as close to "date" as "dtae" is: in so short a word only a transposed, extra or
    # missing letter counts as a misspelling.
    return _SUGGESTIONS[near] if alike or sorted(bare) == sorted(near) else ""


def _is_made_of_words(key: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(key)]
    return len(words) > 1 and any(word in _KNOWN_KEYS or word in _FOREIGN_KEYS for word in words)
