"""Print a Config as YAML with every key, its value and its help, for `feedpub config`.

Enter at `dump_config`.
"""

import re
from collections.abc import Iterator

import yaml

from feedpub.config.fields import Secret
from feedpub.config.introspect import Cardinality, FieldInfo, is_section, iter_fields
from feedpub.config.schema import Config

_STEP = "  "


def dump_config(config: Config) -> str:
    """Return the whole configuration as YAML, defaults included; `parse_config` reads it back.

    Secrets are never printed: the environment variable that supplies each one, or should, takes
    its place. Sections that are not set are shown as comments with their keys.
    """
    sections = []
    for entry in iter_fields(Config):
        doc = _first_line(entry)
        sections.append([f"# {doc}", *_entry(entry, getattr(config, entry.name), "")])
    return "\n\n".join("\n".join(lines) for lines in sections) + "\n"


def _section(kind: type, value: object, indent: str) -> Iterator[str]:
    for entry in iter_fields(kind):
        if entry.field.help:
            yield f"{indent}# {entry.field.help}"
        yield from _entry(entry, getattr(value, entry.name), indent)


def _entry(entry: FieldInfo, value: object, indent: str) -> Iterator[str]:
    """Yield the lines of one key."""
    inner = indent + _STEP
    if isinstance(value, tuple) and value and entry.cardinality is Cardinality.MAPPING:
        yield f"{indent}{entry.name}:"
        for name, each in value:
            yield f"{inner}{_quoted(name)}:"
            yield from _section(entry.value_type, each, inner + _STEP)
    elif isinstance(value, tuple) and value and is_section(entry.value_type):
        yield f"{indent}{entry.name}:"
        for each in value:
            lines = [
                line for line in _section(entry.value_type, each, "") if not line.startswith("#")
            ]
            yield f"{inner}- {lines[0]}"
            yield from (f"{inner}{_STEP}{line}" for line in lines[1:])
    elif isinstance(value, tuple) and not is_section(entry.value_type):
        yield f"{indent}{entry.name}: [{', '.join(_scalar(each) for each in value)}]"
    elif isinstance(value, tuple):
        yield f"{indent}{entry.name}: {'{}' if entry.cardinality is Cardinality.MAPPING else '[]'}"
        yield from _absent(entry, indent)
    elif is_section(entry.value_type) and value is not None:
        yield f"{indent}{entry.name}:"
        yield from _section(entry.value_type, value, inner)
    elif is_section(entry.value_type):
        yield f"{indent}# {entry.name}:"
        yield from _absent(entry, indent)
    elif entry.field.env_variable and value:
        shown = value.shown if isinstance(value, Secret) else f"${{{entry.field.env_variable}}}"
        yield f"{indent}{entry.name}: {_quoted(shown)}"
    else:
        yield f"{indent}{entry.name}: {_scalar(value)}"


def _absent(entry: FieldInfo, indent: str) -> Iterator[str]:
    """Yield the keys of an unset section, as comments."""
    lead = {Cardinality.ONE: "", Cardinality.MANY: "- ", Cardinality.MAPPING: ""}[entry.cardinality]
    deeper = _STEP
    if entry.cardinality is Cardinality.MAPPING:
        yield f"{indent}# {_STEP}key:"
        deeper += _STEP
    for key in iter_fields(entry.value_type):
        note = f"  # {key.field.help}" if key.field.help else ""
        shown = "" if key.default is None or is_section(key.value_type) else f" {_default(key)}"
        yield f"{indent}# {deeper}{lead}{key.name}:{shown}{note}"
        lead = " " * len(lead)


def _default(key: FieldInfo) -> str:
    return "[]" if key.default == () else _scalar(key.default)


def _first_line(entry: FieldInfo) -> str:
    """Return the help text of a top-level section."""
    return entry.field.help or (entry.value_type.__doc__ or "").partition("\n")[0]


def _scalar(value: object) -> str:
    """Format a scalar as YAML; `${` is escaped, or it would be read as a variable."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    return _quoted(value.replace("${", "$${"))


def _quoted(text: str) -> str:
    """Quote a string if YAML would read it as anything else."""
    style = '"' if re.search(r"[\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff]", text) else None
    dumped = yaml.safe_dump(
        [text], default_flow_style=True, default_style=style, allow_unicode=True, width=2**31
    )
    return str(dumped).strip()[1:-1]
