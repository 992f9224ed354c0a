"""The commands → what makes a shell complete them."""

from collections.abc import Iterator

from feedpub.cli.commands import COMMANDS, DEBUG, VERSION, Argument, Command, Option, Takes

_HELP = Option("--help", "explain, with examples")


def script(shell: str) -> str:
    """Give the completion script for bash, zsh or fish."""
    lines = {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell]()
    return "\n".join(lines) + "\n"


def _options(command: Command) -> tuple[Option, ...]:
    return (*command.options, DEBUG, _HELP)


def _bash() -> Iterator[str]:
    files = [each.name for each in _all_options() if each.takes is Takes.FILE]
    folders = [each.name for each in _all_options() if each.takes is Takes.FOLDER]
    texts = [each.name for each in _all_options() if each.takes is Takes.TEXT]
    names = " ".join(command.name for command in COMMANDS)
    yield "# feedpub: completion for bash"
    yield "_feedpub() {"
    yield "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}"
    yield '    local command="" each'
    yield '    for each in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do'
    yield "        case $each in -*) ;; *) command=$each; break ;; esac"
    yield "    done"
    yield "    COMPREPLY=()"
    yield "    case $before in"
    yield f"        {'|'.join(files)}) _feedpub_names -f; return ;;"
    yield f"        {'|'.join(folders)}) _feedpub_names -d; return ;;"
    yield f"        {'|'.join(texts)}) return ;;"
    yield "    esac"
    yield "    case $command in"
    yield f'        "") _feedpub_words "{names} {VERSION.name} {DEBUG.name} {_HELP.name}" ;;'
    for command in COMMANDS:
        words = " ".join(option.name for option in _options(command))
        yield f"        {command.name})"
        yield from _bash_argument(command.argument)
        yield f'            _feedpub_words "{words}" ;;'
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


def _bash_argument(argument: Argument | None) -> Iterator[str]:
    if argument and argument.choices:
        yield f'            _feedpub_words "{" ".join(argument.choices)}"'
    elif argument and argument.takes is Takes.FOLDER:
        yield "            case $word in -*) ;; *) _feedpub_names -d ;; esac"


def _all_options() -> list[Option]:
    """Give every option once."""
    return list(dict.fromkeys(option for command in COMMANDS for option in _options(command)))


def _zsh() -> Iterator[str]:
    yield "#compdef feedpub"
    yield "_feedpub() {"
    yield "    local context state state_descr line"
    yield "    typeset -A opt_args"
    yield "    _arguments -C \\"
    for option in (VERSION, DEBUG, _HELP):
        yield f"        {_zsh_option(option)} \\"
    yield "        '1:command:->command' '*::argument:->argument'"
    yield "    case $state in"
    yield "    command)"
    yield "        local -a commands=("
    for command in COMMANDS:
        yield f"            {_quoted(f'{command.name}:{command.help}')}"
    yield "        )"
    yield "        _describe command commands ;;"
    yield "    argument)"
    yield "        case $line[1] in"
    for command in COMMANDS:
        specs = [_zsh_option(option) for option in _options(command)]
        specs += _zsh_argument(command.argument)
        yield f"        {command.name}) _arguments {' '.join(specs)} ;;"
    yield "        esac ;;"
    yield "    esac"
    yield "}"
    yield "# Loaded from $fpath, it is called at once; read by eval, it is made known."
    yield 'if [[ $funcstack[1] == _feedpub ]]; then _feedpub "$@"'
    yield "else compdef _feedpub feedpub; fi"


def _zsh_option(option: Option) -> str:
    told = option.help.replace("[", "(").replace("]", ")").replace(":", "\\:")
    after = {
        Takes.NOTHING: "",
        Takes.FILE: ":file:_files",
        Takes.FOLDER: ":folder:_files -/",
        Takes.TEXT: f":{option.metavar}: ",
    }[option.takes]
    return _quoted(f"{option.name}[{told}]{after}")


def _zsh_argument(argument: Argument | None) -> list[str]:
    if argument is None:
        return []
    after = "_files -/" if argument.takes is Takes.FOLDER else " "
    if argument.choices:
        after = f"({' '.join(argument.choices)})"
    colons = "::" if argument.optional else ":"
    return [_quoted(f"1{colons}{argument.metavar}:{after}")]


def _fish() -> Iterator[str]:
    yield "# feedpub: completion for fish"
    yield "complete -c feedpub -f"
    for option in (VERSION, DEBUG, _HELP):
        yield f"complete -c feedpub -n __fish_use_subcommand {_fish_option(option)}"
    for command in COMMANDS:
        told = _fish_quoted(command.help)
        yield f"complete -c feedpub -n __fish_use_subcommand -a {command.name} -d {told}"
    for command in COMMANDS:
        inside = f"complete -c feedpub -n '__fish_seen_subcommand_from {command.name}'"
        for option in _options(command):
            yield f"{inside} {_fish_option(option)}"
        if command.argument and command.argument.choices:
            yield f"{inside} -a '{' '.join(command.argument.choices)}'"
        elif command.argument and command.argument.takes is Takes.FOLDER:
            yield f"{inside} -a '(__fish_complete_directories)'"


def _fish_option(option: Option) -> str:
    after = {
        Takes.NOTHING: "",
        Takes.FILE: " -r -F",
        Takes.FOLDER: " -x -a '(__fish_complete_directories)'",
        Takes.TEXT: " -x",
    }[option.takes]
    return f"-l {option.key}{after} -d {_fish_quoted(option.help)}"


def _quoted(text: str) -> str:
    """Quote for zsh: nothing is special in single quotes but the quote."""
    return "'" + text.replace("'", "'\\''") + "'"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
