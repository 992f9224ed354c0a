"""Resolve a post's references (`other.md`, `cat.png`, `{filename}x.md`, `#part`) to absolute URLs.

A reference is looked up among the site's own posts and files first, as the generators that authors
come from do. Otherwise it is joined to the post's URL as a browser would (RFC 3986 section 5).
`resolve_all` handles one post; `substitute_urls` writes the result into its HTML.
"""

import posixpath
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape, unescape
from unicodedata import normalize
from urllib.parse import unquote, urljoin, urlsplit

from feedpub.content.filenames import MARKDOWN_SUFFIXES
from feedpub.content.library.wiki_index import EMPTY_WIKI_INDEX, WikiIndex
from feedpub.content.markup import wikilinks
from feedpub.content.markup.urls import is_safe, normalize_url
from feedpub.models.content import Body, Problem, Reference
from feedpub.models.text import fold_case, quote, slugify

_PREFIX = re.compile(
    r"\{(filename|static|attach|photo|post_url|link|ref|site|index|wiki|tag|author|category)\}"
    r"|\|(filename|static|attach|tag|author|category)\|"
)
_SHORT_PREFIXES = frozenset(("post_url", "link", "ref"))  # these may name a post without its folder
_FILE_PREFIXES = frozenset(("static", "attach", "photo", "site"))  # these name a file
_TERM_PREFIXES = frozenset(("tag", "author", "category"))  # Pelican's, by name or slug
_SUFFIXLESS = frozenset(("", "filename"))  # these may name a post without its suffix
_RESERVED_FOLDERS = frozenset(
    ("archive", "authors", "categories", "digests", "feeds", "subscribe", "tags")
)
_NAMED_PREFIXES = (
    *("{post_url}", "{link}", "{ref}", "@/", "{wiki}"),
    *("{tag}", "{author}", "{category}", "|tag|", "|author|", "|category|"),
)
# Where Jekyll publishes 2025-01-30-hello.md by default: /category/2025/01/30/hello.html
_OLD_URL = re.compile(
    r"(?:/.*)?/(\d{4})/(\d\d)/(\d\d)/([^/?#]+?)(?:\.html|/)?(?:[?#].*)?", re.DOTALL
)
_ROOTED = ("/", "{site}/")
_TAIL = re.compile(r"[?#].*", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")
_TIDY = re.compile(
    r"https?://[a-z0-9.-]+(?::[0-9]+)?/(?:[A-Za-z0-9_~%-][A-Za-z0-9._~%-]*/)*"
    r"(?:[A-Za-z0-9_~%-][A-Za-z0-9._~%-]*)?"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ENCODED = re.compile(
    r"(?:[!$&'()*+,\-./0-9:;=?@A-Z_a-z~]|%[0-9A-Fa-f]{2})*+"
    r"(?:#(?:[!$&'()*+,\-./0-9:;=?@A-Z_a-z~]|%[0-9A-Fa-f]{2})*+)?"
)
_UNSAFE = re.compile(r"[^!#$%&'()*+,\-./0-9:;=?@A-Z_a-z~]+")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PICTURE = re.compile(r"<img [^<>]*>")  # rendered HTML has no "<" or ">" in attributes
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_DATED = re.compile(r"\d{4}-\d{1,2}-\d{1,2}-")


@dataclass(frozen=True, slots=True)
class LinkIndex:
    """The URLs of everything in the site, by source path in NFC."""

    site_url: str
    posts: Mapping[str, str]
    files: Mapping[str, str]
    posts_by_name: Mapping[str, str]  # from `index_names`
    wiki_index: WikiIndex = EMPTY_WIKI_INDEX  # for wiki links
    term_urls: Mapping[tuple[str, str], str] = field(default_factory=dict)  # kind, name or slug
    post_urls: Container[str] = frozenset()


def index_names(paths: Iterable[str]) -> dict[str, str]:
    """Map the names that Jekyll's and Hugo's references use to the paths of posts.

    Whole paths win over bare names, and bare names over names without their date. If two posts
    share a name, the path that sorts first keeps it.
    """
    known: tuple[dict[str, str], ...] = ({}, {}, {})
    for path in sorted(paths):
        whole = _without_suffix(fold_case(path))
        folder, bare = posixpath.split(whole)
        undated = _DATED.sub("", bare, count=1) or bare
        wanted = ((fold_case(path), whole), (bare,), (posixpath.join(folder, undated), undated))
        for found, keys in zip(known, wanted, strict=True):
            for key in keys:
                found.setdefault(key, path)
    whole_paths, bare_names, undated_names = known
    return {**undated_names, **bare_names, **whole_paths}


def is_named_reference(reference: Reference) -> bool:
    """Return whether a reference may need the indexes by name, which are built only on demand."""
    target = reference.target
    return target.startswith(_NAMED_PREFIXES) or (
        target.startswith(_ROOTED) and _OLD_URL.fullmatch(target.removeprefix("{site}")) is not None
    )


def resolve(reference: Reference, path: str, url: str, places: LinkIndex) -> tuple[str, str]:
    """Return the absolute URL of a reference in the post at `path` and `url`, and an error message.

    The message is "" unless the reference names a post, file or term of the site that is missing,
    or an ambiguous wiki link.
    """
    target = reference.target
    if target.startswith("#"):
        return url.partition("#")[0] + iri_to_uri(target), ""
    prefix = _PREFIX.match(target)
    kind = (prefix[1] or prefix[2]) if prefix else ""
    rest = target[prefix.end() :] if prefix else target
    if rest.startswith("@/") and not kind:
        kind, rest = "link", rest[2:]
    written = _TAIL.sub("", rest)
    tail = rest[len(written) :]
    name = written.replace("\\", "/")  # browsers treat a backslash the same way
    if kind in _TERM_PREFIXES:
        return _resolve_term(kind, _plain(name), places)
    if kind == "wiki":
        return _resolve_wikilink(_plain(name), tail, path, url, places)
    if kind == "index" or (not name and kind in ("", "ref")):
        return (places.site_url + iri_to_uri(tail) if kind == "index" else _joined(url, tail)), ""
    found = _find(kind, _plain(name), path, places)
    if not found and kind in _SUFFIXLESS:
        found = _find_without_suffix(_plain(name), path, url, places)
    if found:
        return found + iri_to_uri(tail), ""
    return _resolve_missing(kind, name + tail, target, url, places)


def _resolve_missing(
    kind: str, name: str, target: str, url: str, places: LinkIndex
) -> tuple[str, str]:
    """Return the URL of a target that is not published, and a message if it should be."""
    if kind in _FILE_PREFIXES:
        return _joined(places.site_url, name.lstrip("/")), ""
    named = kind or _TAIL.sub("", name).lower().endswith(MARKDOWN_SUFFIXES)
    fault = f'link to "{target}": no such file is published' if named else ""
    return _joined(url, name), fault


def _resolve_wikilink(
    name: str, tail: str, path: str, url: str, places: LinkIndex
) -> tuple[str, str]:
    """Return the URL of a wiki link, or "" if nothing has that name, and a message."""
    found = places.wiki_index.find(name, path)
    if not found:
        is_file = posixpath.splitext(name)[1].lower() in wikilinks.EMBED_SUFFIXES
        dead = _joined(url, iri_to_uri(quote(name))) if is_file else ""
        return dead, f'wiki link "[[{name}]]": no published post or file has this name'
    address = places.posts.get(found[0]) or places.files[found[0]]
    fault = ""
    if len(found) > 1:
        others = " or ".join(found[:3])
        fault = f'wiki link "[[{name}]]" is ambiguous ({others}): the first is used; add its folder'
    return address + iri_to_uri(tail), fault


def _resolve_term(kind: str, name: str, places: LinkIndex) -> tuple[str, str]:
    """Return the URL of the page of a tag, an author or a category, and a message."""
    found = places.term_urls.get((kind, fold_case(name))) or places.term_urls.get(
        (kind, slugify(name))
    )
    if found:
        return found, ""
    return places.site_url, f'link to "{{{kind}}}{name}": no published post has this {kind}'


def find_files(target: str, path: str, site: str, files: Container[str]) -> Iterator[str]:
    """Yield which of these files a reference in the post at `path` may mean."""
    prefix = _PREFIX.match(target)
    kind = (prefix[1] or prefix[2]) if prefix else ""
    name = _TAIL.sub("", target[prefix.end() :] if prefix else target).replace("\\", "/")
    for candidate in _candidates(kind, _plain(name), path, site) if name else ():
        whole = posixpath.normpath(candidate)
        if whole in files:
            yield whole


def resolve_all(
    references: Iterable[Reference], path: str, url: str, places: LinkIndex
) -> tuple[tuple[tuple[str, str], ...], tuple[Problem, ...]]:
    """Resolve all references of one post; return pairs of target and URL, and the problems."""
    pairs: list[tuple[str, str]] = []
    problems: list[Problem] = []
    for reference in references:
        absolute, fault = resolve(reference, path, url, places)
        pairs.append((reference.target, absolute))
        if fault:
            problems.append(Problem(path, reference.line, fault))
    return tuple(pairs), tuple(problems)


def substitute_urls(
    body: Body, links: Iterable[tuple[str, str]], shown: Callable[[str], str] = str
) -> str:
    """Return a post's HTML with its references replaced by URLs.

    `shown` rewrites each absolute URL before it is written. The URL's scheme is checked after that,
    so nothing but an allowed scheme reaches pages, feeds or mails.
    """
    urls = dict(links)
    parts = list(body.pieces)
    parts[1::2] = [_escape_safe_url(shown(urls.get(target, target))) for target in parts[1::2]]
    for place in range(1, len(parts), 2):
        if not parts[place] and body.pieces[place].startswith(wikilinks.PREFIX):
            # Turn a wiki link without a target into an anchor without href.
            parts[place - 1] = parts[place - 1].removesuffix(' href="')
            parts[place + 1] = parts[place + 1].removeprefix('"')
    return "".join(parts)


def replace_data_images(html: str) -> str:
    """Return finished HTML with each `data:` image replaced by its alternative text.

    Many feed readers do not show such images, and every feed with the post would carry them.
    """
    return _PICTURE.sub(_description, html)


def _description(tag: re.Match[str]) -> str:
    attributes = dict(_ATTRIBUTE.findall(tag[0]))
    if not attributes.get("src", "").lower().startswith("data:"):
        return tag[0]
    return escape(unescape(attributes.get("alt", "")), quote=False)


def _escape_safe_url(url: str) -> str:
    """Return a URL escaped for an attribute, or "" if its scheme is not allowed."""
    return escape(url) if is_safe(url) else ""


def build_url_rewriter(site: str, own: str) -> Callable[[str], str]:
    """Return a function that shortens URLs for the page at `own` by omitting this site's host.

    The page then works wherever the folder is served, such as in a preview.
    """
    parts = urlsplit(site)
    origin = len(f"{parts.scheme}://{parts.netloc}")
    on_page = f"{own}#"

    def shown(url: str) -> str:
        if url.startswith(on_page):
            return url[len(own) :]
        # Browsers would take a path that begins with "//" for a host.
        if url.startswith(site) and not url.startswith("//", origin):
            return url[origin:]
        return url

    return shown


def iri_to_uri(text: str) -> str:
    """Percent-encode, in NFC, what RFC 3986 does not allow below a host; keep valid escapes."""
    if _ENCODED.fullmatch(text):
        return text
    whole = _STRAY_PERCENT.sub("%25", normalize("NFC", text))
    encoded = _UNSAFE.sub(lambda match: quote(match[0]), whole)
    before, sharp, after = encoded.partition("#")
    return before + sharp + after.replace("#", "%23")


def normalize_absolute_url(text: str) -> str:
    """Return an absolute URL percent-encoded, with its host in ASCII.

    The result is "" for anything else, and for a scheme that is not allowed (`javascript:`).
    """
    settled, target = normalize_url(escape(text))
    return "" if target else unescape(settled)


def _joined(base: str, target: str) -> str:
    """Join as a browser would, but never take the target for a URL with a scheme.

    Otherwise a prefix could bypass the sanitizer: `{static}javascript:`.
    """
    relative = iri_to_uri(target)
    if _NAME.fullmatch(relative) and _TIDY.fullmatch(base):
        return base[: base.rindex("/") + 1] + relative  # same result as below, ten times as fast
    # "./" makes a colon in the first segment part of a path (RFC 3986 section 4.2).
    return urljoin(base, f"./{relative}" if _SCHEME.match(relative) else relative)


def _plain(name: str) -> str:
    """Return a path percent-decoded and in NFC."""
    decoded = unquote(name) if "%" in name else name
    return decoded if decoded.isascii() else normalize("NFC", decoded)


def _find(kind: str, name: str, path: str, places: LinkIndex) -> str:
    """Return the URL of one of the site's posts or files, or ""."""
    for candidate in _candidates(kind, name, path, places.site_url):
        whole = posixpath.normpath(candidate)
        found = places.posts.get(whole) or places.files.get(whole)
        if found:
            return found
    if kind in _SHORT_PREFIXES:
        return _find_by_short_name(name, places)
    old = _OLD_URL.fullmatch(name) if kind in ("", "site") else None
    return _find_by_name("-".join(old.groups()), places) if old else ""


def _find_without_suffix(name: str, path: str, url: str, places: LinkIndex) -> str:
    """Look up a post by a path without suffix, unless a post has that very URL."""
    if not name or name.strip("/").partition("/")[0] in _RESERVED_FOLDERS:
        return ""
    joined = _joined(url, name)
    if joined in places.post_urls or f"{joined}/" in places.post_urls:
        return ""
    for candidate in _candidates("", name, path, places.site_url):
        whole = posixpath.normpath(candidate)
        for index in (whole, f"{whole}/index"):
            found = next(
                filter(None, (places.posts.get(index + each) for each in MARKDOWN_SUFFIXES)), ""
            )
            if found:
                return found
    return ""


def _candidates(kind: str, name: str, path: str, site: str) -> Iterator[str]:
    """Yield the source paths that a name may mean, most likely first."""
    rooted = name.startswith("/") or kind in ("link", "site")
    if not rooted:
        yield posixpath.join(posixpath.dirname(path), name)
        yield posixpath.join(posixpath.splitext(path)[0], name)  # Hexo's asset folder
    if name:
        below = name.removeprefix(urlsplit(site).path).lstrip("/")
        yield below
        if below != name.lstrip("/"):
            yield name.lstrip("/")


def _find_by_short_name(name: str, places: LinkIndex) -> str:
    """Look up a post by a short name, as `post_url` and `ref` use."""
    key = fold_case(name).strip("/")
    bare = _without_suffix(key)
    candidates = (key, bare, bare.rpartition("/")[2])
    return next(filter(None, (_find_by_name(each, places) for each in candidates)), "")


def _find_by_name(name: str, places: LinkIndex) -> str:
    """Return the URL of the post with a name in `posts_by_name`, or ""."""
    path = places.posts_by_name.get(fold_case(name))
    return places.posts[path] if path else ""


def _without_suffix(path: str) -> str:
    """Return a path without its suffixes: `a/2025-01-30-x` for `a/2025-01-30-x.aspx.markdown`.

    The index of a page bundle is known by its folder.
    """
    folder, _, name = path.rpartition("/")
    dated = _DATED.match(name)
    stem = name.split(".", 1)[0] if dated else posixpath.splitext(name)[0]
    if stem == "index" and folder:
        return folder
    return posixpath.join(folder, stem)
