#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""top_terminal_test.py SUPPORT SHOW_TOP: `top` before a person on a pseudo terminal, with a made-up
host: what the keys do, every size, and that the terminal is given back whatever happens."""
import re
import signal
import sys

sys.path.insert(0, sys.argv[1])
from pseudo_terminal import PseudoTerminal  # noqa: E402

SHOW_TOP = sys.argv[2]


def top(*arguments, **options):
    return PseudoTerminal([SHOW_TOP, *arguments], **options)


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def keys_do_what_they_say():
    with top() as terminal:
        terminal.wait_for("leaky-service 1402")
        terminal.wait_for("nginx 812")
        terminal.press("h")
        terminal.wait_for("this help")
        terminal.press("x")
        terminal.wait_for("PROCESS")
        terminal.press("u")
        terminal.wait_for("docker 3f2a9c41be77")
        terminal.press("l")
        terminal.wait_for(":8080 leaky-service")
        terminal.press("p")
        terminal.wait_for("nginx 812")
        terminal.press("+")
        terminal.wait_for("every 2 s")
        terminal.press("-")
        terminal.wait_for("every 1 s")
        terminal.press("/")
        terminal.press("postg")
        terminal.wait_for("/postg_")
        terminal.press("\r")
        text = terminal.wait_for("has 'postg'")
        check("nginx 812" not in text, "the filter does not filter")
        terminal.press("\x1b")
        terminal.wait_for("nginx 812")
        terminal.press(" ")
        terminal.wait_for("PAUSED")
        while terminal.read(0.3):  # the rest of that screen
            pass
        paused = terminal.text()
        while terminal.read(1.5):  # nothing comes while it is paused
            pass
        check(terminal.text() == paused, "the screen changes although it is paused")
        terminal.press(" ")
        terminal.wait_for("space pause")
        terminal.press("q")
        check(terminal.wait_for_end() == 0, f"exit {terminal.exit_code}")
        check(terminal.is_restored(), "q does not restore the terminal")


def sizes_are_followed():
    with top() as terminal:
        terminal.wait_for("STATES")
        for width, height in ((40, 10), (20, 5), (120, 40), (1, 1), (300, 100), (80, 24)):
            terminal.resize(width, height)
            wanted = "q" if width == 1 else "q quit"
            terminal.wait_for(lambda text: text.split("\n")[-1].strip().startswith(wanted),
                              f"'{wanted}' in the last line of {width}x{height}")
        terminal.wait_for("STATES")
        terminal.press("q")
        check(terminal.wait_for_end() == 0, f"exit {terminal.exit_code}")
        check(terminal.is_restored(), "not restored after a change of size")


def signals_and_errors_restore_the_terminal():
    for number in (signal.SIGINT, signal.SIGTERM):
        with top() as terminal:
            terminal.wait_for("STATES")
            terminal.signal(number)
            check(terminal.wait_for_end() == 0, f"signal {number}: exit {terminal.exit_code}")
            check(terminal.is_restored(), f"signal {number} does not restore the terminal")
    with top() as terminal:
        terminal.wait_for("STATES")
        terminal.press("\x03")  # the line discipline makes it a signal
        check(terminal.wait_for_end() == 0, f"Ctrl-C: exit {terminal.exit_code}")
        check(terminal.is_restored(), "Ctrl-C does not restore the terminal")
    with top("--throw") as terminal:
        check(terminal.wait_for_end() == 1, f"exception: exit {terminal.exit_code}")
        check(b"made up" in terminal.raw, "the error is not told")
        check(terminal.is_restored(), "an exception does not restore the terminal")


def keys_that_could_harm_do_not():
    with top() as terminal:
        terminal.wait_for("STATES")
        terminal.press("\x0c")
        terminal.wait_for("STATES")
        terminal.press("\x1c")  # Ctrl-\ would end it without a word
        terminal.press("u")
        terminal.wait_for("UNIT")
        terminal.press("q")
        check(terminal.wait_for_end() == 0, f"exit {terminal.exit_code}")


def colours_and_characters_are_what_the_terminal_has():
    def raw_of(**environment):
        with top("--divergence", **environment) as terminal:
            terminal.wait_for("1 divergence")
            terminal.press("q")
            terminal.wait_for_end()
            return terminal.raw
    colour = re.compile(rb"\x1b\[(?:[0-9]+;)*3([1-6])(?:;[0-9]+)*m")
    check(b"1" in colour.findall(raw_of()), "a divergence is not red")
    for environment in ({"NO_COLOR": "1"}, {"TERM": "vt100"}):
        check(not colour.search(raw_of(**environment)), f"colours with {environment}")
    check("█".encode() in raw_of(width=120, height=40), "no bars in a UTF-8 locale")
    ascii_only = raw_of(width=120, height=40, LC_ALL="C")
    check(all(byte < 0x80 for byte in ascii_only), "UTF-8 in the C locale")
    check(b"###" in ascii_only, "no bars in the C locale")


def what_cannot_be_drawn_on_is_refused_with_an_alternative():
    for kind in ("dumb", "nosuch", ""):
        with top(TERM=kind) as terminal:
            check(terminal.wait_for_end() == 2, f"TERM={kind}: exit {terminal.exit_code}")
            check("tcptwin snapshot" in terminal.text(), f"TERM={kind}: {terminal.text()}")


for test in (keys_do_what_they_say, sizes_are_followed, signals_and_errors_restore_the_terminal,
             keys_that_could_harm_do_not,
             colours_and_characters_are_what_the_terminal_has,
             what_cannot_be_drawn_on_is_refused_with_an_alternative):
    try:
        test()
    except AssertionError as failure:
        sys.exit(f"{test.__name__}: {failure}")
    print(f"{test.__name__}: ok")
