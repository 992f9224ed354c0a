"""The definitions of all commands, used for parsing, help and shell completion."""

from collections.abc import Iterator, Sequence

from feedpub.cli.commands.digests import DIGEST
from feedpub.cli.commands.mail import BOUNCES, DOCTOR
from feedpub.cli.commands.running import RUN, STATUS
from feedpub.cli.commands.site import (
    BUILD,
    CHECK,
    COMPLETION,
    CONFIG,
    IMPORT_CHECK,
    INIT,
    NEW,
    SERVE,
)
from feedpub.cli.commands.spec import Command
from feedpub.cli.commands.statistics import STATS
from feedpub.cli.commands.subscribers import SUBSCRIBERS

COMMANDS = (
    *(BUILD, CHECK, IMPORT_CHECK, RUN, STATUS, SERVE, INIT, NEW),
    *(SUBSCRIBERS, DIGEST, BOUNCES, DOCTOR, STATS),
    *(CONFIG, COMPLETION),
)


def walk_commands(
    commands: Sequence[Command] = COMMANDS, before: str = ""
) -> Iterator[tuple[str, Command]]:
    """Yield every command with its full name, such as `subscribers add`."""
    for command in commands:
        name = f"{before}{command.name}"
        yield name, command
        yield from walk_commands(command.subcommands, f"{name} ")
