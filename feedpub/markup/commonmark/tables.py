"""Split the rows of a table into cells (GitHub Flavored Markdown, section 4.10)."""

import re

_DELIMITER = re.compile(r"\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+$")
_ALIGNMENT = {(True, True): "center", (True, False): "left", (False, True): "right"}


def split_cells(row: str) -> list[str]:
    r"""Return the text of each cell; `\|` within is a `|`, in code too."""
    row = row.strip(" \t")
    row = row.removeprefix("|")
    found: list[str] = []
    cell: list[str] = []
    at = 0
    while at < len(row):
        bar = row.find("|", at)
        if bar < 0:
            cell.append(row[at:])
            break
        if bar and row[bar - 1] == "\\":
            cell.append(row[at : bar - 1] + "|")
        else:
            found.append(("".join(cell) + row[at:bar]).strip(" \t"))
            cell = []
        at = bar + 1
    rest = "".join(cell).strip(" \t")
    if rest or not row.endswith("|") or row.endswith("\\|"):
        found.append(rest)
    return found


def parse_alignments(row: str) -> tuple[str, ...]:
    """Return how each column is aligned ("" for not at all); () where this is no delimiter row."""
    if (
        "-" not in row
        or not ("|" in row or ":" in row or row.strip(" \t-") == "")
        or not _DELIMITER.match(row)
    ):
        return ()
    return tuple(
        _ALIGNMENT.get((cell.startswith(":"), cell.endswith(":")), "") for cell in split_cells(row)
    )
