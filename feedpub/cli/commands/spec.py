"""The classes that commands, options and arguments are defined with, and shared options."""

from dataclasses import dataclass
from enum import Enum


class ParamType(Enum):
    """The type of an option's or argument's value; the value is its placeholder in help."""

    FLAG = ""
    FILE = "FILE"
    FOLDER = "DIR"
    TEXT = "TEXT"
    NUMBER = "NUMBER"  # of an issue
    KEY_VALUE = "KEY=VALUE"
    DAYS = "DAYS"
    DATE = "DATE"
    PORT = "PORT"


@dataclass(frozen=True, slots=True)
class Option:
    """An option, such as `--config FILE`."""

    name: str
    help: str
    param_type: ParamType = ParamType.FLAG
    metavar: str = ""
    dest: str = ""  # attribute of Arguments, if not derived from the name
    choices: tuple[str, ...] = ()
    multiple: bool = False  # may be repeated; the value is a list
    required: bool = False
    variadic: bool = False  # takes all words up to the next option

    @property
    def key(self) -> str:
        """The name without leading hyphens."""
        return self.name.lstrip("-")


@dataclass(frozen=True, slots=True)
class Argument:
    """A positional argument of a command."""

    key: str
    metavar: str
    help: str
    param_type: ParamType = ParamType.TEXT
    choices: tuple[str, ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A command with its one-line help, description, examples and parameters."""

    name: str
    help: str
    description: str
    examples: tuple[tuple[str, str], ...]
    options: tuple[Option, ...] = ()
    argument: Argument | None = None
    subcommands: tuple["Command", ...] = ()  # if there are any, one is required


DEBUG = Option("--debug", "show the traceback of an error")
VERSION = Option("--version", "print the version")
CONFIG = Option("--config", "configuration file (default: config.yaml)", ParamType.FILE)
JSON = Option("--json", "print the result as one JSON object, for scripts")
