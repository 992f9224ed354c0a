"""What commands, options and arguments are declared with."""

from dataclasses import dataclass
from enum import Enum


class ParamType(Enum):
    """What follows an option, or stands by itself."""

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
    """An option, as `--config FILE`."""

    name: str
    help: str
    param_type: ParamType = ParamType.FLAG
    metavar: str = ""
    dest: str = ""  # what its value is called where that is not its name
    choices: tuple[str, ...] = ()
    multiple: bool = False  # it may be given more than once: its value is a list
    required: bool = False
    variadic: bool = False  # all that follows it, up to the next option, is its value

    @property
    def key(self) -> str:
        """The name without its hyphens."""
        return self.name.lstrip("-")


@dataclass(frozen=True, slots=True)
class Argument:
    """What stands by itself after a command."""

    key: str
    metavar: str
    help: str
    param_type: ParamType = ParamType.TEXT
    choices: tuple[str, ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A command, what it does in one line and in a few, and how it is used."""

    name: str
    help: str
    description: str
    examples: tuple[tuple[str, str], ...]
    options: tuple[Option, ...] = ()
    argument: Argument | None = None
    subcommands: tuple["Command", ...] = ()  # one of them must follow, where there are any


DEBUG = Option("--debug", "show where in the program an error came from")
VERSION = Option("--version", "print the version")
CONFIG = Option("--config", "the configuration (default: config.yaml)", ParamType.FILE)
JSON = Option("--json", "print the result as one JSON object, for scripts")
