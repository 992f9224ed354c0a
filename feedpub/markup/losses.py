"""Find the lines of a post on which something stands that readers do not get."""

import re
from collections.abc import Iterable
from html import unescape
from urllib.parse import unquote

from feedpub.markup import fences
from feedpub.markup.commonmark import tables
from feedpub.markup.embeds import ContentLoss

_FOOTNOTE = re.compile(r"^[ \t>]*+\[\^([^\s\[\]]{1,200})\]:", re.MULTILINE)
_NOTE_ID = re.compile(r'id="fn:([^"]*)"')


def locate_losses(
    losses: Iterable[ContentLoss], body: str, first_line: int
) -> tuple[tuple[int, str], ...]:
    """Return the line of the file, 0 where it cannot be told, and the message of each loss."""
    found: list[tuple[int, str]] = []
    text, at = "", 0
    for loss in losses:
        text = text or _without_code(body).lower()
        place = _place(text, loss.search_texts, at)
        at = max(at, place + 1)
        line = first_line + text.count("\n", 0, place) if place >= 0 else 0
        found.append((line, loss.message))
    return tuple(found)


def find_unused_footnotes(body: str, html: str, first_line: int) -> tuple[tuple[int, str], ...]:
    """Return the line and the message of each footnote that nothing in the text refers to."""
    if "]:" not in body or "[^" not in body:
        return ()
    text = _without_code(body)
    used = {unquote(unescape(name)).casefold() for name in _NOTE_ID.findall(html)}
    found: list[tuple[int, str]] = []
    known: set[str] = set()
    for note in _FOOTNOTE.finditer(text):
        label = note[1].casefold()
        if label in known:
            fault = "is there twice: the second is left out"
        elif label not in used:
            fault = "is left out: nothing refers to it"
        else:
            known.add(label)
            continue
        line = first_line + text.count("\n", 0, note.start())
        found.append((line, f"the footnote [^{note[1]}] {fault}"))
    return tuple(found)


def find_extra_cells(body: str, first_line: int) -> tuple[tuple[int, str], ...]:
    """Return the line and the message of each row with more cells than its table has columns."""
    if "|" not in body or "--" not in body:
        return ()
    found: list[tuple[int, str]] = []
    columns = 0
    before = ""
    for number, line in enumerate(_without_code(body).split("\n"), first_line):
        row = line.lstrip(" \t>")
        if not row:
            columns = 0
        elif columns:
            extra = tables.split_cells(row)[columns:] if row.count("|") >= columns else []
            if any(extra):
                found.append((number, f"the table has {columns} columns: more cells are left out"))
        elif before and (aligned := tables.parse_alignments(row)):
            columns = len(aligned) if len(tables.split_cells(before)) == len(aligned) else 0
        before = row
    return tuple(found)


def _place(text: str, clues: Iterable[str], at: int) -> int:
    """Return where the first clue stands that does, behind the one before if possible."""
    for clue in clues:
        for start in (at, 0):
            place = text.find(clue.lower(), start)
            if place >= 0:
                return place
    return -1


def _without_code(body: str) -> str:
    """Return a text whose blocks of code are empty lines."""
    if not fences.has_fence(body):
        return body
    lines = body.split("\n")
    for fence in fences.find_fences(lines):
        lines[fence.first_line : fence.last_line + 1] = [""] * (
            fence.last_line + 1 - fence.first_line
        )
    return "\n".join(lines)
