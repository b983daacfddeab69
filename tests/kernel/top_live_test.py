#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""top_live_test.py SUPPORT TCPTWIN: `tcptwin top` on a pseudo terminal watches a network namespace,
first without traffic, then with: what it shows is what the test did. Exits with 77 where the
running kernel does not allow it."""
import ctypes
import os
import re
import signal
import socket
import subprocess
import sys

sys.path.insert(0, sys.argv[1])
from pseudo_terminal import PseudoTerminal  # noqa: E402

TCPTWIN = sys.argv[2]
NAMESPACE = f"tcptwin-top-{os.getpid()}"
CONNECTIONS = 20
with open("/proc/self/comm", encoding="ascii") as own_name:
    OWN_NAME = re.escape(own_name.read().strip())


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def has(pattern):
    return lambda text: re.search(pattern, text) is not None


def top(*arguments, **options):
    return PseudoTerminal([TCPTWIN, "top", "-N", NAMESPACE, *arguments], **options)


def without_traffic_it_starts_resizes_and_quits():
    with top() as terminal:
        terminal.wait_for("tcptwin top")
        terminal.wait_for(has(r"STATES +0 sockets"), "no sockets")
        terminal.wait_for("no state change yet")
        terminal.resize(40, 10)
        terminal.wait_for(lambda text: text.split("\n")[-1].startswith(" q quit"), "small")
        terminal.resize(80, 24)
        terminal.wait_for("STATES")
        terminal.press("q")
        check(terminal.wait_for_end() == 0, f"exit {terminal.exit_code}")
        check(terminal.is_restored(), "q does not restore the terminal")


def in_namespace(make):
    """What `make` gives, made in the namespace; a socket stays in the one it was made in."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    away = os.open(f"/run/netns/{NAMESPACE}", os.O_RDONLY)
    try:
        enter(away)
        return make()
    finally:
        enter(home)
        os.close(home)
        os.close(away)


def enter(descriptor):
    libc = ctypes.CDLL(None, use_errno=True)
    clone_newnet = 0x40000000
    if libc.setns(descriptor, clone_newnet) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def with_traffic_it_shows_what_happened():
    with top("--interval", "200ms", width=100, height=40) as terminal:
        terminal.wait_for("STATES")
        listener = in_namespace(lambda: socket.create_server(("127.0.0.1", 8080), backlog=64))
        clients = [in_namespace(lambda: socket.create_connection(("127.0.0.1", 8080)))
                   for _ in range(CONNECTIONS)]
        accepted = [listener.accept()[0] for _ in range(CONNECTIONS)]
        terminal.wait_for(has(rf"ESTABLISHED +{2 * CONNECTIONS} "), "both ends of each")
        terminal.wait_for(has(r"LISTEN +1 "), "the listener")
        terminal.wait_for(has(rf"opened .* {2 * CONNECTIONS}\n"), "opened: both ends")
        terminal.wait_for(has(rf"{OWN_NAME} {os.getpid()} +{2 * CONNECTIONS + 1} +{2 * CONNECTIONS} "), "the owner")

        for client in clients:
            client.close()
        terminal.wait_for(has(rf"CLOSE_WAIT +{CONNECTIONS} "), "the peer closed")
        terminal.wait_for(has(rf"\+ orphans +{CONNECTIONS} |FIN_WAIT2 +{CONNECTIONS} "),
                          "the clients wait in FIN_WAIT2")
        terminal.press("l")
        terminal.wait_for(has(rf":8080 {OWN_NAME} .*\b{CONNECTIONS}\b"), "the listener's group")

        for _ in range(7):
            try:
                in_namespace(lambda: socket.create_connection(("127.0.0.1", 81)))
            except ConnectionRefusedError:
                pass
        terminal.wait_for(has(r"refused .* 7\n"), "refused connections")
        for end in accepted:
            end.close()
        terminal.wait_for(has(rf"TIME_WAIT +{CONNECTIONS} "), "the end of it")
        terminal.wait_for(has(r"no divergence in|steps conformant"), "the verdict")
        terminal.signal(signal.SIGINT)
        check(terminal.wait_for_end() == 0, f"SIGINT: exit {terminal.exit_code}")
        check(terminal.is_restored(), "SIGINT does not restore the terminal")
        listener.close()


def batch_needs_no_terminal():
    done = subprocess.run([TCPTWIN, "top", "-N", NAMESPACE, "--batch", "2", "--size", "90x30",
                           "--interval", "100ms"], capture_output=True, text=True, timeout=60)
    check(done.returncode == 0, done.stderr)
    lines = done.stdout.split("\n")
    check(len(lines) == 2 * 30 + 1, f"{len(lines)} lines")
    check(all(len(line) <= 90 for line in lines), "a line is too long")
    check("\x1b" not in done.stdout and "q quit" not in done.stdout, "not plain")
    refused = subprocess.run([TCPTWIN, "top"], stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, timeout=60)
    check(refused.returncode == 2, f"without a terminal: exit {refused.returncode}")
    check("tcptwin snapshot" in refused.stderr, refused.stderr)


def main():
    doctor = subprocess.run([TCPTWIN, "doctor"], capture_output=True, text=True, timeout=60)
    if doctor.returncode == 77 or os.geteuid() != 0:
        print("tcptwin cannot trace here (tcptwin doctor says why)")
        return 1 if os.environ.get("TCPTWIN_REQUIRE_KERNEL_TESTS") == "1" else 77
    subprocess.run(["ip", "netns", "add", NAMESPACE], check=True)
    try:
        subprocess.run(["ip", "-n", NAMESPACE, "link", "set", "lo", "up"], check=True)
        for test in (without_traffic_it_starts_resizes_and_quits,
                     with_traffic_it_shows_what_happened, batch_needs_no_terminal):
            try:
                test()
            except AssertionError as failure:
                print(f"{test.__name__}: {failure}")
                return 1
            print(f"{test.__name__}: ok")
    finally:
        subprocess.run(["ip", "netns", "del", NAMESPACE], check=True)
    return 0


sys.exit(main())
