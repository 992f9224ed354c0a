"""The text of `config.yaml` → Config, or every fault in it."""

import re
from collections.abc import Mapping

from feedpub.config import document
from feedpub.config.checks import meant
from feedpub.config.combinations import faults
from feedpub.config.document import Items, Node, Pairs, Scalar
from feedpub.config.keys import Secret
from feedpub.config.schema import PLAIN, Config
from feedpub.config.shapes import Entry, Many, entries, is_section
from feedpub.errors import ConfigError
from feedpub.model import Problem

_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")
_TEXT = ("str", "int", "float", "bool", "timestamp")  # a title may be 2024, a tag `no`
_EXPECTED = {str: "text", int: "a whole number", bool: "true or false"}


def load(text: str, path: str, environ: Mapping[str, str], *, sends: bool = True) -> Config:
    """Read a configuration; `path` is what messages call it, and where relative folders begin.

    `${NAME}` in a value is taken from `environ`, `$${` is `${`. Where nothing `sends` by this
    configuration, what is needed for that alone may not be set there. The site's URL comes back
    in its normal form (RFC 3986), ending in "/".

    Raises:
        ConfigError: it cannot be used; `problems` are all faults found, by line.
    """
    root, problems = document.read(text.removeprefix("\ufeff"), path, environ)
    reading = _Reading(path, problems, sends=sends)
    config = reading.section(Config, root, "", 1)
    if isinstance(config, Config):
        for where, message in faults(config, path):
            reading.tell(reading.lines[where], f"{where}: {message}")
    if reading.problems or not isinstance(config, Config):
        by_line = sorted(reading.problems, key=lambda each: (each.line, each.message))
        raise ConfigError(tuple(by_line))
    return config


class _Reading:
    """One configuration as it is read: what is wrong with it, and where each key stands.

    Its methods give a value, or None where there is none to give because it was told of.
    """

    def __init__(self, path: str, problems: tuple[Problem, ...], *, sends: bool) -> None:
        self.problems = list(problems)
        self.lines: dict[str, int] = {}
        self._path = path
        self._sends = sends
        # Where the document itself is broken, what is missing from it says nothing.
        self._whole = not problems

    def section(self, kind: type, node: Node, where: str, line: int, name: str = "") -> object:
        """Read a section; `name` is the key that a person is named by."""
        if isinstance(node, Scalar):
            return self._plain(kind, node, where, name)
        if isinstance(node, Items):
            self._unexpected(where, node, "keys and values")
            return None
        before = len(self.problems)
        values: dict[str, object] = {}
        found = self._find(kind, node, where)
        for entry in entries(kind):
            inner = f"{where}.{entry.name}" if where else entry.name
            if entry.name in found:
                value_line, value = found[entry.name]
                self.lines[inner] = value_line
                values[entry.name] = self._value(entry, value, inner, value_line)
            elif name and PLAIN.get(kind) == entry.name:
                values[entry.name] = name
            elif entry.required:
                values[entry.name] = self._missing(entry, inner, self.lines.get(where, line))
        return kind(**values) if len(self.problems) == before and self._whole else None

    def tell(self, line: int, message: str) -> None:
        """Keep a fault."""
        self.problems.append(Problem(self._path, line, message))

    def _plain(self, kind: type, node: Scalar, where: str, name: str) -> object:
        """Read a value that stands for a section: a name for a person, false for the pages."""
        if node.tag == "null":
            return self.section(kind, Pairs((), node.line), where, node.line, name)
        short = next((entry for entry in entries(kind) if entry.name == PLAIN.get(kind)), None)
        if short is None:
            self._unexpected(where, node, "keys and values")
            return None
        before = len(self.problems)
        value = self._one(short, node, where)
        return kind(**{short.name: value}) if len(self.problems) == before and self._whole else None

    def _find(self, kind: type, node: Pairs, where: str) -> dict[str, tuple[int, Node]]:
        """Give the values of the keys that are known; tell of those that are not."""
        names = {entry.name: entry.name for entry in entries(kind)}
        names |= {entry.key.also: entry.name for entry in entries(kind) if entry.key.also}
        found: dict[str, tuple[int, Node]] = {}
        spelled: dict[str, str] = {}
        for key, value in node.nodes:
            known = names.get(key.text)
            if known is None:
                hint = _belongs(key.text) or meant(key.text, tuple(names))
                place = f' in "{where}"' if where else ""
                self.tell(key.line, f'unknown key "{key.text}"{place}{hint}')
            elif known in found:
                before = spelled[known]
                self.tell(key.line, f'"{key.text}" is the same key as "{before}", given before')
            else:
                spelled[known] = key.text
                found[known] = (key.line, value)
        return found

    def _missing(self, entry: Entry, where: str, line: int) -> object:
        if is_section(entry.kind):
            return self.section(entry.kind, Pairs((), line), where, line)
        if self._whole:
            self.tell(line, f"{where}: missing; every site needs it ({entry.key.help})")
        return None

    def _value(self, entry: Entry, node: Node, where: str, line: int) -> object:
        """Read what a key holds; nothing at all is the default."""
        if isinstance(node, Scalar) and node.tag == "null":
            return self._missing(entry, where, line) if entry.required else entry.default
        if entry.many is Many.ONE:
            return self._one(entry, node, where)
        if entry.many is Many.NAMED:
            return self._named(entry, node, where)
        if isinstance(node, Pairs) or (isinstance(node, Scalar) and is_section(entry.kind)):
            self._unexpected(where, node, "a list")
            return None
        items = node.nodes if isinstance(node, Items) else (node,)
        values = [
            self._one(entry, each, f"{where}[{number}]" if is_section(entry.kind) else where)
            for number, each in enumerate(items, 1)
        ]
        for number, each in enumerate(values):
            if each is not None and each in values[:number]:
                self.tell(items[number].line, f'{where}: "{each}" is given twice')
        return tuple(values)

    def _named(self, entry: Entry, node: Node, where: str) -> object:
        """Read keys of the writer's choice, each with a section."""
        if not isinstance(node, Pairs):
            self._unexpected(where, node, "keys and values")
            return None
        return tuple(
            (key.text, self.section(entry.kind, value, f"{where}.{key.text}", key.line, key.text))
            for key, value in node.nodes
        )

    def _one(self, entry: Entry, node: Node, where: str) -> object:
        """Read a single value and hold it against its check."""
        if isinstance(node, Scalar) and node.tag == document.BROKEN:
            return None
        if is_section(entry.kind):
            return self.section(entry.kind, node, where, node.line)
        value = _typed(entry.kind, node)
        if isinstance(node, Scalar) and node.unset:
            if entry.key.variable and not (entry.key.reads or self._sends):
                return entry.default
            self.tell(node.line, f'"{node.unset}" is not set in the environment')
        elif value is None:
            self._unexpected(where, node, _EXPECTED[entry.kind])
        elif entry.key.variable and isinstance(node, Scalar) and isinstance(value, str) and value:
            return Secret(value, node.variables or f"${{{entry.key.variable}}}")
        elif isinstance(value, str) and entry.key.check and value != entry.default:
            try:
                return entry.key.check(value)
            except ValueError as error:
                self.tell(node.line, f'{where}: "{value}" {error}')
        elif entry.key.least is not None and isinstance(value, int) and value < entry.key.least:
            self.tell(node.line, f"{where}: {value} is too low; at least {entry.key.least}")
        return value

    def _unexpected(self, where: str, node: Node, expected: str) -> None:
        place = f"{where}: " if where else ""
        self.tell(node.line, f"{place}expected {expected}, got {_described(node)}")


def _typed(kind: type, node: Node) -> str | int | bool | None:
    """Give a scalar as what its key holds, or None where it is something else."""
    if not isinstance(node, Scalar):
        return None
    if kind is bool:
        return document.BOOLEANS.get(node.text.lower()) if node.tag == "bool" else None
    if kind is int:
        fits = node.tag == "int" and _NUMBER.fullmatch(node.text)
        return int(node.text) if fits else None
    return node.text if node.tag in _TEXT else None


def _described(node: Node) -> str:
    """Say what was written, in a message's words."""
    if isinstance(node, Items):
        return "a list"
    if isinstance(node, Pairs):
        return "keys and values"
    if node.tag == "str":
        return f'the text "{node.text}"'
    if node.tag == "null":
        return "nothing"
    return node.text if node.tag in _TEXT else f"{node.tag} {node.text}".strip()


def _belongs(key: str) -> str:
    """Say which section a key belongs in, where there is one."""
    homes = [
        section.name
        for section in entries(Config)
        if section.many is Many.ONE and key in {entry.name for entry in entries(section.kind)}
    ]
    return f'; it belongs in "{homes[0]}"' if len(homes) == 1 else ""
