"""Syntax highlighting of code blocks with Pygments CSS classes. Enter at `Highlighter`."""

import re
from html import unescape

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from feedpub.content.markup.fences import parse_info_string

_LONGEST = 60_000  # characters; longer code is slow to highlight and stays plain
_BLOCK = re.compile(r'<pre><code(?: class="language-([^"]*)")?>([^<]*)</code></pre>')
# A first line that names the language (`:::python`), as in Python-Markdown's codehilite.
_NAMED = re.compile(r"(?::::++|#!)[ ]*+([\w+#.-]++)[^\n/]*+\n")


class Highlighter:
    """Highlights code blocks, and caches lexers by language."""

    def __init__(self) -> None:
        self._lexers: dict[str, Lexer | None] = {}
        self._formatter = HtmlFormatter[str](nowrap=True)

    def highlight(self, html: str) -> str:
        """Return the HTML with code of known languages marked up in `<span class>`.

        Each block that names a language is wrapped in `<div class="highlight">`; the
        language stays as a class of its `<code>`.
        """
        return _BLOCK.sub(self._block, html)

    def _block(self, match: re.Match[str]) -> str:
        name, code = parse_info_string(unescape(match[1] or "")), match[2]
        if match[1] is None:
            first = _NAMED.match(code)
            if not first or not self._lexer(first[1].lower()):
                return match[0]
            name, code = first[1].lower(), code[first.end() :]
        lexer = self._lexer(name)
        opened = f'<pre><code class="language-{name}">' if name else "<pre><code>"
        if lexer and len(code) <= _LONGEST:
            code = highlight(unescape(code), lexer, self._formatter)
        return f'<div class="highlight">{opened}{code}</code></pre></div>'

    def _lexer(self, name: str) -> Lexer | None:
        if name not in self._lexers:
            self._lexers[name] = _load(name)
        return self._lexers[name]


def _load(name: str) -> Lexer | None:
    """Return the Pygments lexer of a language; None if unknown or plain text."""
    if name in ("", "text", "plain", "plaintext", "txt", "none"):
        return None
    try:
        return get_lexer_by_name(name, stripnl=False)
    except ClassNotFound:
        return None
