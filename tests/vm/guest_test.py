#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a guest tells becomes its account, and accounts become the page; no guest is booted here."""
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
import guest  # noqa: E402
import matrix  # noqa: E402
import recordings  # noqa: E402

TOLD = """@ kernel 6.1.0-99-amd64
@ begin doctor
doctor| {"capabilities":[{"item":"kfree_skb","available":false},{"item":"BTF","available":true}]}
@ end doctor 0
@ begin tests
tests| [ RUN      ] Handshake.opens
tests| [       OK ] Handshake.opens (12 ms)
tests| [ RUN      ] In/Kill.ends_it/established
tests| kill.cc:7: Failure
tests| [  FAILED  ] In/Kill.ends_it/established, where GetParam() = 4 (3 ms)
tests| [ RUN      ] Mptcp.closes
tests| mptcp.cc:3: Skipped
tests| missing: MPTCP
tests|
tests| [  SKIPPED ] Mptcp.closes (0 ms)
tests| [  FAILED  ] 1 test, listed below:
tests| [  FAILED  ] In/Kill.ends_it/established, where GetParam() = 4
"""
FINISHED = "@ end tests 1\n@ done\n"


def account_of(text):
    account = guest.Account()
    reader = guest.Reader(account, lambda test: None)
    for line in text.splitlines():
        reader.line(line)
    reader.end()
    return account


def check(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


def every_test_counts_once_with_what_it_printed():
    account = account_of(TOLD + FINISHED)
    outcomes = {test.name: test.outcome for test in account.tests}
    check(outcomes == {"Handshake.opens": "passed", "In/Kill.ends_it/established": "failed",
                       "Mptcp.closes": "skipped"}, outcomes)
    check(account.having("failed")[0].text == ["kill.cc:7: Failure"], "the failure's text")
    check(account.release == "6.1.0-99-amd64" and account.exits == {"doctor": 0, "tests": 1},
          account)
    check(not account.is_right(), "a failed test makes a guest wrong")


def a_recording_that_does_not_come_whole_is_refused():
    check(recordings.of_lines(["digest abc", "data dHdp", "data bg=="]) == (b"twin", "abc"), "whole")
    for lines in ([], ["digest abc"], ["data dHdp"], ["digest abc", "data dHdpb"]):
        try:
            recordings.of_lines(lines)
        except recordings.Wrong:
            continue
        check(False, f"taken for a recording: {lines}")


def only_a_guest_that_finished_without_failures_is_right():
    good = TOLD.replace("FAILED", "OK").replace("1 test, listed below", "")
    check(account_of(good + "@ end tests 0\n@ done\n").is_right(), "all passed or skipped")
    check(not account_of(good).is_right(), "cut short")
    check(not account_of(good + "@ end tests 139\n@ done\n").is_right(), "the program crashed")
    check(not account_of(good + "@ module tun refused\n@ end tests 0\n@ done\n").is_right(),
          "a remark of the guest")


def a_test_that_never_ends_has_failed():
    account = account_of(TOLD + "tests| [ RUN      ] Churn.goes_on\ntests| working\n")
    check([test.name for test in account.having("failed")][-1] == "Churn.goes_on", account.tests)


def a_guest_that_dies_says_why():
    with tempfile.TemporaryDirectory() as folder:
        console = pathlib.Path(folder) / "console"
        console.write_text("booting\nKernel panic - not syncing: out of luck\ntrace\n",
                           encoding="utf-8")
        check("out of luck" in guest.why_it_ended(account_of(TOLD), console, 100), "the panic")
        late = guest.Account(seconds=100.0)
        check("not done after 100 s" in guest.why_it_ended(late, console, 100), "the deadline")
        unborn = account_of("qemu: no such machine\n")
        check("no such machine" in guest.why_it_ended(unborn, console, 100), "the emulator")


def the_page_is_made_of_the_rows():
    class Kernel:
        name = "6.1"
        release = "6.1.0-99-amd64"
        facts = {"version": "6.1.99-1"}

    row = matrix.row(Kernel, account_of(TOLD + FINISHED))
    page = matrix.page_with([row], f"before\n{matrix.BEGIN}\nold\n{matrix.END}\nafter\n")
    check(page.startswith(f"before\n{matrix.BEGIN}\n") and page.endswith(f"{matrix.END}\nafter\n"),
          "the rest of the page stays")
    check("| 6.1.0-99-amd64 | 6.1.99-1 | 1 | 1 | 1 | `kfree_skb` |" in page, page)
    check("- `In/Kill.ends_it/established` on 6.1\n" in page, page)
    check("- `Mptcp.closes` on 6.1: missing: MPTCP\n" in page, page)
    check("old" not in page and matrix.page_with([row], page) == page, "made twice, the same")


for test in [every_test_counts_once_with_what_it_printed,
             only_a_guest_that_finished_without_failures_is_right,
             a_test_that_never_ends_has_failed, a_guest_that_dies_says_why,
             a_recording_that_does_not_come_whole_is_refused, the_page_is_made_of_the_rows]:
    test()
    print(f"ok {test.__name__}")
