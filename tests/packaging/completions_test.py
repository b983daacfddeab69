#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""completions_test.py SUPPORT REFERENCE TCPTWIN: the shells themselves complete command lines of
tcptwin: each option that --help lists, and the words that options take."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, sys.argv[1])
from live_program import check, skip  # noqa: E402
from pseudo_terminal import PseudoTerminal  # noqa: E402

COMPLETIONS = pathlib.Path(sys.argv[2]) / "completions"
TCPTWIN = sys.argv[3]
BASH = COMPLETIONS / "bash/tcptwin"
FISH = COMPLETIONS / "fish/tcptwin.fish"


def said(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def commands():
    table = said(TCPTWIN, "--help").split("Commands:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in table.splitlines()]


def options_of(command):
    return re.findall(r"^  .{4}(--[a-z0-9-]+)", said(TCPTWIN, command, "--help"), re.MULTILINE)


def by_bash(*words, folder="/"):
    script = ('source "$1"; cd "$2"; shift 2; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tcptwin; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    return said("bash", "--norc", "-c", script, "-", BASH, folder, "tcptwin", *words).split()


def by_fish(line):
    answer = said("fish", "--no-config", "-c", f'source {FISH}; complete -C "tcptwin {line}"')
    return [row.split("\t")[0] for row in answer.splitlines()]


def bash_completes_commands_options_and_values():
    check(set(commands()) <= set(by_bash("")), by_bash(""))
    check(by_bash("tr") == ["trace"], by_bash("tr"))
    check(by_bash("help", "exp") == ["explain"], by_bash("help", "exp"))
    for command in commands():
        offered = by_bash(command, "--")
        check(set(options_of(command)) <= set(offered), f"{command}: {offered}")
    check(by_bash("trace", "--color", "a") == ["auto", "always"], "a word of an option")
    check(by_bash("trace", "--color", "=", "n") == ["never"], "--color=n")
    check(by_bash("trace", "--color", "=") == ["auto", "always", "never"], "--color=")
    check(by_bash("life", "--how", "fin,ti") == ["fin,timeout"], by_bash("life", "--how", "fin,ti"))
    check(by_bash("life", "--sort", "r") == ["retransmits", "rtt"], "sort of life")
    check(by_bash("snapshot", "--sort", "r") == ["remote", "recv-q"], "sort of snapshot")
    check("close_unread_abort" in by_bash("explain", "close_"), "what can be explained")
    check("1" in by_bash("trace", "-p", ""), "processes")
    check(by_bash("trace", "--duration", "") == [], "nothing to offer for a time")
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "to day.twin").touch()
        check(" ".join(by_bash("replay", "to", folder=folder)) == "to day.twin", "a file's name")


def bash_completes_for_a_person():
    with PseudoTerminal(["bash", "--norc", "--noprofile", "-i"], width=100) as terminal:
        terminal.press(f"PS1='$ '; source {BASH}\n")
        terminal.press("tcptwin tra\t--verdict=div\t")
        terminal.wait_for("tcptwin trace --verdict=divergence")
        terminal.press("\x15exit\n")
        terminal.wait_for_end()


def zsh_completes_for_a_person():
    with PseudoTerminal(["zsh", "-f", "-i"], width=100) as terminal:
        terminal.press(f"PS1='%% '; fpath=({COMPLETIONS}/zsh $fpath); autoload -Uz compinit; compinit -u -D; "
                       "echo re''ady\n")
        terminal.wait_for("ready")
        terminal.press("tcptwin tra\t--verdi\tdiv\t")
        terminal.wait_for("tcptwin trace --verdict=divergence")
        terminal.press("\x15tcptwin life --c\t")
        terminal.wait_for("ended by these")
        terminal.press("\x15tcptwin life --how fin,refu\t")
        terminal.wait_for("--how fin,refused")
        terminal.press("\x15exit\n")
        terminal.wait_for_end()


def fish_completes_commands_options_and_values():
    check(by_fish("tr") == ["trace"], by_fish("tr"))
    for command in commands():
        offered = by_fish(f"{command} --")
        check(set(options_of(command)) <= set(offered), f"{command}: {offered}")
    check(by_fish("trace --color a") == ["always", "auto"], by_fish("trace --color a"))
    check(by_fish("life --how fin,ti") == ["fin,timeout"], by_fish("life --how fin,ti"))
    check("close_unread_abort" in by_fish("explain close_"), "what can be explained")


def main():
    missing = [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell) is None]
    if missing:
        return skip(f"not installed: {', '.join(missing)}")
    for test in (bash_completes_commands_options_and_values, bash_completes_for_a_person,
                 zsh_completes_for_a_person, fish_completes_commands_options_and_values):
        test()
        print(f"ok {test.__name__}", flush=True)
    return 0


sys.exit(main())
