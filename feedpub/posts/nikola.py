"""Read the header of Nikola's posts: lines such as `.. title: Hello`, mostly in a comment."""

import json
import re

_COMMENT = re.compile(
    r"\s{0,100}+<!--[ \t]*+\n(?P<lines>(?:\.\.[ \t][^\n]*+\n|[ \t]*+\n)++)-->[ \t]*+(?=\n|\Z)"
)
_BARE = re.compile(r"(?:\.\.[ \t]++[A-Za-z_-]++:(?!:)[^\n]*+(?:\n|\Z))++")
_LINE = re.compile(r"^\.\.[ \t]++([A-Za-z_-]++):(?!:)[ \t]*+([^\n]*+)", re.MULTILINE)


def convert_to_front_matter(text: str) -> str:
    """Return a text whose header of Nikola is front matter of another kind, line by line.

    A text without such a header comes back as it is.
    """
    if not text.lstrip("\n \t").startswith((".. ", "<!--")):
        return text
    comment = _COMMENT.match(text)
    if comment and _LINE.search(comment["lines"]):
        blank = "\n" * text.count("\n", 0, comment.start("lines") - 1)
        lines = _LINE.sub(_as_yaml, comment["lines"])
        return f"{blank}---\n{lines}---{text[comment.end() :]}"
    bare = _BARE.match(text)
    if bare:
        return _LINE.sub(r"\1: \2", bare[0]) + text[bare.end() :]
    return text


def _as_yaml(line: re.Match[str]) -> str:
    return f"{line[1]}: {json.dumps(line[2].strip(), ensure_ascii=False)}"
