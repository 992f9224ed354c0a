"""Parse `config.yaml` into a Config, or report every problem in it. Enter at `parse_config`."""

import re
from collections.abc import Mapping

from feedpub.config import yaml_nodes
from feedpub.config.fields import Secret
from feedpub.config.introspect import Cardinality, FieldInfo, is_section, iter_fields
from feedpub.config.rules import find_cross_field_errors
from feedpub.config.schema import SHORTHAND_KEYS, Config
from feedpub.config.validators import format_suggestion
from feedpub.config.yaml_nodes import MappingNode, Node, ScalarNode, SequenceNode
from feedpub.errors import ConfigError
from feedpub.models.content import Problem

_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")
_TEXT = ("str", "int", "float", "bool", "timestamp")  # a title may be `2024`, a tag `no`
_EXPECTED = {str: "text", int: "a whole number", bool: "true or false"}


def parse_config(text: str, path: str, environ: Mapping[str, str], *, sends: bool = True) -> Config:
    """Parse a configuration; `path` names it in messages and anchors relative folders.

    `${NAME}` in a value is taken from `environ`; `$${` is a literal `${`. With `sends` false,
    variables that only sending needs may be unset. The site's URL is returned in normal form
    (RFC 3986), ending in "/".

    Raises:
        ConfigError: the configuration is invalid; `problems` holds all faults, sorted by line.
    """
    root, problems = yaml_nodes.parse_yaml(text.removeprefix("\ufeff"), path, environ)
    reading = _ConfigReader(path, problems, sends=sends)
    config = reading.read_section(Config, root, "", 1)
    if isinstance(config, Config):
        for where, message in find_cross_field_errors(config, path):
            reading.add_error(reading.lines[where], f"{where}: {message}")
    if reading.problems or not isinstance(config, Config):
        by_line = sorted(reading.problems, key=lambda each: (each.line, each.message))
        raise ConfigError(tuple(by_line))
    return config


class _ConfigReader:
    """The state of reading one configuration: the problems found, and the line of each key.

    Its methods return a value, or None if a problem was recorded instead.
    """

    def __init__(self, path: str, problems: tuple[Problem, ...], *, sends: bool) -> None:
        self.problems = list(problems)
        self.lines: dict[str, int] = {}
        self._path = path
        self._sends = sends
        # Do not report missing keys if the document itself could not be parsed.
        self._whole = not problems

    def read_section(self, kind: type, node: Node, where: str, line: int, name: str = "") -> object:
        """Read a section; `name` is its key in a mapping, the default for a person's name."""
        if isinstance(node, ScalarNode):
            return self._read_shorthand(kind, node, where, name)
        if isinstance(node, SequenceNode):
            self._add_type_error(where, node, "keys and values")
            return None
        before = len(self.problems)
        values: dict[str, object] = {}
        found = self._find_values(kind, node, where)
        for entry in iter_fields(kind):
            inner = f"{where}.{entry.name}" if where else entry.name
            if entry.name in found:
                value_line, value = found[entry.name]
                self.lines[inner] = value_line
                values[entry.name] = self._value(entry, value, inner, value_line)
            elif name and SHORTHAND_KEYS.get(kind) == entry.name:
                values[entry.name] = name
            elif entry.required:
                values[entry.name] = self._missing(entry, inner, self.lines.get(where, line))
        return kind(**values) if len(self.problems) == before and self._whole else None

    def add_error(self, line: int, message: str) -> None:
        """Record a problem."""
        self.problems.append(Problem(self._path, line, message))

    def _read_shorthand(self, kind: type, node: ScalarNode, where: str, name: str) -> object:
        """Read a scalar that stands for a section: a person's name, or `pages: false`."""
        if node.tag == "null":
            return self.read_section(kind, MappingNode((), node.line), where, node.line, name)
        short = next(
            (entry for entry in iter_fields(kind) if entry.name == SHORTHAND_KEYS.get(kind)), None
        )
        if short is None:
            self._add_type_error(where, node, "keys and values")
            return None
        before = len(self.problems)
        value = self._read_scalar(short, node, where)
        return kind(**{short.name: value}) if len(self.problems) == before and self._whole else None

    def _find_values(
        self, kind: type, node: MappingNode, where: str
    ) -> dict[str, tuple[int, Node]]:
        """Return the values of the known keys, and record the unknown and duplicate ones."""
        names = {entry.name: entry.name for entry in iter_fields(kind)}
        names |= {entry.field.alias: entry.name for entry in iter_fields(kind) if entry.field.alias}
        found: dict[str, tuple[int, Node]] = {}
        spelled: dict[str, str] = {}
        for key, value in node.nodes:
            known = names.get(key.text)
            if known is None:
                hint = _suggest_section(key.text) or format_suggestion(key.text, tuple(names))
                place = f' in "{where}"' if where else ""
                self.add_error(key.line, f'unknown key "{key.text}"{place}{hint}')
            elif known in found:
                before = spelled[known]
                self.add_error(key.line, f'"{key.text}" is the same key as "{before}", already set')
            else:
                spelled[known] = key.text
                found[known] = (key.line, value)
        return found

    def _missing(self, entry: FieldInfo, where: str, line: int) -> object:
        if is_section(entry.value_type):
            return self.read_section(entry.value_type, MappingNode((), line), where, line)
        if self._whole:
            self.add_error(line, f"{where}: required key is missing ({entry.field.help})")
        return None

    def _value(self, entry: FieldInfo, node: Node, where: str, line: int) -> object:
        """Read the value of a key; an empty value means the default."""
        if isinstance(node, ScalarNode) and node.tag == "null":
            return self._missing(entry, where, line) if entry.required else entry.default
        if entry.cardinality is Cardinality.ONE:
            return self._read_scalar(entry, node, where)
        if entry.cardinality is Cardinality.MAPPING:
            return self._read_mapping(entry, node, where)
        if isinstance(node, MappingNode) or (
            isinstance(node, ScalarNode) and is_section(entry.value_type)
        ):
            self._add_type_error(where, node, "a list")
            return None
        items = node.nodes if isinstance(node, SequenceNode) else (node,)
        values = [
            self._read_scalar(
                entry, each, f"{where}[{number}]" if is_section(entry.value_type) else where
            )
            for number, each in enumerate(items, 1)
        ]
        for number, each in enumerate(values):
            if each is not None and each in values[:number]:
                self.add_error(items[number].line, f'{where}: "{each}" is listed twice')
        return tuple(values)

    def _read_mapping(self, entry: FieldInfo, node: Node, where: str) -> object:
        """Read a mapping of user-defined keys to sections."""
        if not isinstance(node, MappingNode):
            self._add_type_error(where, node, "keys and values")
            return None
        return tuple(
            (
                key.text,
                self.read_section(
                    entry.value_type, value, f"{where}.{key.text}", key.line, key.text
                ),
            )
            for key, value in node.nodes
        )

    def _read_scalar(self, entry: FieldInfo, node: Node, where: str) -> object:
        """Read and validate a single value."""
        if isinstance(node, ScalarNode) and node.tag == yaml_nodes.INVALID_TAG:
            return None
        if is_section(entry.value_type):
            return self.read_section(entry.value_type, node, where, node.line)
        value = _typed(entry.value_type, node)
        if isinstance(node, ScalarNode) and node.unset_variable:
            if entry.field.env_variable and not (entry.field.needed_to_read or self._sends):
                return entry.default
            self.add_error(node.line, f'"{node.unset_variable}" is not set in the environment')
        elif value is None:
            self._add_type_error(where, node, _EXPECTED[entry.value_type])
        elif (
            entry.field.env_variable
            and isinstance(node, ScalarNode)
            and isinstance(value, str)
            and value
        ):
            return Secret(value, node.raw_text or f"${{{entry.field.env_variable}}}")
        elif isinstance(value, str) and entry.field.validator and value != entry.default:
            try:
                return entry.field.validator(value)
            except ValueError as error:
                self.add_error(node.line, f'{where}: "{value}" {error}')
        elif (
            entry.field.minimum is not None
            and isinstance(value, int)
            and value < entry.field.minimum
        ):
            self.add_error(
                node.line, f"{where}: {value} is below the minimum of {entry.field.minimum}"
            )
        return value

    def _add_type_error(self, where: str, node: Node, expected: str) -> None:
        place = f"{where}: " if where else ""
        self.add_error(node.line, f"{place}expected {expected}, got {_described(node)}")


def _typed(kind: type, node: Node) -> str | int | bool | None:
    """Convert a scalar to the key's type; None if it has another type."""
    if not isinstance(node, ScalarNode):
        return None
    if kind is bool:
        return yaml_nodes.BOOLEAN_WORDS.get(node.text.lower()) if node.tag == "bool" else None
    if kind is int:
        fits = node.tag == "int" and _NUMBER.fullmatch(node.text)
        return int(node.text) if fits else None
    return node.text if node.tag in _TEXT else None


def _described(node: Node) -> str:
    """Describe a node for a message."""
    if isinstance(node, SequenceNode):
        return "a list"
    if isinstance(node, MappingNode):
        return "keys and values"
    if node.tag == "str":
        return f'the text "{node.text}"'
    if node.tag == "null":
        return "nothing"
    return node.text if node.tag in _TEXT else f"{node.tag} {node.text}".strip()


def _suggest_section(key: str) -> str:
    """Suggest the section that a misplaced key belongs to, if there is exactly one."""
    homes = [
        section.name
        for section in iter_fields(Config)
        if section.cardinality is Cardinality.ONE
        and key in {entry.name for entry in iter_fields(section.value_type)}
    ]
    return f'; it belongs in "{homes[0]}"' if len(homes) == 1 else ""
