"""Look up the front matter of one file by any synonym of a key; see `FieldReader`.

Also here are the helpers that turn titles and summaries with a little HTML or Markdown into plain
text, and those that read redirects. `aliases` means addresses to Hugo and Zola but names to
Obsidian, so the form of each one decides; Jekyll's `redirect_from` and `redirect_to` always hold
addresses.
"""

import html
import re
from collections.abc import Iterator, Mapping

from feedpub.content import keys
from feedpub.content.frontmatter import Frontmatter, Value
from feedpub.errors import PostError
from feedpub.models.content import Problem, Reference


class FieldReader:
    """The front matter of one file by normalized key, and the problems found in it."""

    def __init__(self, path: str, matter: Frontmatter) -> None:
        self.problems: list[Problem] = []
        self.misspelled_keys: dict[str, str] = {}  # suggested key: key as written
        self.format = matter.format
        self._path = path
        self._matter = matter
        self._found: dict[str, tuple[str, Value]] = {}  # normalized key: key as written, and value
        for key in matter.duplicate_keys:
            self.warn(key, f'"{key}" is set twice; the last value is used')
        for key, value in matter.values.items():
            self._add(key, value)

    def _add(self, key: str, value: Value) -> None:
        plain = keys.normalize_key(key)
        if value:
            first, before = self._found.setdefault(plain, (key, value))
            if before != value:
                self.warn(key, f'"{key}" is a synonym of "{first}", which is used')
        if not keys.is_known_key(key) and (near := keys.suggest_key(key)):
            self.misspelled_keys[near] = key
            self.warn(key, format_suggestion(key, near))

    def get_value(self, names: tuple[str, ...]) -> tuple[str, Value]:
        """Return the first of these fields that has a value, with its key as written."""
        for name in names:
            if name in self._found:
                return self._found[name]
        return "", ""

    def get_values(self, names: tuple[str, ...]) -> list[tuple[str, Value]]:
        """Return all of these fields that have a value, with their keys as written."""
        return [self._found[name] for name in names if name in self._found]

    def get_text(self, names: tuple[str, ...]) -> tuple[str, str]:
        """Return the first of these fields that is a text, with its key as written."""
        for key, value in self.get_values(names):
            if isinstance(value, str):
                if value.strip():
                    return key, value.strip()
            elif isinstance(value, Mapping):
                self.warn(key, f'"{key}" is a table, not a string; put it in quotes')
            elif all(isinstance(item, str) for item in value):
                # YAML reads `title: [Update]` as a list, but the author meant it as text.
                return key, f"[{', '.join(str(item) for item in value)}]"
            else:
                self.warn(key, f'"{key}" is a list, not a string; put it in quotes')
        return "", ""

    def find_first_line(self, names: tuple[str, ...]) -> int:
        """Return the line of the first of these fields that has a value, else 0."""
        key, _ = self.get_value(names)
        return self.find_line(key) if key else 0

    def warn(self, key: str, message: str) -> None:
        """Record a problem that does not keep the file from being published."""
        self.problems.append(Problem(self._path, self.find_line(key), message))

    def build_error(self, key: str, message: str) -> PostError:
        """Return an error that excludes the file; key "" means the file as a whole."""
        return PostError(Problem(self._path, self.find_line(key), message, left_out=True))

    def find_line(self, key: str) -> int:
        """Return the line of a key, or 1 for ""."""
        return self._matter.find_line(key) if key else 1


def format_suggestion(key: str, near: str) -> str:
    """Return the message for a key that is probably a misspelling of another."""
    return f'unknown key "{key}"; did you mean "{near}"?'


# Only complete references: "AT&T" and "a&copy=1" have none.
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_FORMATTING = (
    "a|abbr|b|bdi|bdo|big|center|cite|code|del|dfn|div|em|font|h[1-6]|i|ins|kbd|mark|p|q|rp|rt|ruby|s"
    "|samp|small|span|strike|strong|sub|sup|time|tt|u|var"
)
# Only a pair of tags directly around text is formatting: "The <b> element" and "from <i> to </i>"
# mean the tags themselves.
_PAIR = re.compile(
    rf"<({_FORMATTING})(?:\s[^<>]*)?>(?!\s[^<>]*\s</)([^<]*(?:<(?!/?\1\b)[^<]*)*)</\1\s*>",
    re.IGNORECASE,
)
_BREAK = re.compile(
    r"<(?:br|wbr|hr|img)(?:\s[^<>]*)?/?>|<!--(?:(?!-->|<!--).)*+-->", re.IGNORECASE | re.DOTALL
)
_PARAGRAPH = re.compile(r"</?p(?:\s[^<>]*)?>", re.IGNORECASE)
_IMAGE = re.compile(r"!\[[^\[\]]*+\]\([^()]*+(?:\([^()]*+\)[^()]*+)*+\)")
_LINK = re.compile(
    r"(?<![\w\]])\[([^\[\]]+)\]\([^()\s]*(?:\([^()]*\)[^()\s]*)*(?:\s+[\"'][^\"']*[\"'])?\)"
)
_EMPHASIS = re.compile(r"(?<![*\w])(\*\*|\*|_)(?=\S)([^*_]+)(?<=\S)\1(?![*\w])")
_DEEPEST = 8
_SPACE = re.compile(r"[ \t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")  # a no-break space stays


def strip_html(text: str) -> str:
    """Return plain text: formatting tags removed, entities decoded, white space collapsed."""
    if "<" in text:
        text = _unformatted(_BREAK.sub(" ", text))
    return _SPACE.sub(" ", unescape_entities(text)).strip()


def unescape_entities(text: str) -> str:
    """Replace HTML character references by their characters."""
    return _REFERENCE.sub(lambda found: html.unescape(found[0]), text) if "&" in text else text


def strip_markdown(text: str) -> str:
    """Do as `strip_html`, and remove Markdown's links, images and emphasis too."""
    if "](" in text:
        text = _LINK.sub(r"\1", _IMAGE.sub("", text))
    text = _EMPHASIS.sub(r"\2", text)
    return strip_html(_PARAGRAPH.sub(" ", text) if "<" in text else text)


def _unformatted(text: str) -> str:
    """Remove pairs of formatting tags, innermost first, up to a fixed depth."""
    for _ in range(_DEEPEST):
        bare = _PAIR.sub(r"\2", text)
        if bare == text:
            break
        text = bare
    return text


MAX_OLD_ADDRESSES = 100
"""Most old addresses of one post."""

_LONGEST = 1_000  # characters of an address
_ADDRESS = re.compile(
    r"\.{0,2}/|https?://"  # "/old/", "../old/", "https://example.org/old/"
    r"|[^\sA-Z]++(?<=/)$"  # "old/"
    r"|[^\sA-Z/]++/[^\sA-Z]"  # "2010/old", and not "AC/DC"
    r"|[^\s]++(?<=\.html|\.xhtm|\.aspx)$|[^\s]++(?<=\.php|\.htm|\.asp|\.jsp)$|[^\s]++(?<=\.xhtml)$"
)
_COMMAS = re.compile(r"[,，\n]")


def is_address(text: str) -> bool:
    """Return whether an alias is written as an address rather than a name."""
    return _ADDRESS.match(text) is not None


def parse_old_addresses(header: FieldReader) -> tuple[Reference, ...]:
    """Return the distinct addresses that redirect to a post, with their lines."""
    found: dict[str, int] = {}
    for key, value in header.get_values(keys.ALIASES):
        for text in _texts(value, divided=True):
            if is_address(text):
                found.setdefault(text, header.find_line(key))
    for key, value in header.get_values(keys.REDIRECT_FROM):
        for text in _texts(value, divided=False):
            # Such an address is relative to the root even without a leading slash.
            address = text if is_address(text) else f"/{text}"
            found.setdefault(address, header.find_line(key))
    kept = [Reference(text, line) for text, line in found.items() if len(text) <= _LONGEST]
    if len(kept) > MAX_OLD_ADDRESSES or len(kept) < len(found):
        key = header.get_values((*keys.ALIASES, *keys.REDIRECT_FROM))[0][0]
        told = f"only the first {MAX_OLD_ADDRESSES} of up to {_LONGEST:,} characters each are used"
        header.warn(key, f"{len(found):,} old URLs; {told}")
    return tuple(kept[:MAX_OLD_ADDRESSES])


def parse_redirect_target(header: FieldReader) -> tuple[Reference, ...]:
    """Return the URL that a post's page redirects to, if any."""
    for key, value in header.get_values(keys.REDIRECT_TO):
        for text in _texts(value, divided=False):
            return (Reference(text, header.find_line(key)),)
    return ()


def _texts(value: Value, *, divided: bool) -> Iterator[str]:
    """Yield the texts of a list, or of one text, split at commas if `divided`."""
    if isinstance(value, str):
        parts = _COMMAS.split(value) if divided else [value]
        yield from filter(None, (part.strip() for part in parts))
    elif not isinstance(value, Mapping):
        for item in value:
            if isinstance(item, str) and item.strip():
                yield item.strip()
