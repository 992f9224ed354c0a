"""Parse YAML into nodes that keep the text as written and its line, with `${NAME}` expanded.

`load` builds the configuration from these nodes. Enter at `parse_yaml`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from feedpub.models.content import Problem
from feedpub.models.text import find_invalid_characters, strip_invalid_characters

INVALID_TAG = "broken"
"""The tag of a scalar whose problem has already been reported."""

BOOLEAN_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
"""YAML 1.1 booleans."""

_TAG = "tag:yaml.org,2002:"
_VARIABLE = re.compile(r"\$\$\{|\$\{([^}]*)(\}?)")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COLOUR = re.compile(r":\s+(#[0-9A-Fa-f]{3,6})\s*$")
_HINTS = {
    "mapping values are not allowed here": 'quote text that contains ": "',
    "cannot start any token": "indent with spaces, and quote text that begins with punctuation",
    "could not find expected ':'": 'follow each key with ":" and a space',
    "expected <block end>": "keys of the same section must start in the same column",
    "expected ',' or": "inside braces and brackets, quote text that contains : , { } [ ]",
    "alphabetic or numeric character": 'quote text that begins with "*" or "&"',
    "undefined alias": 'quote text that begins with "*"',
    "found unknown escape character": 'in double quotes, write a backslash as "\\\\"',
    "found another document": 'remove the line "---" between the two',
}


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A scalar: its text, and the type YAML gives it (`str`, `int`, `null`, ...)."""

    text: str
    tag: str
    line: int
    raw_text: str = ""  # the text as written, if it contains `${NAME}`
    unset_variable: str = ""  # a NAME that is not set in the environment


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A list."""

    nodes: tuple["Node", ...]
    line: int


@dataclass(frozen=True, slots=True)
class MappingNode:
    """A mapping with unique keys."""

    nodes: tuple[tuple[ScalarNode, "Node"], ...]
    line: int


Node = ScalarNode | SequenceNode | MappingNode


def parse_yaml(
    text: str, path: str, environ: Mapping[str, str]
) -> tuple[Node, tuple[Problem, ...]]:
    """Parse a document; one that cannot be parsed gives an empty mapping and its problems."""
    empty = MappingNode((), 1)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        return empty, (_unclosed(error, text, path) or _syntax(error, path),)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return empty, (
            Problem(path, line, f"U+{_code(error.character):04X} is not allowed in YAML"),
        )
    except RecursionError:
        return empty, (Problem(path, 0, "is nested too deeply"),)
    if root is None:
        return empty, ()
    document = _NodeBuilder(path, text.splitlines(), environ)
    return document.build(root), tuple(document.problems)


class _NodeBuilder:
    """Converts PyYAML's composed nodes, and collects the problems found."""

    def __init__(self, path: str, lines: list[str], environ: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self._path = path
        self._lines = lines
        self._environ = environ
        self._known: dict[int, Node] = {}  # an alias refers to the same node; convert it once
        self._open: list[yaml.Node] = []

    def build(self, raw: yaml.Node) -> Node:
        """Convert a node and everything below it."""
        line = raw.start_mark.line + 1
        if id(raw) in self._known:
            return self._known[id(raw)]
        if any(raw is each for each in self._open):
            self._add_problem(line, "a value cannot contain itself")
            return ScalarNode("", INVALID_TAG, line)
        self._open.append(raw)
        node: Node
        if isinstance(raw, yaml.MappingNode):
            node = MappingNode(tuple(self._pairs(raw)), line)
        elif isinstance(raw, yaml.SequenceNode):
            node = SequenceNode(tuple(self.build(each) for each in raw.value), line)
        else:
            node = self._scalar(raw, line)
        self._open.pop()
        self._known[id(raw)] = node
        return node

    def _pairs(self, raw: yaml.MappingNode) -> Iterator[tuple[ScalarNode, Node]]:
        seen: dict[str, int] = {}
        for name, value in raw.value:
            line = name.start_mark.line + 1
            if not isinstance(name, yaml.ScalarNode):
                self._add_problem(line, "a key must be text")
            elif name.value in seen:
                first = seen[name.value]
                self._add_problem(line, f'duplicate key "{name.value}", first on line {first}')
            else:
                seen[name.value] = line
                yield ScalarNode(name.value, "str", line), self.build(value)

    def _scalar(self, raw: yaml.Node, line: int) -> ScalarNode:
        """Convert a scalar; `${NAME}` is expanded before typing, so that it may supply a number."""
        tag = raw.tag.removeprefix(_TAG)
        written = str(raw.value)
        faults: list[str] = []
        unset: list[str] = []
        text = _VARIABLE.sub(lambda match: self._variable(match, faults, unset), written)
        faults += [
            f"{name} in a value; feeds cannot contain it"
            for _, name in find_invalid_characters(text)
        ][:1]
        if text != written:
            tag = _guess_tag(text)
        if not written and (comment := _COLOUR.search(self._lines[line - 1])):
            faults.append(f'"{comment[1]}" is a comment in YAML; put it in quotes')
        for fault in faults:
            self._add_problem(line, fault)
        named = any(match[1] is not None for match in _VARIABLE.finditer(written))
        text = strip_invalid_characters(text).strip()
        tag = INVALID_TAG if faults else tag
        return ScalarNode(text, tag, line, written if named else "", unset[0] if unset else "")

    def _variable(self, match: re.Match[str], faults: list[str], unset: list[str]) -> str:
        """Return the replacement for one `${NAME}` or `$${`."""
        name, closed = match[1], match[2]
        if name is None:
            return "${"
        if not closed:
            faults.append('"${" without "}"; write $${ for a literal "${"')
        elif not _NAME.fullmatch(name):
            faults.append(f'"${{{name}}}" is not a variable name; write $${{ for a literal "${{"')
        elif name not in self._environ:
            unset.append(name)
        else:
            return self._environ[name]
        return ""

    def _add_problem(self, line: int, message: str) -> None:
        self.problems.append(Problem(self._path, line, message))


def _guess_tag(text: str) -> str:
    """Return the type of text from the environment; empty text is a string, not null."""
    if _WHOLE.fullmatch(text):
        return "int"
    return "bool" if text.lower() in BOOLEAN_WORDS else "str"


def _unclosed(error: yaml.MarkedYAMLError, text: str, path: str) -> Problem | None:
    """Return a problem at the unclosed bracket if the document ended inside one."""
    if "<stream end>" not in str(error.problem):
        return None
    opened: list[int] = []
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, yaml.FlowSequenceStartToken | yaml.FlowMappingStartToken):
            opened.append(token.start_mark.line + 1)
        elif isinstance(token, yaml.FlowSequenceEndToken | yaml.FlowMappingEndToken):
            opened.pop()
    if not opened:
        return None
    return Problem(path, opened[-1], "not YAML: a bracket opened here is never closed")


def _syntax(error: yaml.MarkedYAMLError, path: str) -> Problem:
    """Return the problem for a syntax error, with a hint where one is known."""
    mark = error.problem_mark or error.context_mark
    reason = (error.problem or error.context or "cannot be parsed").removeprefix("but ")
    hint = next((hint for told, hint in _HINTS.items() if told in reason), "")
    message = f"not YAML: {reason}" + (f"; {hint}" if hint else "")
    return Problem(path, mark.line + 1 if mark else 0, message)


def _code(character: object) -> int:
    """Return the code point of a character that PyYAML reports as text or as a number."""
    return ord(character) if isinstance(character, str) else int(str(character))
