"""Derive the keys of a configuration section from its dataclass.

Reading and printing the configuration both go through `iter_fields`.
"""

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from types import NoneType
from typing import get_args, get_origin, get_type_hints

from feedpub.config.fields import Field
from feedpub.config.schema import EXTERNAL_FIELDS


class Cardinality(Enum):
    """How many values a key holds."""

    ONE = "one"
    MANY = "list"
    MAPPING = "named"  # a mapping with user-defined keys


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One key of a section: its type, cardinality, default and Field metadata."""

    name: str
    value_type: type  # str, int, bool or a section's dataclass
    cardinality: Cardinality
    required: bool
    default: object  # None if required, or if the section is absent unless written
    field: Field


def iter_fields(section: type) -> Iterator[FieldInfo]:
    """Yield the keys of a section in declaration order."""
    foreign = EXTERNAL_FIELDS.get(section)
    changed_paths = get_type_hints(section, include_extras=True)
    for each in fields(section):
        hint = changed_paths[each.name]
        if foreign is None:
            hint, key = get_args(hint)
        elif each.name in foreign:
            key = foreign[each.name]
        else:
            continue
        kind, many = _shape(hint)
        required = each.default is MISSING
        yield FieldInfo(each.name, kind, many, required, None if required else each.default, key)


def is_section(kind: type) -> bool:
    """Return whether a value type has keys of its own."""
    return is_dataclass(kind)


def _shape(hint: object) -> tuple[type, Cardinality]:
    """Return the item type and cardinality of a hint: `tuple[str, ...]` is a list of strings."""
    many = Cardinality.ONE
    if get_origin(hint) is tuple:
        many, hint = Cardinality.MANY, get_args(hint)[0]
        if get_origin(hint) is tuple:
            many, hint = Cardinality.MAPPING, get_args(hint)[1]
    kinds = [each for each in get_args(hint) or (hint,) if each is not NoneType]
    return kinds[0], many
