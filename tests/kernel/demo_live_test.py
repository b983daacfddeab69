#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""demo_live_test.py SUPPORT TCPTWIN SCHEMA: `tcptwin demo` plays every scenario as the reference says,
draws the same ladders as its recordings do, leaves nothing behind whatever ends it, and shows the
recordings to users without rights. Exits with 77 where the running kernel does not allow it."""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import jsonschema

sys.path.insert(0, sys.argv[1])
from live_program import cannot_trace, check, play, skip, wait_until  # noqa: E402

TCPTWIN = sys.argv[2]
SCHEMA = sys.argv[3]
NOBODY = 65534
NOT_PERMITTED = 77


def run(command, patience=120):
    return subprocess.run(command, capture_output=True, text=True, timeout=patience, check=False,
                          env=dict(os.environ, LC_ALL="C.UTF-8"))


def demo(*words):
    return run([TCPTWIN, "demo", *words])


def names():
    return [line.split()[0] for line in demo("--list").stdout.splitlines()]


def shape(text):
    """What a ladder shows, without what differs from run to run: times, process ids, the widths that
    follow from them, and the window scale, which the host's memory decides."""
    text = re.sub(r"^ *\d+\.\d+ ", " ", text, flags=re.MULTILINE)
    text = re.sub(r"[\d.]+(ms|s) later", "later", text)
    text = re.sub(r"tcptwin/\d+", "tcptwin", text)
    text = re.sub(r"wscale \d+", "wscale", text)
    return [re.sub(r"([ ─╌])\1+", r"\1", line).strip() for line in text.splitlines()]


def live_json_is_as_expected():
    with open(SCHEMA, encoding="utf-8") as file:
        schema = jsonschema.Draft7Validator(json.load(file))
    told = demo("--live", "--json")
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    for line in lines:
        schema.validate(line)
        check(line["source"] == "live", line)
        check(line["outcome"] == "as_expected", line)
        check(line["verdicts"]["divergence"] == 0, line)
    check([line["name"] for line in lines] == names(), "every scenario once")
    check(told.returncode == 0, f"exit {told.returncode}: {told.stderr}")
    for line in demo("--list", "--json").stdout.splitlines():
        schema.validate(json.loads(line))


def live_ladder_is_that_of_the_recording(name):
    live = demo("--live", "--scenario", name)
    recorded = demo("--recorded", "--scenario", name)
    check(recorded.returncode == 0, f"{name}: exit {recorded.returncode}: {recorded.stderr}")
    ours, theirs = shape(live.stdout), shape(recorded.stdout)
    check(ours == theirs, f"{name}: {live.stderr}\n{live.stdout}\n{recorded.stdout}")


def crosses_alike(name):
    """Older kernels may challenge a SYN+ACK that meets SYN_RECV: the steps are the same, an ACK is not."""
    release = tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups()))
    if name != "simultaneous-open" or release >= (6, 12):
        return True
    print(f"ladder of {name}: not compared, it was recorded on a newer kernel", flush=True)
    return False


def private_namespace(process):
    """The inode of the namespace that it has open beside its own; None before there is one."""
    own = os.stat("/proc/self/ns/net").st_ino
    for link in glob.glob(f"/proc/{process.pid}/fd/*"):
        try:
            target = os.readlink(link)
        except OSError:
            continue
        found = re.fullmatch(r"net:\[(\d+)\]", target)
        if found and int(found[1]) != own:
            return int(found[1])
    return None


def is_held_by_someone(namespace):
    for link in glob.glob("/proc/[0-9]*/fd/*") + glob.glob("/proc/[0-9]*/ns/net"):
        try:
            if os.readlink(link) == f"net:[{namespace}]":
                return True
        except OSError:
            continue
    return False


def ended_by(number):
    before = sorted(os.listdir("/sys/class/net"))
    with subprocess.Popen([TCPTWIN, "demo", "--live"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as process:
        # In the midst: the second story has begun when the first has been told.
        check(process.stdout.readline().startswith("handshake"), "the first story")
        namespace = wait_until(lambda: private_namespace(process), "a private namespace")
        process.send_signal(number)
        began = time.monotonic()
        out, err = process.communicate(timeout=60)
        check(time.monotonic() - began < 30, "it ends soon")
    check(not is_held_by_someone(namespace), "the namespace is held")
    check(sorted(os.listdir("/sys/class/net")) == before, "a device is left")
    return process.returncode, out, err


def interrupt_leaves_nothing():
    for number in (signal.SIGINT, signal.SIGTERM):
        code, out, err = ended_by(number)
        # Between two scenarios nobody catches the signal: it ends the program at once.
        check(code in (1, -number), f"exit {code}: {err}")
        check("lost its state" not in out, "it went on to the end")


def kill_leaves_nothing():
    code, _, _ = ended_by(signal.SIGKILL)
    check(code == -signal.SIGKILL, f"exit {code}")


def without_root_the_recordings_are_shown():
    # Where the build lies, only its owner may be able to look; and this is how it is installed.
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        program = os.path.join(place, "bin/tcptwin")
        os.mkdir(os.path.dirname(program))
        shutil.copy(TCPTWIN, program)
        built = os.path.join(os.path.dirname(TCPTWIN), "../share")
        shutil.copytree(built, os.path.join(place, "share"))
        words = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", program]
        shown = run([*words, "demo", "--json"])
        lines = [json.loads(line) for line in shown.stdout.splitlines()]
        check([line["name"] for line in lines] == names(), shown)
        check(all(line["source"] == "recording" for line in lines), lines)
        check("recordings" in shown.stderr and shown.returncode == 0, shown.stderr)
        refused = run([*words, "demo", "--live"])
        check(refused.returncode == NOT_PERMITTED and refused.stdout == "", refused)


def main():
    why = cannot_trace(TCPTWIN)
    if why:
        return skip(why)
    for test in (live_json_is_as_expected, interrupt_leaves_nothing, kill_leaves_nothing,
                 without_root_the_recordings_are_shown):
        play(test, test.__name__)
    for name in filter(crosses_alike, names()):
        play(lambda name=name: live_ladder_is_that_of_the_recording(name), f"ladder of {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
