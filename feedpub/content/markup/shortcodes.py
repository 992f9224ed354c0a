"""Liquid tags and Hugo shortcodes: render the supported ones, keep the others as text.

`ShortcodeStash.stash` runs before the Markdown engine. It replaces each unsupported tag with a
placeholder, so that no part of the tag is parsed as Markdown. `unstash` and `unstash_url` put the
tags back into the HTML: verbatim in code, as a target in a URL, as text elsewhere. A placeholder
contains a digest of the whole body, so a body cannot practically contain one of its own. URLs are
checked only after their tags are back.
"""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from html import escape

from feedpub.content.markup import fences
from feedpub.models.text import extract_text

_STASH_START, _STASH_END = "\U0010f8d0", "\U0010f8d1"  # private use, unlikely in any post
_HELD = re.compile(
    f"(?:{_STASH_START}|%F4%8F%A3%90)([0-9a-f]{{12}})n([0-9]{{1,9}})(?:{_STASH_END}|%F4%8F%A3%91)",
    re.IGNORECASE,
)
_SIGN_OF_HELD = rf"{_STASH_START}([0-9a-f]{{12}})n([0-9]{{1,9}}){_STASH_END}"
_HELD_ALONE = re.compile(rf"<code>{_SIGN_OF_HELD}</code>")
_HELD_LINE = re.compile(rf"(?:(?<=\n)|(?<=>))[ \t]*+{_SIGN_OF_HELD}[ \t]*+\n")
_MARGINS = ("", " ", "  ", "   ")  # one more column would make it indented code
_SIGN = re.compile(r"\{[{%]")

_CLOSING = {"{%": "%}", "{{": "}}"}
_LONGEST = 2000  # characters in a tag
_EMPTY_LINE = re.compile(r"\n[ \t]*+\n")
_COMMENT = re.compile(
    r"\{%-?\s*comment\s*-?%\}(?:(?!\{%-?\s*(?:end)?comment).)*+\{%-?\s*endcomment\s*-?%\}",
    re.DOTALL,
)
_BRACES = re.compile(r"\{%-?\s*raw\s*-?%\}([{}%\s]{1,9}?)\{%-?\s*endraw\s*-?%\}")
_RAW = re.compile(r"-?\s*(raw|endraw)\s*-?")
_RAW_TAG = re.compile(r"\{%-?\s*+(raw|endraw)\s*+-?%\}")
# A Hugo call commented out with `/* */`, which Hugo shows instead of running.
_ESCAPED = re.compile(r"\{\{([<%])/\*((?:(?!\*/|\{\{)[^\n])*+)\*/([>%])\}\}")
_POST = re.compile(r"-?\s*(post_url|link)\s+[\"']?([^\s\"']+)[\"']?\s*-?")
_REF = re.compile(r"[<%]-?\s*+(?:rel)?ref\s++(?:path=)?+")
_QUOTES = ("'", '"', "`")
_NAMED_ARGUMENT = re.compile(r"\s\w++=")
_SITE = re.compile(r"-?\s*site\.(?:baseurl|url)\s*-?")
_PATH = re.compile(
    r"-?\s*(?:\"([^\"]*)\"|'([^']*)')\s*\|\s*"
    r"(?:url|relative_url|absolute_url|relURL|absURL|prepend:\s*site\.(?:baseurl|url)\b).*",
    re.DOTALL,
)
_CALL = re.compile(r"[<%]?-?\s*+(figure|youtube|vimeo)\s++(.*+)", re.DOTALL)
_ARGUMENT = re.compile(r"(?:([\w-]++)\s*+=\s*+)?(?:\"([^\"]*)\"|'([^']*)'|`([^`]*)`|([^\s\"'`=]+))")
_FILM = re.compile(r"[\w-]+")
_CALLS = re.compile(r"[<%]|-?\s*[\w\"'./$]")
_CODE = re.compile(r"(<pre[ >].*?</pre>|<code[ >].*?</code>)", re.DOTALL)
_TWICE = re.compile(r"(?:\{site\})+(?=\{)|(?:\{site\})+(?=\{site\})")


@dataclass(frozen=True, slots=True)
class StashedTag:
    """A stashed tag: its text, how it is displayed, and its target in a URL."""

    text: str
    display_text: str
    target: str
    is_unrendered: bool  # report it as a tag that could not be run
    is_raw: bool = False  # `{% raw %}` or its end: shown only where it is all of a code element


@dataclass(frozen=True, slots=True)
class _TagSpan:
    """The start and end offsets of a tag."""

    start: int
    end: int


class _NextPosition:
    """A cached search for the next match; searches again only after that match is passed."""

    def __init__(self, find: Callable[[int], int]) -> None:
        self._find = find
        self._at = -1

    def after(self, start: int) -> int:
        """Return the next offset from `start` on, or `sys.maxsize`; `start` must not decrease."""
        if self._at < start:
            found = self._find(start)
            self._at = sys.maxsize if found < 0 else found
        return self._at


@dataclass(slots=True)
class ShortcodeStash:
    """The tags of one body between `stash` and `unstash`."""

    render_inline: Callable[[str], str] = escape  # renders one line of Markdown to HTML
    stashed: list[StashedTag] = field(default_factory=list)
    unrendered: list[str] = field(default_factory=list)  # unsupported tags restored as text
    _raw: bool = False
    _digest: str = ""

    def stash(self, body: str) -> str:
        """Render supported tags and stash the others, outside fenced code."""
        self._digest = sha256(body.encode("utf-8", "replace")).hexdigest()[:12]
        if not fences.has_fence(body):
            return self._text(body)
        lines = body.split("\n")
        parts: list[str] = []
        done = 0
        for fence in fences.find_fences(lines):
            if fence.first_line > done:
                parts.append(self._text("\n".join(lines[done : fence.first_line])))
            written = (
                _fenced(fence) if fence.is_liquid else lines[fence.first_line : fence.last_line + 1]
            )
            parts.append(self._code("\n".join(written)))
            done = fence.last_line + 1
        if done < len(lines):
            parts.append(self._text("\n".join(lines[done:])))
        return "\n".join(parts)

    def unstash_url(self, url: str) -> str:
        """Replace the placeholders in a URL attribute with the targets of their tags."""
        return _TWICE.sub("", _HELD.sub(lambda match: escape(self._target(match)), url))

    def unstash(self, html: str) -> str:
        """Replace the placeholders in text and code with their tags."""
        return "".join(self._parts(html))

    def _parts(self, html: str) -> Iterator[str]:
        for number, part in enumerate(_CODE.split(html)):
            if not number % 2:
                yield _HELD.sub(self._in_text, part)
            elif _HELD_ALONE.fullmatch(part):
                yield _HELD.sub(lambda match: escape(self._held(match).text), part)
            else:
                yield _HELD.sub(self._in_code, _HELD_LINE.sub(self._in_line, part))

    def _in_line(self, match: re.Match[str]) -> str:
        """Drop a line of code that holds only `{% raw %}` or its end."""
        return "" if self._held(match).is_raw else match[0]

    def _held(self, match: re.Match[str]) -> StashedTag:
        number = int(match[2])
        if match[1] == self._digest and number < len(self.stashed):
            return self.stashed[number]
        return StashedTag(match[0], match[0], "", is_unrendered=False)  # written by the author

    def _target(self, match: re.Match[str]) -> str:
        held = self._held(match)
        self.unrendered += [held.text] * (held.is_unrendered and not held.target)
        return held.target or held.text

    def _in_code(self, match: re.Match[str]) -> str:
        held = self._held(match)
        return "" if held.is_raw else escape(held.text)

    def _in_text(self, match: re.Match[str]) -> str:
        held = self._held(match)
        self.unrendered += [held.text] * held.is_unrendered
        return escape(held.display_text)

    def _code(self, text: str) -> str:
        """Process fenced code as Jekyll and Hugo do: they expand tags before Markdown."""
        if "{" not in text:
            return text
        text = _ESCAPED.sub(_unescaped, _BRACES.sub(r"\1", text))
        if self._raw or "endraw" not in text:
            return text
        parts: list[str] = []
        done = 0
        for opening, closing in _raw_pairs(text):
            for tag in (opening, closing):
                parts += text[done : tag.start()], self._hold_raw(tag[0])
                done = tag.end()
        return "".join((*parts, text[done:]))

    def _text(self, text: str) -> str:
        if not _SIGN.search(text):
            return text
        if "endcomment" in text:
            text = _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), text)
        text = _BRACES.sub(self._braces, text)
        parts: list[str] = []
        done = 0
        for tag in _tags(text):
            parts += text[done : tag.start], self._run_or_hold(tag, text)
            done = tag.end
        return "".join((*parts, text[done:]))

    def _braces(self, match: re.Match[str]) -> str:
        return self._hold(match[1], match[1], "", counts=False)

    def _run_or_hold(self, tag: _TagSpan, whole: str) -> str:
        """Return the Markdown of a supported tag, or a placeholder for any other."""
        text = whole[tag.start : tag.end]
        inner = text[2:-2]
        raw = _RAW.fullmatch(inner) if text[1] == "%" else None
        if raw and (raw[1] == "raw") is not self._raw:
            self._raw = not self._raw
            return self._hold_raw(text)
        if self._raw:
            return self._hold(text, text, "", counts=False)
        if escaped := _ESCAPED.fullmatch(text):
            shown = _unescaped(escaped)
            return self._hold(shown, shown, "", counts=False)
        run = _render_tag(inner, self.render_inline) if _is_alone_on_line(tag, whole) else ""
        if run:
            return run
        return self._hold(
            text, text, _resolve_target(inner), counts=_CALLS.match(inner) is not None
        )

    def _hold(self, text: str, shown: str, target: str, *, counts: bool) -> str:
        return self._add(StashedTag(text, shown, target, counts))

    def _hold_raw(self, text: str) -> str:
        return self._add(StashedTag(text, "", "", is_unrendered=False, is_raw=True))

    def _add(self, held: StashedTag) -> str:
        self.stashed.append(held)
        return f"{_STASH_START}{self._digest}n{len(self.stashed) - 1}{_STASH_END}"


def has_shortcode(body: str) -> bool:
    """Return whether a body may contain tags."""
    return _SIGN.search(body) is not None


def has_stashed_tag(text: str) -> bool:
    """Return whether a text contains placeholders."""
    return _HELD.search(text) is not None


def remove_stashed_tags(text: str) -> str:
    """Remove the placeholders from a text."""
    return _HELD.sub("", text)


def _unescaped(match: re.Match[str]) -> str:
    """Return a commented-out Hugo call without its `/* */`."""
    return f"{{{{{match[1]}{match[2]}{match[3]}}}}}"


def _raw_pairs(text: str) -> Iterator[tuple[re.Match[str], re.Match[str]]]:
    """Yield each `{% raw %}` with its `{% endraw %}`; tags between them are text."""
    opening: re.Match[str] | None = None
    for tag in _RAW_TAG.finditer(text):
        if opening is None and tag[1] == "raw":
            opening = tag
        elif opening is not None and tag[1] == "endraw":
            yield opening, tag
            opening = None


def _fenced(fence: fences.Fence) -> list[str]:
    """Return a Liquid or Hugo code block as a Markdown fence of as many lines."""
    longest = max((len(run) for run in re.findall(r"`{3,}", fence.code)), default=2)
    margin = fence.quote_prefix + " " * fence.indent
    mark = margin + "`" * (longest + 1)
    code = [f"{margin}{line}" for line in fence.code.split("\n")[:-1]]
    return [mark + fence.language, *code, mark]


def _tags(text: str) -> Iterator[_TagSpan]:
    """Yield each `{% ... %}` and `{{ ... }}` that is not empty and contains no empty line.

    Searches for ends and empty lines are cached, so many unclosed tags stay linear.
    """
    at, empty = 0, _NextPosition(lambda start: _found(_EMPTY_LINE.search(text, start)))
    ends = {sign: _NextPosition(partial(text.find, closing)) for sign, closing in _CLOSING.items()}
    while (opening := _SIGN.search(text, at)) is not None:
        start = opening.start()
        end = ends[opening[0]].after(start + 2)
        if start + 2 < end <= start + 2 + _LONGEST and not start < empty.after(start) < end:
            yield _TagSpan(start, end + 2)
            at = end + 2
        else:
            nearest = min(each.after(start + 2) for each in ends.values())
            at = max(start + 1, nearest - _LONGEST - 2)


def _found(match: re.Match[str] | None) -> int:
    return match.start() if match else -1


def _is_alone_on_line(tag: _TagSpan, text: str) -> bool:
    """Return whether nothing else is on the lines of a tag."""
    margin = max(0, tag.start - len(_MARGINS))
    before = text[margin : tag.start].rpartition("\n")
    if before[2] not in _MARGINS or (margin and not before[1]):
        return False
    end = text.find("\n", tag.end)
    return not text[tag.end : end if end >= 0 else len(text)].strip()


def _resolve_target(inner: str) -> str:
    """Return the target of a tag in a URL, such as `{site}` or `{ref}NAME`, or "" if unknown."""
    if found := _SITE.fullmatch(inner):
        return "{site}"
    if found := _PATH.fullmatch(inner):
        path = found[1] or found[2] or ""
        return path if ":" in path else "{site}/" + path.lstrip("/")
    if found := _POST.fullmatch(inner):
        return f"{{{found[1]}}}{found[2]}"
    if found := _REF.match(inner):
        return _reference(inner[found.end() :])
    return ""


def _reference(text: str) -> str:
    """Return the target of a Hugo `ref` or `relref` from its arguments, or "" if malformed."""
    if not text.endswith((">", "%")):
        return ""
    named = _NAMED_ARGUMENT.search(text)
    target = (text[: named.start()] if named else text[:-1]).strip()
    target = target.removeprefix(target[0]) if target.startswith(_QUOTES) else target
    target = (target[:-1] if target.endswith(_QUOTES) else target).strip()
    return "" if not target or {*_QUOTES, ">"} & {*target} else f"{{ref}}{target}"


def _render_tag(inner: str, inline: Callable[[str], str]) -> str:
    """Render `figure`, `youtube` or `vimeo` as HTML or Markdown; "" for any other tag."""
    found = _CALL.fullmatch(inner)
    if not found:
        return ""
    given = {
        match[1] or "": next(filter(None, match.groups()[1:]), "")
        for match in _ARGUMENT.finditer(_without_end(found[2]))
    }
    if found[1] == "figure":
        return _figure(given, inline)
    film = given.get("id") or given.get("") or ""
    if not _FILM.fullmatch(film):
        return ""
    address = "https://vimeo.com/" if found[1] == "vimeo" else "https://www.youtube.com/watch?v="
    return f"[{escape(given.get('title') or address + film)}]({address}{film})"


def _without_end(arguments: str) -> str:
    """Strip the `>`, `%` or `/>` that ends a Hugo call."""
    if arguments.endswith((">", "%")):
        arguments = arguments[:-1]
    return arguments.removesuffix("/")


def _figure(given: dict[str, str], inline: Callable[[str], str]) -> str:
    """Render Hugo's `figure` as HTML; "" without `src`."""
    if not given.get("src"):
        return ""
    caption = inline(given["caption"]) if given.get("caption") else ""
    alt = given.get("alt") or extract_text(caption)
    image = f'<img src="{escape(given["src"])}" alt="{escape(alt)}">'
    if given.get("link"):
        image = f'<a href="{escape(given["link"])}">{image}</a>'
    title = f"<strong>{inline(given['title'])}</strong>" if given.get("title") else ""
    credit = inline(given["attr"]) if given.get("attr") else escape(given.get("attrlink", ""))
    if given.get("attrlink"):
        credit = f'<a href="{escape(given["attrlink"])}">{credit}</a>'
    below = " ".join(filter(None, (title, caption, credit)))
    return f"<figure>{image}{f'<figcaption>{below}</figcaption>' if below else ''}</figure>"
