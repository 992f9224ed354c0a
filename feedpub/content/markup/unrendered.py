"""Find syntax of other tools that is left as text in a post, for the report of `check`."""

import re
from collections.abc import Iterable, Iterator

from feedpub.content.markup.embeds import ContentLoss

UNKNOWN_DIRECTIVE_CLASS = "directive"
"""CSS class of a `:::` block of an unknown kind."""

_CODE = re.compile(r"<(/?)(?:pre|code)(?=[ >])")
_SIGN = re.compile(
    rf'<div class="{UNKNOWN_DIRECTIVE_CLASS} ([\w-]+)">'
    r"|(?:(?<=\n)|(?<=>))[ \t]*+(:::++[ \t]*+\{?\.?[A-Za-z][\w-]*+|(?:\?\?\?\+?|!!!)[ \t]++"
    r"(?:danger|example|important|info|note|question|tip|warning)\b)"
    r"|(\{:[:/][A-Za-z]*+[^{}<\n]{0,200}+\})"
)
_LONGEST = 80  # characters of a call shown in a message


def find_leftovers(html: str, calls: Iterable[str]) -> Iterator[ContentLoss]:
    """Yield a loss for each of `calls`, Liquid and Hugo tags left as text, and each leftover."""
    for call in calls:
        shown = " ".join(call.split())
        shown = f"{shown[:_LONGEST]}..." if len(shown) > _LONGEST else shown
        yield ContentLoss(f"{shown} is a Liquid or Hugo tag, left as text", (call,))
    if (
        ":" not in html
        and "???" not in html
        and "!!!" not in html
        and UNKNOWN_DIRECTIVE_CLASS not in html
    ):
        return
    for sign in _signs(html):
        if sign[1]:
            clues = tuple(f"{colons}{sign[1]}" for colons in (":::", "::: ", ":::{", "::: {"))
            message = f":::{sign[1]} is an unknown directive; its content is shown as it is"
            yield ContentLoss(message, clues)
        else:
            written = sign[2] or sign[3]
            yield ContentLoss(f'"{written}" is syntax of another tool, left as text', (written,))


def _signs(html: str) -> Iterator[re.Match[str]]:
    """Yield each match outside `<pre>` and `<code>`."""
    depth, done = 0, 0
    for tag in _CODE.finditer(html):
        if not depth:
            yield from _SIGN.finditer(html, done, tag.start())
        depth = max(0, depth - 1 if tag[1] else depth + 1)
        done = tag.end()
    if not depth:
        yield from _SIGN.finditer(html, done)
