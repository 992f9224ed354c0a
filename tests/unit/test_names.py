"""Modules, classes and functions are called by the words of the field."""

import ast
from collections.abc import Iterator
from pathlib import Path

import feedpub

PACKAGE = Path(feedpub.__file__).parent
BANNED = frozenset(
    """
    admission agenda announce apart asked believed brake carrier chrome clerk clerks coming crowd
    desk dirty discreet duty errand errands eyes faces fate fates gate gathered halt heard heeded
    hints insight journal kept known lasting legible lost making manner means mint noted
    office opened ours outbox outlook outward paces patience patiently postman press printer quicken
    readership recalling refusals returns roster said scene seldom settle settled shelved shelves
    sound standing standings starter tally tame theirs toward told undo untold waited wanted whole
    whose wild wish
    """.split()  # noqa: SIM905 - as a list it would say the same in eighty lines
)
"""Words that somebody from the field would have to ask about."""


def named() -> Iterator[tuple[str, str]]:
    """Yield the public names of modules, classes, functions and methods, with their module."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        where = path.relative_to(PACKAGE).as_posix()
        yield where, path.stem
        for node in _definitions(ast.parse(path.read_text(encoding="utf-8")).body):
            yield f"{where}:{node.lineno}", node.name


def _definitions(
    body: list[ast.stmt],
) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        if isinstance(node, ast.ClassDef):
            yield from _definitions(node.body)


def test_no_name_is_a_private_metaphor() -> None:
    """An office, errands or faces say nothing to whoever maintains a mailer."""
    found = [f"{where} {name}" for where, name in named() if name.lower() in BANNED]

    assert found == []


def test_no_docstring_is_a_riddle() -> None:
    """Docstrings are sentences, without arrows."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    found = [
        f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 1)}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, documented) and "→" in (ast.get_docstring(node) or "")
    ]

    assert found == []
