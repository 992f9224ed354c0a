"""Blocks of code → the same in colours, as classes of Pygments."""

import re
from html import unescape

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from feedpub.content.markup.fences import parse_info_string

_LONGEST = 60_000  # characters; beyond it colours cost more than they help
_BLOCK = re.compile(r'<pre><code(?: class="language-([^"]*)")?>([^<]*)</code></pre>')
# The first line names the language, as Python-Markdown's codehilite has it.
_NAMED = re.compile(r"(?::::++|#!)[ ]*+([\w+#.-]++)[^\n/]*+\n")


class Highlighter:
    """Colours blocks of code; keeps the lexers it has used."""

    def __init__(self) -> None:
        self._lexers: dict[str, Lexer | None] = {}
        self._formatter = HtmlFormatter[str](nowrap=True)

    def highlight(self, html: str) -> str:
        """Put `<span class>` into every block whose language is known.

        Such a block stands in `<div class="highlight">`; the language stays as a class of
        its `<code>`.
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
    """Load the lexer of a language; None where there is none, or it colours nothing."""
    if name in ("", "text", "plain", "plaintext", "txt", "none"):
        return None
    try:
        return get_lexer_by_name(name, stripnl=False)
    except ClassNotFound:
        return None
