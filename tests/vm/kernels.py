#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""kernels.py BUILD [VERSION...]: boots Debian's kernels in an emulator, runs the live tests of BUILD
(a build without sanitizers) in each, and says what passed where. `./dev kernels` calls it. Exits with
1 if a test failed or a guest broke down; with 2 for wrong usage; with 3 if all that ran passed, but
not every kernel could be had."""
import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import threading
import time

import debian_kernels
import guest
import initramfs
import matrix
import recordings
import systemd_guest

# Inside a guest nothing is missing, nothing else runs, and nothing is hidden from BPF: no test may be
# skipped for a missing right, no event may be lost unseen. The tests of endurance are scaled to a
# machine that is emulated.
ENVIRONMENT = {
    "TCPTWIN_REQUIRE_KERNEL_TESTS": "1",
    "TCPTWIN_REQUIRE_T2": "1",
    "TCPTWIN_NOTHING_IS_HIDDEN": "1",
    "TCPTWIN_MAY_SET_HOST_SYSCTLS": "1",
    "TCPTWIN_CHURN_CONNECTIONS": "2000",
    "TCPTWIN_SOAK_CONNECTIONS": "10000",
    "TCPTWIN_ADOPTED_CONNECTIONS": "2000",
}
# On this one the package is tried as well, under its own systemd.
PACKAGE_KERNEL = "6.1"
DEADLINE = 2400  # seconds for one guest; on two idle processors it needs some 500

speaking = threading.Lock()


def say(text):
    with speaking:
        print(text, file=sys.stderr, flush=True)


def plan(only, part, has_other):
    """What a guest runs. `part`: variables for the tests, before the command."""
    chosen = f" --gtest_filter='{only}'" if only else ""
    other = " /recordings/host" if has_other else ""
    return [guest.Group("doctor", "tcptwin doctor --json"),
            guest.Group(recordings.GROUP, f"sh /bin/recording.sh /tmp{other}"),
            guest.Group("tests", f"{part}tcptwin_kernel_tests{chosen}")]


def commit_number():
    """Another one with every commit; 0 outside a repository."""
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=pathlib.Path(__file__).parent,
                           capture_output=True, text=True, check=False)
    return int(asked.stdout[:8], 16) if asked.returncode == 0 else 0


def part_of(kernel, parts):
    """GoogleTest's own words for one part of the tests: the kernels take different ones, and with
    the next commit probably others."""
    if parts == 1:
        return ""
    place = list(debian_kernels.SUITES).index(kernel.name)
    part = (place + commit_number()) % parts
    say(f"{kernel.name}: part {part + 1} of {parts} of the tests")
    return f"GTEST_TOTAL_SHARDS={parts} GTEST_SHARD_INDEX={part} "


def run(kernel, options):
    """Boots one kernel; the account of it."""
    scratch = options.build / "guests" / kernel.name
    scratch.mkdir(parents=True, exist_ok=True)
    programs = [options.build / "userspace/tcptwin",
                options.build / "tests/kernel/tcptwin_kernel_tests"]
    archive = scratch / "initramfs.cpio"
    environment = dict(ENVIRONMENT, TCPTWIN_TIER=options.tier)
    files = {"bin/recording.sh": recordings.SCRIPT}
    if options.recording:
        files |= {f"recordings/host.{kind}": options.recording.with_suffix(f".{kind}")
                  for kind in ("twin", "sha256")}
    groups = plan(options.filter, part_of(kernel, options.parts), options.recording)
    initramfs.make(kernel, programs, files, environment, groups, scratch / "tree", archive)

    def on_test(test):
        if test.outcome != "passed":
            say(f"{kernel.name}: {test.outcome} {test.name} ({test.milliseconds} ms)")
            if test.outcome == "failed" or options.verbose:
                say("".join(f"    {line}\n" for line in test.text))
        elif options.verbose:
            say(f"{kernel.name}: {test.outcome} {test.name} ({test.milliseconds} ms)")

    say(f"{kernel.name}: booting {kernel.release}")
    account = guest.boot(kernel.image, archive, scratch / "guest", DEADLINE, on_test)
    try:
        recordings.check_from_guest(account.texts.get(recordings.GROUP, []), options.build, scratch)
    except recordings.Wrong as why:
        account.remarks.append(str(why))
    for remark in account.remarks:
        say(f"{kernel.name}: {remark}")
    for group, code in account.exits.items():
        if code != 0:
            say(f"{kernel.name}: group {group} " +
                ("did not end" if code is None else f"ended with {code}"))
    passed, failed, skipped = (len(account.having(outcome))
                               for outcome in ("passed", "failed", "skipped"))
    say(f"{kernel.name}: {kernel.release}: {passed} passed, {failed} failed, {skipped} skipped, "
        f"{account.seconds:.0f} s")
    return account


def run_all(options):
    """Fetches and boots side by side: a guest keeps one processor busy."""
    outcome = {}
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        waiting = {}
        for name in options.versions:
            try:
                kernel = debian_kernels.obtain(name, options.cache, options.update)
            except debian_kernels.Unavailable as why:
                say(f"{name}: not to be had: {why}")
                outcome[name] = None
                continue
            waiting[pool.submit(run, kernel, options)] = kernel
        for done in concurrent.futures.as_completed(waiting):
            kernel = waiting[done]
            try:
                outcome[kernel.name] = matrix.row(kernel, done.result())
            except (OSError, subprocess.CalledProcessError) as why:
                say(f"{kernel.name}: could not be run: {why}")
                outcome[kernel.name] = matrix.row(kernel, guest.Account(remarks=[str(why)]))
    return outcome


def arguments():
    known = list(debian_kernels.SUITES)
    parser = argparse.ArgumentParser(prog="./dev kernels", add_help=True)
    parser.add_argument("build", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("versions", nargs="*", metavar="VERSION", help=" ".join(known))
    parser.add_argument("--filter", metavar="TESTS", help="only these tests, as --gtest_filter")
    parser.add_argument("--parts", type=int, default=1, metavar="N",
                        help="each kernel runs one part in N of the tests, another with each commit")
    parser.add_argument("--tier", choices=["best", "t0"], default="best",
                        help="t0: the scenarios do without hooks on functions")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="guests side by side")
    parser.add_argument("--update", action="store_true", help="look for newer kernels")
    parser.add_argument("--verbose", action="store_true", help="show tests that pass, too")
    parser.add_argument("--write", action="store_true",
                        help="write the results into docs/kernel-matrix.json and the page")
    options = parser.parse_args()
    if options.parts < 1:
        parser.error(f"--parts wants at least 1, not {options.parts}")
    options.versions = options.versions or known
    options.build = options.build.resolve()
    cache = os.environ.get("TCPTWIN_KERNEL_CACHE")
    options.cache = pathlib.Path(cache or options.build.parent / "kernels").resolve()
    for version in options.versions:
        if version not in known:
            parser.error(f"there is no kernel '{version}' here, but: {' '.join(known)}")
    return options


def main():
    options = arguments()
    began = time.monotonic()
    options.recording, why_not = recordings.make_here(options.build, options.build / "guests")
    if why_not:
        say(f"kernels: {why_not}; so no guest replays one of this machine's")
    rows = run_all(options)
    package_is_right = True
    if rows.get(PACKAGE_KERNEL) and not options.filter:
        kernel = debian_kernels.obtain(PACKAGE_KERNEL, options.cache)
        package_is_right = systemd_guest.run(options.build, kernel) is not False
    print(matrix.summary({name: rows[name] for name in options.versions}))
    say(f"kernels: {time.monotonic() - began:.0f} s in all")
    if options.write:
        if options.filter or options.parts > 1:
            sys.exit("kernels: not written: --filter or --parts left tests out")
        matrix.write({name: row for name, row in rows.items() if row})
    if not package_is_right or any(row and not row["right"] for row in rows.values()):
        return 1
    return 0 if all(rows.values()) else 3


if __name__ == "__main__":
    sys.exit(main())
