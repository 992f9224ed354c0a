"""Every sentence that feedpub says to people, gathered from its source into `messages.txt`.

`python tests/wording.py` writes the file anew, and `tests/unit/test_wording.py` compares it. Read
it from top to bottom: correct what reads badly in the source, and write the file again.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

MESSAGES = Path(__file__).with_name("messages.txt")
_SENTENCE = re.compile(r"[^\W\d_]{2,}[^\w\n]* [^\w\n]*(?:\w+[^\w\n]* [^\w\n]*)?[^\W\d_]{2,}")
_CODE = re.compile(r"[\\^$]|\(\?|</?\w+[ >]|=\"|:var\(|\w\{[\w-]+:|, \w+\]|^[\w.]+ \| ")


def messages(package: Path) -> Iterator[str]:
    """Yield a heading for each module that says something, and what it says, in order."""
    for path in sorted(package.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        found = list(dict.fromkeys(_sentences(ast.parse(path.read_text(encoding="utf-8")))))
        if found:
            yield f"\n{path.relative_to(package).as_posix()}"
            yield from (f"    {each}" for each in found)


def _sentences(tree: ast.AST) -> Iterator[str]:
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    parts = {id(each) for node in joined for each in node.values}
    for node in ast.walk(tree):
        text = ""
        if isinstance(node, ast.JoinedStr):
            text = "".join(_piece(each) for each in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = "" if id(node) in docstrings | parts else node.value
        line = "".join(each if each.isprintable() else " " for each in " ".join(text.split()))
        if _SENTENCE.search(line) and not _CODE.search(line):
            yield line


def _piece(part: ast.expr) -> str:
    if isinstance(part, ast.FormattedValue):
        named = isinstance(part.value, ast.Name | ast.Attribute)
        return f"{{{ast.unparse(part.value)}}}" if named else "{...}"
    return part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else ""


if __name__ == "__main__":
    import feedpub

    text = "\n".join(messages(Path(feedpub.__file__).parent)).lstrip("\n")
    MESSAGES.write_text(f"{text}\n", encoding="utf-8")
    sys.stdout.write(f"{MESSAGES}\n")
