"""Markdown engines: convert a body to HTML that is not sanitised yet. Enter at `load_engine`.

`CommonMarkEngine` is the default: Python-Markdown with CommonMark rules and GitHub's extensions.
`ComrakEngine` reads the same syntax several times as fast, but without attribute lists,
abbreviations, and admonitions other than alerts. `PythonMarkdownEngine` reads Python-Markdown's own
dialect.
"""

import re
from collections.abc import Callable, Sequence
from html import escape, unescape
from typing import Protocol, cast
from urllib.parse import unquote
from xml.etree.ElementTree import Element

import comrak
import markdown as python_markdown
from markdown.extensions import Extension
from markdown.extensions.footnotes import FootnoteExtension
from markdown.inlinepatterns import InlineProcessor, SimpleTagInlineProcessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import InlineProcessor as InlineTree
from markdown.treeprocessors import Treeprocessor
from markdown.util import HTML_PLACEHOLDER_RE, INLINE_PLACEHOLDER_RE, AtomicString

from feedpub.config import schema
from feedpub.content.markup import fences, mathml, wikilinks
from feedpub.content.markup.commonmark import CommonMarkExtension
from feedpub.content.markup.commonmark.formulas import FormulaStash
from feedpub.content.markup.commonmark.nodes import DepthError
from feedpub.content.markup.fast_inline import FastInlineProcessor
from feedpub.content.markup.limits import MarkupError
from feedpub.errors import ConfigError
from feedpub.models.content import Problem

_EXTENSIONS = (
    "markdown.extensions.abbr",
    "markdown.extensions.admonition",
    "markdown.extensions.attr_list",
    "markdown.extensions.def_list",
    "markdown.extensions.md_in_html",
    "markdown.extensions.sane_lists",
    "markdown.extensions.tables",
)
_COMRAK = (
    "alerts",
    "autolink",
    "cjk_friendly_emphasis",
    "description_lists",
    "footnotes",
    "math_dollars",
    "strikethrough",
    "table",
    "tasklist",
    "wikilinks_title_after_pipe",
)

_UNCLOSED = 3000  # brackets; about a second of work for Python-Markdown

_MARGIN = re.compile(r"[ \t]*(?:(?:[-*+:>]|\d+\.)[ \t]+)*")
_TASK = re.compile(r"<li>(\s*<p>|\s*)\[([ xX])\](?=\s)")
# Fences indented for a list that Python-Markdown had already ended: it wraps them in code again.
_CODE_IN_CODE = re.compile(r"<pre><code>((?:<pre><code[^>]*>[^<]*</code></pre>\s*)+)</code></pre>")
_ALERT = re.compile(
    r"<blockquote>\s*<p>\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][ \t]*+([^\n<]*+)(?:<br />)?+\n?+"
    r"((?:(?!</?blockquote>).)*+)</blockquote>",
    re.IGNORECASE | re.DOTALL,
)
_BARE_URL = r"(?<![\w@/.=&%#?-])((?:https?://|www\.)[^\s<>\x02\x03\"`]+)"
_TRAILING = "?!.,:;*_~'\""
_ENTITY = re.compile(r"&[a-z]{1,32}+;\Z")
_CJK_STOP = re.compile(r"[\u3000-\u303f\uff00-\uffef\u2018-\u201f\u2026]")

_BACK = "Back to the text"
_NOTE_REFERENCE = re.compile(
    r'<sup class="footnote-ref"><a href="#fn-([^"]+)" id="fnref-([^"]+)" data-footnote-ref>'
)
_NOTE = re.compile(r'<li id="fn-([^"]+)">')
_NOTE_BACK = re.compile(r'<a href="#fnref-([^"]+)" class="footnote-backref"[^<>]*>')
_NOTE_BACK_WRITTEN = rf'<a class="footnote-backref" href="#fnref:\1" title="{_BACK}">'
_SETS_TEX = re.compile("math|katex|latex", re.IGNORECASE)  # extensions that render TeX themselves
_MATH = re.compile(r'<span data-math-style="(inline|display)">([^<]*+)</span>', re.DOTALL)
_LOOSE_TASK = re.compile(r'(?<=<li>)(<input type="checkbox"[^>]*>)\s*<p>')
_WIKI_LINK = re.compile(
    r"<(?P<end>/?)(?:pre|code)(?=[ >])"
    r'|<a href="(?P<href>[^"]*+)" data-wikilink="true">(?P<text>[^<]*+)</a>'
    r"|(?P<embed>!\[\[[^\[\]\n<>]{1,1000}+\]\])"
)
_ALERT_CLASS = re.compile(r'<div class="markdown-alert markdown-alert-(\w+)">')


FormulaRenderer = Callable[[str], str]
"""Renders a formula, passed with its delimiters, to HTML."""


class MarkdownEngine(Protocol):
    """Converts Markdown to HTML."""

    def render(self, body: str) -> str:
        """Return the unsanitised HTML of a body, raw HTML included.

        Raises MarkupError if the body cannot be converted, such as when it is nested too deeply.
        """


class ComrakEngine:
    """CommonMark by comrak, a Rust library."""

    def __init__(self, write_formula: FormulaRenderer | None = None) -> None:
        """Set the formula renderer; without one, formulas stay text."""
        self._write_formula = write_formula or _escape
        self._extensions = comrak.ExtensionOptions()
        for name in _COMRAK:
            setattr(self._extensions, name, True)
        self._parse = comrak.ParseOptions()
        self._render = comrak.RenderOptions()
        self._render.unsafe_ = True  # keep raw HTML; the sanitiser filters it

    def render(self, body: str) -> str:
        """Return the HTML of a body, with footnotes and alerts as the other engines write them."""
        formulas = FormulaStash(("\\(", "\\["))
        html = comrak.render_markdown(
            formulas.stash(body), self._extensions, self._parse, self._render
        )
        html = formulas.unstash(html, self._write_formula)
        if "data-math-style" in html:
            html = _MATH.sub(self._formula, html)
        if "data-footnote" in html:
            html = _NOTE_REFERENCE.sub(
                r'<sup class="footnote-ref" id="fnref:\2"><a class="footnote-ref" href="#fn:\1">',
                html,
            )
            html = _NOTE.sub(r'<li id="fn:\1">', html)
            html = _NOTE_BACK.sub(_NOTE_BACK_WRITTEN, html)
        if '<li><input type="checkbox"' in html:
            html = _LOOSE_TASK.sub(r"<p>\1 ", html)
        if "data-wikilink" in html or "![[" in html:
            html = _wiki_links(html)
        if 'class="markdown-alert' in html:
            html = _ALERT_CLASS.sub(r'<div class="admonition \1">', html)
            html = html.replace('<p class="markdown-alert-title">', '<p class="admonition-title">')
        return html

    def _formula(self, match: re.Match[str]) -> str:
        """Render a formula with the dollar signs restored, which comrak strips."""
        sign = "$" if match[1] == "inline" else "$$"
        return self._write_formula(f"{sign}{unescape(match[2])}{sign}")


class PythonMarkdownEngine:
    """Python-Markdown's dialect, with its extra extensions and common GitHub syntax."""

    def __init__(
        self, extensions: Sequence[str] = (), write_formula: FormulaRenderer | None = None
    ) -> None:
        """Load the extensions. Raises ConfigError if one cannot be loaded."""
        self._write_formula = write_formula or _escape
        self._markdown = python_markdown.Markdown(
            extensions=[*_EXTENSIONS, _CommonExtension()], output_format="html"
        )
        for name in extensions:
            _load(self._markdown, name)
        self._markdown.treeprocessors.register(FastInlineProcessor(self._markdown), "inline", 20)
        self._keeps_tex = not any(_SETS_TEX.search(name) for name in extensions)

    def render(self, body: str) -> str:
        """Return the HTML of a body. Raises MarkupError if Python-Markdown cannot convert it."""
        _refuse_unclosed(body)
        self._markdown.reset()
        formulas = FormulaStash(("$$", "\\(", "\\[", "$"))
        try:
            html = self._markdown.convert(formulas.stash(body) if self._keeps_tex else body)
        except RecursionError as error:
            raise MarkupError("lists, quotes or elements are nested too deeply") from error
        except Exception as error:  # extensions may raise anything; do not fail the build
            reason = f"Python-Markdown failed: {type(error).__name__}: {error}"
            raise MarkupError(reason) from error
        if "<pre><code><pre>" in html:
            html = _CODE_IN_CODE.sub(r"\1", html)
        if "<li>" in html:
            html = _TASK.sub(_task, html)
        if "[!" in html:
            html = _ALERT.sub(_alert, html)
        return formulas.unstash(html, self._write_formula)


class CommonMarkEngine:
    """Python-Markdown with a CommonMark parser (`feedpub.content.markup.commonmark`)."""

    def __init__(
        self, extensions: Sequence[str] = (), set_formula: FormulaRenderer | None = None
    ) -> None:
        """Load the extensions. Raises ConfigError if one cannot be loaded."""
        self._markdown = python_markdown.Markdown(
            extensions=[CommonMarkExtension(set_formula)], output_format="html"
        )
        for name in extensions:
            _load(self._markdown, name)
        if not len(self._markdown.inlinePatterns):
            self._markdown.treeprocessors.deregister("inline")

    def render(self, body: str) -> str:
        """Return the HTML of a body. Raises MarkupError if it cannot be converted."""
        self._markdown.reset()
        try:
            return self._markdown.convert(body)
        except (RecursionError, DepthError) as error:
            raise MarkupError("lists, quotes or elements are nested too deeply") from error
        except Exception as error:  # extensions may raise anything; do not fail the build
            reason = f"Python-Markdown failed: {type(error).__name__}: {error}"
            raise MarkupError(reason) from error


class _FootnoteSection(Treeprocessor):
    """Footnotes in a `<section>`, as comrak writes them, in the order of their references.

    It replaces Python-Markdown's own reordering, which fails on an empty footnote.
    """

    def __init__(self, md: python_markdown.Markdown, notes: FootnoteExtension) -> None:
        super().__init__(md)
        self._notes = notes

    def run(self, root: Element) -> None:
        for notes in root.iter("div"):
            if notes.get("class") == "footnote":
                notes.tag = "section"
                notes.set("class", "footnotes")
                notes.remove(notes[0])  # the rule above them
                for items in notes.findall("ol"):
                    items[:] = sorted(items, key=self._place)

    def _place(self, item: Element) -> int:
        order = self._notes.footnote_order
        name = item.get("id", "").partition(":")[2]
        return order.index(name) if name in order else len(order)


class _CommonExtension(Extension):
    """Footnotes in reference order, nested fences, strikethrough and bare URLs."""

    def extendMarkdown(self, md: python_markdown.Markdown) -> None:  # noqa: N802
        notes = FootnoteExtension(BACKLINK_TITLE=_BACK, USE_DEFINITION_ORDER=False)
        notes.extendMarkdown(md)
        md.registerExtension(notes)
        md.treeprocessors.deregister("footnote-reorder", strict=False)
        md.treeprocessors.register(_FootnoteSection(md, notes), "feedpub_section", 12)
        md.preprocessors.register(_FencePreprocessor(md), "normalize_whitespace", 30)
        strike = SimpleTagInlineProcessor(r"(~~)(?![\s~])(.{1,1000}?)(?<![\s~])~~", "del")
        md.inlinePatterns.register(strike, "feedpub_strike", 65)
        md.inlinePatterns.register(_BareUrlProcessor(_BARE_URL, md), "feedpub_bare_url", 85)


class _FencePreprocessor(Preprocessor):
    """Fenced code, including fences in lists and quotations, which Python-Markdown misses.

    It replaces `normalize_whitespace`, which expands every tab, so that tabs in code survive.
    """

    def run(self, lines: list[str]) -> list[str]:
        written: list[str] = []
        done = 0
        for fence in fences.find_fences(lines):
            written += map(_spaced, lines[done : fence.first_line])
            named = f' class="language-{escape(fence.language)}"' if fence.language else ""
            html = f"<pre><code{named}>{escape(fence.code, quote=False)}</code></pre>"
            # Python-Markdown nests by four columns, whatever the indentation of the list.
            margin = fence.quote_prefix + " " * (-(-fence.indent // 4) * 4)
            written += [
                fence.quote_prefix,
                margin + self.md.htmlStash.store(html),
                fence.quote_prefix,
            ]
            done = fence.last_line + 1
        return [*written, *map(_spaced, lines[done:]), "", ""]


def _spaced(line: str) -> str:
    """Expand the tabs in a line's margin; return "" for a blank line."""
    if "\t" in line:
        found = _MARGIN.match(line)
        margin = found[0] if found else ""
        line = margin.expandtabs(4) + line[len(margin) :]
    return "" if line.isspace() else line


class _BareUrlProcessor(InlineProcessor):
    """Links bare URLs such as `https://example.org/` or `www.example.org`, as GitHub does."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(  # type: ignore[override]  # noqa: N802  # the stubs are out of date
        self, m: re.Match[str], data: str
    ) -> tuple[Element | None, int | None, int | None]:
        shown = _trim_url(m[1])
        if "." not in shown or self._in_raw_link(data, m.start()):
            return None, None, None
        address = unescape(shown)
        link = Element("a", href=address if "://" in address else f"http://{address}")
        link.text = AtomicString(address)
        return link, m.start(), m.start() + len(shown)

    def _in_raw_link(self, data: str, at: int) -> bool:
        """Return whether a raw `<a>` element is open at `at`."""
        inline = cast("InlineTree", self.md.treeprocessors["inline"])
        nodes = inline.stashed_nodes
        blocks = self.md.htmlStash.rawHtmlBlocks
        depth = 0
        for match in INLINE_PLACEHOLDER_RE.finditer(data, 0, at):
            held = HTML_PLACEHOLDER_RE.fullmatch(str(nodes.get(match[1])))
            raw = str(blocks[int(held[1])]).lower() if held else ""
            depth += raw.startswith(("<a ", "<a>")) - raw.startswith("</a")
        return depth > 0


def _load(md: python_markdown.Markdown, name: str) -> None:
    try:
        md.registerExtensions([name], {})
    except (ImportError, AttributeError, TypeError) as error:
        problem = f'markdown.extensions: cannot load extension "{name}" ({error})'
        raise ConfigError((Problem("config.yaml", 0, problem),)) from error


def _trim_url(url: str) -> str:
    """Strip trailing characters that belong to the sentence, not to the URL."""
    stop = _CJK_STOP.search(url)
    url = url[: stop.start()] if stop else url
    unopened = url.count(")") - url.count("(")
    end = _trimmed(url, len(url))
    while unopened > 0 and url[end - 1 : end] == ")":
        end = _trimmed(url, end - 1)
        unopened -= 1
    return url[:end]


def _trimmed(url: str, end: int) -> int:
    """Return the end of a URL without trailing punctuation and entities."""
    while end and url[end - 1] in _TRAILING:
        entity = _ENTITY.search(url, max(0, end - 34), end) if url[end - 1] == ";" else None
        end = entity.start() if entity else end - 1
    return end


def _escape(formula: str) -> str:
    return escape(formula, quote=False)


def _wiki_links(html: str) -> str:
    """Rewrite comrak's wiki links, and the `![[...]]` it does not support, outside code."""
    depth = 0  # of open code elements

    def written(match: re.Match[str]) -> str:
        nonlocal depth
        if not match["href"] and not match["embed"]:
            depth = max(0, depth + (-1 if match["end"] else 1))
            return match[0]
        return match[0] if depth else _wiki_link(match)

    return _WIKI_LINK.sub(written, html)


def _wiki_link(match: re.Match[str]) -> str:
    if match["embed"]:
        written = match["embed"]
    else:
        name, text = unquote(unescape(match["href"])), unescape(match["text"])
        written = f"[[{name}]]" if name == text else f"[[{name}|{text}]]"
    found = wikilinks.parse_wikilink(written, 0)
    if found is None or found.end != len(written):
        return escape(unescape(written), quote=False)
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in found.attributes)
    end = "" if found.tag == "img" else f"</{found.tag}>"
    return f"<{found.tag}{attributes}>{escape(found.text, quote=False)}{end}"


def _task(match: re.Match[str]) -> str:
    checked = "" if match[2] == " " else " checked"
    return f'<li>{match[1]}<input type="checkbox" disabled{checked}>'


def _alert(match: re.Match[str]) -> str:
    kind = match[1].lower()
    title = match[2].strip() or kind.capitalize()
    return (
        f'<div class="admonition {kind}">\n<p class="admonition-title">{title}</p>\n'
        f"<p>{match[3]}</div>"
    )


def _refuse_unclosed(body: str) -> None:
    """Raise MarkupError if there are too many unclosed brackets.

    Python-Markdown would spend minutes looking for their ends.
    """
    for opening, closing in ("[]", "()", "<>"):
        unclosed = body.count(opening) - body.count(closing)
        if unclosed > _UNCLOSED:
            raise MarkupError(f'{unclosed} "{opening}" are never closed')


def load_engine(config: schema.MarkdownConfig) -> MarkdownEngine:
    """Return the configured engine.

    Raises ConfigError if an extension cannot be loaded.
    """
    set_formula = mathml.render_formula if config.math == "mathml" else None
    if config.engine == "comrak":
        return ComrakEngine(set_formula)
    if config.dialect == "python-markdown":
        return PythonMarkdownEngine(config.extensions, set_formula)
    return CommonMarkEngine(config.extensions, set_formula)
