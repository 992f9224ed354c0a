"""The default engine reads any document as comrak does, which follows CommonMark as well.

What the two are known to read differently is left out of the documents: single tildes, inline HTML
on a line of its own below a list or a quotation (comrak lets it end the paragraph, against section
4.6), empty tasks, and bare addresses beside punctuation.
"""

import lxml.html
from hypothesis import given
from hypothesis import strategies as st

from feedpub.content.markup.engines import CommonMarkEngine, ComrakEngine

_COUNTED = frozenset(
    (
        *("ul", "ol", "li", "table", "th", "td", "pre", "code", "h1", "h2", "h3", "h4", "h5"),
        *("h6", "blockquote", "img", "a", "em", "strong", "del", "hr", "br"),
    )
)
_PIECES = (
    *("- ", "* ", "+ ", "1. ", "2) ", "> ", "  ", "    ", "\t", "# ", "## ", "---", "***", "==="),
    *("```", "~~~", "a", "b c", "*", "**", "_", "~~", "`", "[x](y)", "![i](j)", "</b>", "<div>"),
    *(
        "</div>",
        "&amp;",
        "\\",
        "\\*",
        "a|b",
        "[z]: /u",
        "[z]",
        "!",
        "  \n",
        "\\\n",
        "文",
        "，",
        "“",
    ),
    *("\n", "\n", "\n\n", "\n\n", "|-|-|", "| c | d |", "$"),
)
_documents = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=20).map("".join)
_commonmark, _comrak = CommonMarkEngine(), ComrakEngine()


def _shown(html: str) -> tuple[str, list[str]]:
    """Return the text without white space, and the elements in their order."""
    tree = lxml.html.fromstring(f"<div>{html}</div>")
    text = "".join("".join(map(str, tree.itertext())).split())
    return text, [str(each.tag) for each in tree.iter() if each.tag in _COUNTED]


@given(_documents)
def test_both_engines_read_the_same(body: str) -> None:
    """The words that are shown, and the elements they stand in, are the same."""
    assert _shown(_commonmark.render(body)) == _shown(_comrak.render(body))
