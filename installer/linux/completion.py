"""Completion for bash, zsh and fish, made of the program's grammar."""

from __future__ import annotations

from collections.abc import Sequence

from installer.linux.grammar import Command, Option

_HEAD = "Completion of tagwerk's command line. Made from the program's own parsers."
# What the window takes beside options.
_TARGETS = ("demo",)


def bash(commands: Sequence[Command]) -> str:
    """A file for ``bash-completion/completions/tagwerk``; needs nothing but bash."""
    window, *others = commands
    names = [command.name for command in others]
    lines = [
        f"# {_HEAD}",
        "_tagwerk() {",
        "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= one",
        "    COMPREPLY=()",
        '    for one in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
        f"        case $one in {'|'.join(names)}) command=$one; break ;; esac",
        "    done",
        '    case "$command $before" in',
    ]
    lines += [
        f"        {_bash_pattern(command, option)}) {_bash_value(option)}; return ;;"
        for command in commands
        for option in command.options
        if option.value
    ]
    lines += ["    esac", "    case $command in"]
    lines += [f"        {command.name}) {_bash_words(command)} ;;" for command in others]
    lines.append(f"        *) {_bash_words(window, (*_TARGETS, *names))} ;;")
    return "\n".join([*lines, "    esac", "}", "complete -F _tagwerk tagwerk", ""])


def _bash_words(command: Command, more: Sequence[str] = ()) -> str:
    flags = [flag for option in command.options for flag in option.flags]
    row = _bash_choices([*flags, *more])
    if any(place.completes == "file" for place in command.places):
        row += f"; if [[ $word != -* ]]; then {_bash_names('-f')}; fi"
    return row


def _bash_choices(words: Sequence[str]) -> str:
    return f'mapfile -t COMPREPLY < <(compgen -W "{" ".join(words)}" -- "$word")'


def _bash_names(kind: str) -> str:
    """Names of files (``-f``) or folders (``-d``) beside what is offered already."""
    # Outside of a completion (in a test) compopt fails, and nothing depends on it.
    return (
        "compopt -o filenames 2>/dev/null; mapfile -t -O ${#COMPREPLY[@]} COMPREPLY"
        f' < <(compgen {kind} -- "$word")'
    )


def _bash_pattern(command: Command, option: Option) -> str:
    return "|".join(f'"{command.name} {flag}"' for flag in option.flags)


def _bash_value(option: Option) -> str:
    if option.choices:
        return _bash_choices(option.choices)
    kinds = {"folder": "-d", "file": "-f"}
    return _bash_names(kinds[option.completes]) if option.completes else ":"


def zsh(commands: Sequence[Command]) -> str:
    """A file for ``zsh/vendor-completions/_tagwerk``."""
    window, *others = commands
    lines = [
        "#compdef tagwerk",
        f"# {_HEAD}",
        "_tagwerk() {",
        "  local -a commands",
        "  commands=(",
    ]
    lines += [f"    '{_zsh_quoted(one.name)}:{_zsh_quoted(one.help)}'" for one in others]
    lines += [
        "  )",
        "  local word command=",
        "  for word in ${words[2,CURRENT-1]}; do",
        "    if (( ${commands[(I)$word:*]} )); then command=$word; break; fi",
        "  done",
        "  case $command in",
    ]
    for one in others:
        lines.append(f"    {one.name})")
        lines.append("      shift words; (( CURRENT-- ))")
        lines += [f"      _arguments -s {_zsh_options(one)}", "      ;;"]
    lines += [
        "    *)",
        f"      _arguments -s {_zsh_options(window, with_places=False)} \\",
        "        '*:command, demo plant or file:_tagwerk_first'",
        "      ;;",
        "  esac",
        "}",
        "_tagwerk_first() {",
        "  _describe 'command' commands",
        f"  compadd {' '.join(_TARGETS)}",
        "  _files -g '*.tagwerk'",
        "}",
        '_tagwerk "$@"',
        "",
    ]
    return "\n".join(lines)


def _zsh_options(command: Command, *, with_places: bool = True) -> str:
    rows = []
    for option in command.options:
        for flag in option.flags:
            star = "*" if option.repeats else ""
            row = f"{star}{flag}[{_zsh_quoted(option.help)}]"
            if option.value:
                row += f":{_zsh_quoted(option.value)}:{_zsh_action(option)}"
            rows.append(f"'{row}'")
    for place in command.places if with_places else ():
        rows.append(f"'*:{_zsh_quoted(place.value)}:{_zsh_action(place)}'")
        break
    return " \\\n        ".join(rows)


def _zsh_action(option: Option) -> str:
    if option.choices:
        return f"({' '.join(option.choices)})"
    return {"file": "_files", "folder": "_files -/"}.get(option.completes, "")


def _zsh_quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace("'", "’")
    for mark in "[]:":
        plain = plain.replace(mark, "\\" + mark)
    return plain


def fish(commands: Sequence[Command]) -> str:
    """A file for ``fish/vendor_completions.d/tagwerk.fish``."""
    names = " ".join(command.name for command in commands if command.name)
    lines = [f"# {_HEAD}", f"set -l commands {names}"]
    without = "not __fish_seen_subcommand_from $commands"
    for command in commands:
        if command.name:
            said = _fish_quoted(command.help)
            lines.append(f'complete -c tagwerk -n "{without}" -a {command.name} -d {said}')
    lines += [f'complete -c tagwerk -n "{without}" -a {word}' for word in _TARGETS]
    for command in commands:
        when = f"__fish_seen_subcommand_from {command.name}" if command.name else without
        for option in command.options:
            lines.append(f'complete -c tagwerk -n "{when}" {_fish_option(option)}')
    return "\n".join([*lines, ""])


def _fish_option(option: Option) -> str:
    words = [
        f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags
    ]
    if option.choices:
        offered = " ".join(option.choices)
        words.append(f'-x -a "{offered}"')
    elif option.completes == "folder":
        words.append('-x -a "(__fish_complete_directories)"')
    elif option.completes == "file":
        words.append("-r -F")
    elif option.value:
        words.append("-x")
    if option.help:
        words.append(f"-d {_fish_quoted(option.help)}")
    return " ".join(words)


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
