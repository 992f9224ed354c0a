"""Split a content file into front matter and body; start at `parse_front_matter`.

YAML, TOML, JSON and Pelican's header lines are read; the metadata of Nikola's posts (lines such as
`.. title: Hello`, usually in a comment) is converted first. Scalars stay text as written: YAML's
`no` and `1.0` are strings here, because what they mean depends on their key.
"""

import json
import re
import tomllib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import chain
from typing import ClassVar, TypeAlias

import yaml
from frontmatter.default_handlers import BaseHandler, JSONHandler, YAMLHandler

from feedpub.content import parse_errors
from feedpub.content.keys import is_known_key
from feedpub.errors import PostError
from feedpub.models.content import Problem
from feedpub.models.text import strip_invalid_characters

_COMMENT = re.compile(
    r"\s{0,100}+<!--[ \t]*+\n(?P<lines>(?:\.\.[ \t][^\n]*+\n|[ \t]*+\n)++)-->[ \t]*+(?=\n|\Z)"
)
_BARE = re.compile(r"(?:\.\.[ \t]++[A-Za-z_-]++:(?!:)[^\n]*+(?:\n|\Z))++")
_LINE = re.compile(r"^\.\.[ \t]++([A-Za-z_-]++):(?!:)[ \t]*+([^\n]*+)", re.MULTILINE)


def convert_to_front_matter(text: str) -> str:
    """Return a text with Nikola's metadata rewritten as front matter, line for line.

    A text without such metadata is returned unchanged.
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


Value: TypeAlias = "str | Sequence[Value] | Mapping[str, Value]"

MAX_DEPTH = 50  # nesting of lists and tables
MAX_VALUES = 10_000  # with YAML aliases expanded
MAX_KEYS = 1_000  # at the top level
MAX_LINE = 64_000  # characters
_TOO_MANY = f"the front matter has more than {MAX_VALUES:,} values, with aliases expanded"
_DOTTED = re.compile(
    rf"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{MAX_DEPTH}}}"
)  # a dotted key with that many parts
_BLANK = r"[ \t\u00a0\u3000]"  # invisible characters allowed after a delimiter
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Table(dict[str, Value]):
    """Keys and values, with the lines of the keys and the keys given twice."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}  # 0-based, if the parser reports it
        self.duplicate_keys: list[str] = []

    def add(self, key: str, value: Value, line: int = -1) -> None:
        """Add a key. A later duplicate replaces the earlier one, as in YAML, Jekyll and Hugo."""
        if key in self:
            self.duplicate_keys.append(key)
        self[key] = value
        if line >= 0:
            self.lines[key] = line


@dataclass(frozen=True, slots=True)
class Frontmatter:
    """The front matter and body of one file."""

    format: str  # "yaml", "toml", "json", "headers", or "" without front matter
    values: Mapping[str, Value]  # by key as written
    duplicate_keys: tuple[str, ...]  # keys given more than once; the last value counts
    body: str
    first_line: int  # of the body in the file, 1-based
    header: str  # the text the values were read from
    header_line: int  # of the header's first line in the file
    lines: Mapping[str, int]  # of keys in the header, 0-based, if known

    def find_line(self, key: str) -> int:
        """Return the line of a top-level key in the file."""
        if key in self.lines:
            return self.header_line + self.lines[key]
        found = re.search(
            rf"""^[ \t{{,]*["']?{re.escape(key)}["']?[ \t]*[:=]""", self.header, re.MULTILINE
        )
        return self.header_line + (self.header.count("\n", 0, found.start()) if found else 0)


class _Handler(BaseHandler, ABC):
    """A format of front matter: how to detect, split and load it."""

    name: ClassVar[str]

    @abstractmethod
    def load(self, fm: str) -> Table:
        """Parse the header. Raises ValueError, yaml.YAMLError and RecursionError."""


class _Fenced(_Handler):
    """Front matter between two delimiter lines."""

    OPENING: ClassVar[re.Pattern[str]]
    CLOSING: ClassVar[re.Pattern[str]]

    def split(self, text: str) -> tuple[str, str]:
        """Return header and body. Raises ValueError if the closing delimiter is missing."""
        opening = self.OPENING.match(text)
        closing = self.CLOSING.search(text, opening.end()) if opening else None
        if opening is None or closing is None:
            raise ValueError(parse_errors.describe_unterminated(str(self.END_DELIMITER)))
        return text[opening.end() : closing.start()], text[closing.end() :]


class _Yaml(_Fenced, YAMLHandler):
    """YAML with all scalars kept as text."""

    name = "yaml"
    OPENING = FM_BOUNDARY = re.compile(rf"\s*^-{{3,}}{_BLANK}*(?:\n|\Z)", re.MULTILINE)
    CLOSING = re.compile(rf"^(?:-{{3,}}|\.{{3}}){_BLANK}*$", re.MULTILINE)

    def load(self, fm: str, **_: object) -> Table:
        """Parse YAML. Raises yaml.YAMLError, ValueError and RecursionError."""
        node = _Composer(fm).get_single_node()
        if node is None:
            return Table()
        _measure_node(node, {})
        table = _from_node(node, 0, {})
        if not isinstance(table, Table):
            raise ValueError("the front matter is not a mapping of keys to values")  # noqa: TRY004
        return table


class _Toml(_Fenced):
    """TOML, parsed by the standard library."""

    name = "toml"
    OPENING = FM_BOUNDARY = re.compile(rf"\s*^\+{{3,}}{_BLANK}*(?:\n|\Z)", re.MULTILINE)
    CLOSING = re.compile(rf"^\+{{3,}}{_BLANK}*$", re.MULTILINE)
    START_DELIMITER = END_DELIMITER = "+++"

    def load(self, fm: str) -> Table:
        """Parse TOML. Raises ValueError and RecursionError."""
        if _DOTTED.search(fm):  # tomllib would take a minute and exhaust memory
            raise RecursionError
        return _table(tomllib.loads(fm, parse_float=str).items())


class _Json(_Handler, JSONHandler):
    """A JSON object at the start of the file."""

    name = "json"
    FM_BOUNDARY = re.compile(r'\s*\{\s*(?:"|\}\s*$)', re.MULTILINE)

    def split(self, text: str) -> tuple[str, str]:
        """Return header and body. If the object has no end, everything is header."""
        start = len(text) - len(text.lstrip())
        try:
            _, end = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode(text, start)
        except (ValueError, RecursionError):
            return text, ""
        return text[:end], text[end:]

    def load(self, fm: str, **_: object) -> Table:
        """Parse JSON. Raises ValueError."""
        table: Table = json.loads(
            fm, object_pairs_hook=_table, parse_float=str, parse_int=str, parse_constant=str
        )
        return table


class _Headers(_Handler):
    """Pelican's bare `Key: value` lines, up to the first blank line."""

    name = "headers"
    FM_BOUNDARY = re.compile(r" {0,3}[A-Za-z0-9_-]+:(?:[ \t]|$)", re.MULTILINE)
    _LINE = re.compile(r"^(?: {0,3}([A-Za-z0-9_-]+):|(?: {4}|\t)(?=.*\S))(.*)\n?", re.MULTILINE)

    def detect(self, text: str) -> bool:
        """Return whether the file begins with such lines and one of the keys is known."""
        if not self.FM_BOUNDARY.match(text):
            return False
        return any(is_known_key(key) for key in self.load(self.split(text)[0]))

    def split(self, text: str) -> tuple[str, str]:
        """Return header and body."""
        end = 0
        while found := self._LINE.match(text, end):
            end = found.end()
        return text[:end], text[end:]

    def load(self, fm: str) -> Table:
        """Parse the lines. Indented lines and repeated keys add lines to the value."""
        table: dict[str, str] = {}
        key = ""
        for found in self._LINE.finditer(fm):
            key = found[1] or key
            value = found[2].strip()
            table[key] = f"{table[key]}\n{value}" if key in table else value
        return _table(table.items())


_HANDLERS: tuple[_Handler, ...] = (_Yaml(), _Toml(), _Json(), _Headers())


def parse_front_matter(text: str, path: str) -> Frontmatter:
    """Split a file's cleaned text into front matter and body.

    The path is used in messages only. Raises PostError if the front matter cannot be parsed.
    """
    text = convert_to_front_matter(text)
    handler = next((each for each in _HANDLERS if each.detect(text)), None)
    if handler is None:
        return Frontmatter("", {}, (), text, 1, "", 1, {})
    try:
        header, body = handler.split(text)
    except ValueError as error:
        line = text.count("\n", 0, len(text) - len(text.lstrip())) + 1
        raise PostError(Problem(path, line, str(error), left_out=True)) from error
    end = text.count("\n", 0, len(text) - len(body)) + 1
    begin = end - header.count("\n")
    try:
        _check_lines(header)
        table = handler.load(header)
        _check_size(table)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        line, message = _explain_error(error, handler.name, header)
        raise PostError(Problem(path, begin + line, message, left_out=True)) from error
    if "\\" in header:  # an escape such as "\b" survives the cleaning of the file
        _clean(table)
    below = body.startswith("\n")
    return Frontmatter(
        handler.name,
        table,
        tuple(table.duplicate_keys),
        body[1:] if below else body,
        end + 1 if below else end,
        header,
        begin,
        table.lines,
    )


class _LimitError(ValueError):
    """The front matter exceeds a limit, at a 0-based line of the header."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class _Composer(yaml.CBaseLoader):
    """LibYAML's composer without type resolution: the key decides what a scalar means."""

    def resolve(self, *_: object) -> str:
        """Return the same tag for every node without an explicit one."""
        return ""

    def descend_resolver(self, *_: object) -> None:
        """Do nothing: tags do not depend on the position of a node."""

    def ascend_resolver(self) -> None:
        """Do nothing: tags do not depend on the position of a node."""


def _check_lines(header: str) -> None:
    """Raise ValueError if a line is longer than `MAX_LINE`."""
    if len(header) <= MAX_LINE:
        return
    for number, line in enumerate(header.split("\n")):
        if len(line) > MAX_LINE:
            raise _LimitError(number, f"this line has more than {MAX_LINE:,} characters")


def _check_size(table: Table) -> None:
    """Raise ValueError for too many keys or values, and RecursionError for too deep nesting."""
    if len(table) + len(table.duplicate_keys) > MAX_KEYS:
        raise _LimitError(0, f"the front matter has more than {MAX_KEYS:,} keys")
    number, level = 0, list[Value](table.values())
    for _ in range(MAX_DEPTH + 2):
        number += len(level)
        if number > MAX_VALUES:
            raise _LimitError(0, _TOO_MANY)
        level = [
            item
            for value in level
            if not isinstance(value, str)
            for item in (value.values() if isinstance(value, Mapping) else value)
        ]
        if not level:
            return
    raise RecursionError


def _measure_node(node: yaml.Node, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Return the number of values below a node and their depth, with all aliases expanded.

    Raises ValueError and RecursionError if either is too large. This runs before any value is
    built, so nested aliases (a "billion laughs" file) cost neither time nor memory.
    """
    if isinstance(node, yaml.ScalarNode):
        return 1, 0
    if id(node) not in known:
        if len(known) > MAX_VALUES:
            raise _LimitError(0, _TOO_MANY)
        known[id(node)] = (1, MAX_DEPTH + 1)  # in case an alias refers back to it
        mapped = isinstance(node, yaml.MappingNode)
        below = [
            _measure_node(each, known)
            for each in (chain.from_iterable(node.value) if mapped else node.value)
        ]
        size = 1 + sum(each for each, _ in below)
        height = 1 + max((each for _, each in below), default=0)
        if size > MAX_VALUES:
            raise _LimitError(node.start_mark.line, _TOO_MANY)
        if height > MAX_DEPTH:
            raise RecursionError
        known[id(node)] = (size, height)
    return known[id(node)]


def _from_node(node: yaml.Node, depth: int, done: dict[int, Value]) -> Value:
    """Convert a YAML node to a value; `done` shares the values of aliased nodes."""
    if isinstance(node, yaml.ScalarNode):
        if not node.style and node.value in _NULLS:
            return ""
        # YAML reads "!important" as a tag, but the author meant it as text.
        local = node.tag.startswith("!") and not node.style
        return f"{node.tag} {node.value}" if local else str(node.value)
    if depth > MAX_DEPTH:
        raise RecursionError
    if id(node) not in done:
        if isinstance(node, yaml.SequenceNode):
            done[id(node)] = [_from_node(item, depth + 1, done) for item in node.value]
        else:
            done[id(node)] = _from_mapping(node, depth, done)
    return done[id(node)]


def _from_mapping(node: yaml.Node, depth: int, done: dict[int, Value]) -> Table:
    table = Table()
    merged: list[Mapping[str, Value]] = []
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            continue  # unquoted `{{ page.title }}` parses as a table with a table for a key
        found = _from_node(value, depth + 1, done)
        if key.value == "<<" and isinstance(found, Mapping):
            merged.append(found)
        else:
            table.add(key.value, found, key.start_mark.line)
    for more in merged:
        for name, found in more.items():
            table.setdefault(name, found)
    return table


def _table(pairs: Iterable[tuple[str, object]]) -> Table:
    """Build a table from the pairs of TOML, JSON or header lines."""
    table = Table()
    for key, value in pairs:
        table.add(key, _to_text(value))
    return table


def _to_text(value: object) -> Value:
    """Convert a value of TOML or JSON back to text as written."""
    if isinstance(value, str | Table):
        return value
    if isinstance(value, dict):
        return _table(value.items())
    if isinstance(value, list):
        return [_to_text(item) for item in value]
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date | time) else str(value).lower()


def _clean(table: Table) -> None:
    """Strip characters that feeds cannot carry from a table's values, in place."""
    for key, value in table.items():
        table[key] = _cleaned(value)


def _cleaned(value: Value) -> Value:
    if isinstance(value, str):
        return strip_invalid_characters(value)
    if isinstance(value, Mapping):
        return {key: _cleaned(item) for key, item in value.items()}
    return [_cleaned(item) for item in value]


def _explain_error(error: Exception, name: str, header: str) -> tuple[int, str]:
    """Return the 0-based header line of a parse error, and a message for the author."""
    alike = parse_errors.find_lookalike_character(header, name.upper())
    if alike and not isinstance(error, _LimitError | RecursionError):
        return alike
    if isinstance(error, yaml.MarkedYAMLError):
        at = error.problem_mark
        begin = error.context_mark or at
        spot = (
            parse_errors.ErrorPosition(at.line, at.column, begin.line)
            if at and begin
            else parse_errors.ErrorPosition()
        )
        return parse_errors.describe_yaml_error(
            error.problem or "", error.context or "", spot, header
        )
    if isinstance(error, json.JSONDecodeError):
        return error.lineno - 1, parse_errors.describe_json_error(error.msg)
    if isinstance(error, _LimitError):
        return error.line, str(error)
    if isinstance(error, RecursionError):
        return 0, "the front matter is nested too deeply"
    return parse_errors.describe_toml_error(str(error)) if name == "toml" else (0, str(error))
