"""Generate the completion scripts for bash, zsh and fish; see `render_completion`."""

from collections.abc import Iterator, Sequence

from feedpub.cli.commands import COMMANDS, walk_commands
from feedpub.cli.commands.spec import DEBUG, VERSION, Argument, Command, Option, ParamType

_HELP = Option("--help", "show help with examples")
_GLOBAL_OPTIONS = (VERSION, DEBUG, _HELP)


def render_completion(shell: str) -> str:
    """Return the completion script for bash, zsh or fish."""
    lines = {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell]()
    return "\n".join(lines) + "\n"


def _options(command: Command) -> tuple[Option, ...]:
    return (*command.options, DEBUG, _HELP)


def _groups() -> list[tuple[str, Command]]:
    """Return the commands that have subcommands, with their full names."""
    return [(name, command) for name, command in walk_commands() if command.subcommands]


def _bash() -> Iterator[str]:
    yield "# feedpub: completion for bash"
    yield "_feedpub() {"
    yield "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}"
    yield '    local command="" each'
    yield '    for each in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do'
    yield "        case $each in -*) continue ;; esac"
    yield "        case $command in"
    yield '            "") command=$each ;;'
    yield f'            {"|".join(name for name, _ in _groups())}) command="$command $each" ;;'
    yield "        esac"
    yield "    done"
    yield "    COMPREPLY=()"
    yield "    case $command in"
    yield '        "")'
    yield from _bash_words(COMMANDS, _GLOBAL_OPTIONS)
    for name, command in walk_commands():
        yield f'        "{name}")'
        yield from _bash_values(command)
        yield from _bash_argument(command.argument)
        yield from _bash_words(command.subcommands, _options(command))
    yield "    esac"
    yield "}"
    yield "# Words or file names that begin as the word under the cursor does."
    yield "_feedpub_words() {"
    yield '    _feedpub_add < <(compgen -W "$1" -- "$word")'
    yield "}"
    yield "_feedpub_names() {"
    yield "    compopt -o filenames 2>/dev/null"
    yield '    _feedpub_add < <(compgen "$1" -- "$word")'
    yield "}"
    yield "_feedpub_add() {"
    yield '    while IFS= read -r each; do COMPREPLY+=("$each"); done'
    yield "}"
    yield "complete -F _feedpub feedpub"


def _bash_words(commands: Sequence[Command], options: Sequence[Option]) -> Iterator[str]:
    words = [*(each.name for each in commands), *(each.name for each in options)]
    yield f'            _feedpub_words "{" ".join(words)}" ;;'


def _bash_values(command: Command) -> Iterator[str]:
    """Complete the value of an option."""
    options = [each for each in command.options if each.param_type is not ParamType.FLAG]
    if options:
        yield "            case $before in"
        for option in options:
            offer = {ParamType.FILE: "_feedpub_names -f; ", ParamType.FOLDER: "_feedpub_names -d; "}
            if option.choices:
                offer[option.param_type] = f'_feedpub_words "{" ".join(option.choices)}"; '
            yield f"                {option.name}) {offer.get(option.param_type, '')}return ;;"
        yield "            esac"


def _bash_argument(argument: Argument | None) -> Iterator[str]:
    if argument and argument.choices:
        yield f'            _feedpub_words "{" ".join(argument.choices)}"'
    elif argument and argument.param_type in (ParamType.FOLDER, ParamType.FILE):
        kind = "-d" if argument.param_type is ParamType.FOLDER else "-f"
        yield f"            case $word in -*) ;; *) _feedpub_names {kind} ;; esac"


def _zsh() -> Iterator[str]:
    yield "#compdef feedpub"
    yield from _zsh_group("_feedpub", "", COMMANDS, _GLOBAL_OPTIONS)
    for name, command in _groups():
        yield from _zsh_group(_zsh_function(name), name, command.subcommands, _options(command))
    yield "# Loaded from $fpath, it is called at once; read by eval, it is made known."
    yield 'if [[ $funcstack[1] == _feedpub ]]; then _feedpub "$@"'
    yield "else compdef _feedpub feedpub; fi"


def _zsh_function(name: str) -> str:
    return f"_feedpub_{name.replace(' ', '_')}"


def _zsh_group(
    function: str, name: str, commands: Sequence[Command], options: Sequence[Option]
) -> Iterator[str]:
    """Complete one of several commands and its arguments."""
    yield f"{function}() {{"
    yield "    local context state state_descr line"
    yield "    typeset -A opt_args"
    yield "    _arguments -C \\"
    for option in options:
        yield f"        {_zsh_option(option)} \\"
    yield "        '1:command:->command' '*::argument:->argument'"
    yield "    case $state in"
    yield "    command)"
    yield "        local -a commands=("
    for command in commands:
        yield f"            {_quoted(f'{command.name}:{command.help}')}"
    yield "        )"
    yield "        _describe command commands ;;"
    yield "    argument)"
    yield "        case $line[1] in"
    for command in commands:
        specs = [_zsh_option(option) for option in _options(command)]
        specs += _zsh_argument(command.argument)
        does = f"_arguments {' '.join(specs)}"
        if command.subcommands:
            does = _zsh_function(f"{name} {command.name}".lstrip())
        yield f"        {command.name}) {does} ;;"
    yield "        esac ;;"
    yield "    esac"
    yield "}"


def _zsh_option(option: Option) -> str:
    told = option.help.replace("[", "(").replace("]", ")").replace(":", "\\:")
    after = {
        ParamType.FLAG: "",
        ParamType.FILE: ":file:_files",
        ParamType.FOLDER: ":folder:_files -/",
    }.get(option.param_type, f":{option.metavar}: ")
    if option.choices:
        after = f":{option.metavar}:({' '.join(option.choices)})"
    return _quoted(f"{'*' if option.multiple else ''}{option.name}[{told}]{after}")


def _zsh_argument(argument: Argument | None) -> list[str]:
    if argument is None:
        return []
    after = {ParamType.FOLDER: "_files -/", ParamType.FILE: "_files"}.get(argument.param_type, " ")
    if argument.choices:
        after = f"({' '.join(argument.choices)})"
    colons = "::" if argument.optional else ":"
    return [_quoted(f"1{colons}{argument.metavar}:{after}")]


def _fish() -> Iterator[str]:
    yield "# feedpub: completion for fish"
    yield "complete -c feedpub -f"
    for option in _GLOBAL_OPTIONS:
        yield f"complete -c feedpub -n __fish_use_subcommand {_fish_option(option)}"
    yield from _fish_commands("__fish_use_subcommand", COMMANDS)
    for name, command in walk_commands():
        seen = "; and ".join(f"__fish_seen_subcommand_from {word}" for word in name.split())
        below = " ".join(each.name for each in command.subcommands)
        when = f"'{seen}{f'; and not __fish_seen_subcommand_from {below}' if below else ''}'"
        yield from _fish_commands(when, command.subcommands)
        inside = f"complete -c feedpub -n {when}"
        for option in _options(command):
            yield f"{inside} {_fish_option(option)}"
        yield from _fish_argument(inside, command.argument)


def _fish_commands(when: str, commands: Sequence[Command]) -> Iterator[str]:
    for command in commands:
        yield f"complete -c feedpub -n {when} -a {command.name} -d {_fish_quoted(command.help)}"


def _fish_argument(inside: str, argument: Argument | None) -> Iterator[str]:
    if argument and argument.choices:
        yield f"{inside} -a '{' '.join(argument.choices)}'"
    elif argument and argument.param_type is ParamType.FOLDER:
        yield f"{inside} -a '(__fish_complete_directories)'"
    elif argument and argument.param_type is ParamType.FILE:
        yield f"{inside} -F"


def _fish_option(option: Option) -> str:
    after = {
        ParamType.FLAG: "",
        ParamType.FILE: " -r -F",
        ParamType.FOLDER: " -x -a '(__fish_complete_directories)'",
    }.get(option.param_type, " -x")
    if option.choices:
        after = f" -x -a '{' '.join(option.choices)}'"
    return f"-l {option.key}{after} -d {_fish_quoted(option.help)}"


def _quoted(text: str) -> str:
    """Quote for zsh; only the single quote itself is special."""
    return "'" + text.replace("'", "'\\''") + "'"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
