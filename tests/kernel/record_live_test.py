#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""record_live_test.py TCPTWIN: what a run printed live, a replay of its recording prints again, byte
for byte; and a recording survives SIGKILL, a full disk and rotation. Exits with 77 where the running
kernel does not allow it."""
import atexit
import collections
import contextlib
import glob
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.dom.minidom

TCPTWIN = sys.argv[1]
NAMESPACE = f"tcptwin-record-{os.getpid()}"
PATIENCE = 120
NOTHING_IS_HIDDEN = os.environ.get("TCPTWIN_NOTHING_IS_HIDDEN") == "1"
# Orderly closes from both sides, resets, a refused connect, a listener closed with a connection in
# its queue, and a CLOSE_WAIT that stays.
TRAFFIC = r"""
import socket, struct, sys, time
rounds = int(sys.argv[1])
kept = []
for i in range(rounds):
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    server, _ = listener.accept()
    client.sendall(b"x" * 1000)
    server.recv(10 if i % 3 == 0 else 4096)
    if i % 5 == 0:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    (client if i % 2 else server).close()
    if i % 7 == 1:
        kept.append((client, server))
        continue
    client.close()
    server.close()
    if i % 4 == 0:
        queued = socket.create_connection(listener.getsockname())
        listener.close()
        queued.close()
    else:
        listener.close()
    if i % 6 == 0:
        try:
            socket.create_connection(("127.0.0.1", 9))
        except ConnectionRefusedError:
            pass
time.sleep(float(sys.argv[2]))
"""


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def run(*arguments, **options):
    return subprocess.run([TCPTWIN, *arguments], capture_output=True, timeout=PATIENCE, **options)


def traffic(rounds, then_wait=0.0):
    subprocess.run(["ip", "netns", "exec", NAMESPACE, "/usr/bin/python3", "-c", TRAFFIC,
                    str(rounds), str(then_wait)], check=True, timeout=PATIENCE)


class Live:
    """A run of tcptwin that has begun when the constructor is done."""

    def __init__(self, *arguments, stdout=None):
        self.errors = tempfile.TemporaryFile()
        self.output = stdout or tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [TCPTWIN, *arguments, "-N", NAMESPACE, "--buffer-size", "4M"],
            stdout=self.output, stderr=self.errors)
        atexit.register(self.process.kill)  # whatever fails before end()
        self.wait_for("Ctrl-C ends")  # attached

    def stderr(self):
        # Not by seek(): where it writes next is shared with the program.
        return os.pread(self.errors.fileno(), 1 << 20, 0).decode()

    def wait_for(self, text):
        deadline = time.monotonic() + PATIENCE
        while text not in self.stderr():
            check(self.process.poll() is None, f"ended early: {self.stderr()}")
            check(time.monotonic() < deadline, f"never said '{text}': {self.stderr()}")
            time.sleep(0.02)

    def end(self, with_signal=signal.SIGINT):
        self.process.send_signal(with_signal)
        code = self.process.wait(PATIENCE)
        self.output.seek(0)
        return code, self.output.read(), self.stderr()


def summary_of(stderr):
    """All that is said at the end, without the lines that only the live run or the replay has."""
    return [line for line in stderr.splitlines()
            if not re.match(r"tcptwin: (Linux|replays|recorded)|  without ", line)]


VARIANTS = [
    ["trace", "-x", "--stack"],
    ["trace", "--json", "-x"],
    ["trace", "--csv", "-t", "--verdict", "conformant,deviation"],
    ["life", "-w", "-x", "--open"],
    ["life", "--json", "--sort", "bytes"],
    ["stuck", "--json", "--close-wait", "500ms", "--fin-wait2", "500ms"],
]


def a_replay_prints_what_the_live_run_printed(folder):
    runs = [Live(*variant, "--record", f"{folder}/{number}.twin")
            for number, variant in enumerate(VARIANTS)]
    traffic(60, then_wait=2.0)
    for number, (variant, live) in enumerate(zip(VARIANTS, runs)):
        code, output, errors = live.end()
        check(code == 0, f"{variant}: exit {code}: {errors}")
        check(output.count(b"\n") > 5, f"{variant} printed next to nothing")
        replayed = run(variant[0], "--from", f"{folder}/{number}.twin", *variant[1:])
        check(replayed.returncode == 0, f"{variant}: replay: {replayed.stderr.decode()}")
        if replayed.stdout != output:
            pairs = zip(output.splitlines(), replayed.stdout.splitlines())
            first = next((pair for pair in pairs if pair[0] != pair[1]), "one is longer")
            raise AssertionError(f"{variant}: replay differs: {first}")
        said, again = summary_of(errors), summary_of(replayed.stderr.decode())
        check(said == again, f"{variant}: summary differs: {said} {again}")


def one_recording_serves_every_command_without_rights(folder):
    live = Live("record", f"{folder}/all.twin")
    traffic(30)
    code, _, errors = live.end()
    check(code == 0, errors)
    os.chmod(folder, 0o755)
    os.chmod(f"{folder}/all.twin", 0o644)
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--no-new-privs"]
    whole = run("replay", f"{folder}/all.twin")
    if subprocess.run([*nobody, TCPTWIN, "--version"], capture_output=True).returncode == 0:
        unprivileged = subprocess.run([*nobody, TCPTWIN, "replay", f"{folder}/all.twin"],
                                      capture_output=True, timeout=PATIENCE)
        check(unprivileged.returncode == 0, unprivileged.stderr.decode())
        check(unprivileged.stdout == whole.stdout, "the replay depends on rights")
    narrowed = run("replay", f"{folder}/all.twin", "--cause", "rst_received", "--no-header")
    lines = [line for line in whole.stdout.splitlines() if b" rst_received " in line]
    check(len(lines) > 3, "no resets in the recording")
    check(narrowed.stdout.splitlines() == lines, "the filter does not filter")
    with open(f"{folder}/all.twin", "rb") as file:
        piped = run("replay", "-", stdin=file)
    check(piped.stdout == whole.stdout, "from stdin it is another one")
    ended = run("life", "--from", f"{folder}/all.twin", "--json")
    kinds = [json.loads(line)["type"] for line in ended.stdout.splitlines()]
    check(kinds.count("close") > 30 and kinds[-1] == "summary", f"{kinds}")
    copied = run("record", "--from", f"{folder}/all.twin", "--no-compress", f"{folder}/copy.twin")
    check(copied.returncode == 0, copied.stderr.decode())
    check(run("replay", f"{folder}/copy.twin").stdout == whole.stdout, "a copy says something else")
    hidden = run("record", "--from", f"{folder}/all.twin", "--anonymise", "all",
                 f"{folder}/hidden.twin")
    check(hidden.returncode == 0, hidden.stderr.decode())
    told = run("replay", f"{folder}/hidden.twin", "--csv")
    plain = run("replay", f"{folder}/all.twin", "--csv")
    check(b"python3" in plain.stdout and b"python3" not in told.stdout, "the process is named")
    check(told.stdout.count(b"rst_received") == plain.stdout.count(b"rst_received"),
          "anonymised it says something else")
    counts = [[line for line in summary_of(replayed.stderr.decode()) if "  filter" not in line]
              for replayed in (told, plain)]
    check(counts[0] == counts[1], f"anonymised it counts something else: {counts}")
    pictured = run("diagram", "--from", f"{folder}/all.twin", "--format", "svg")
    check(pictured.returncode == 0, pictured.stderr.decode())
    xml.dom.minidom.parseString(pictured.stdout)
    listed = run("diagram", "--from", f"{folder}/all.twin", "--ascii").stdout.decode()
    resets = sum(int(count.replace(",", ""))
                 for count in re.findall(r"^ +([0-9,]+)  rst_received", listed, re.MULTILINE))
    check(resets == len(lines), f"{len(lines)} resets in the lines, in the diagram:\n{listed}")
    refused = run("trace", "--from", f"{folder}/all.twin", "--reconcile", "5s")
    check(refused.returncode == 2, "--reconcile cannot be had with --from")


def a_pipe_carries_a_recording(folder):
    with open(f"{folder}/piped.out", "wb") as out:
        there, here = os.pipe()
        replaying = subprocess.Popen([TCPTWIN, "replay", "-"], stdin=there, stdout=out,
                                     stderr=subprocess.PIPE)
        live = Live("record", "-", stdout=here)
        os.close(there)
        os.close(here)
        traffic(20)
        live.process.send_signal(signal.SIGINT)
        check(live.process.wait(PATIENCE) == 0, live.stderr())
        _, errors = replaying.communicate(timeout=PATIENCE)
    check(replaying.returncode == 0, errors.decode())
    with open(f"{folder}/piped.out", "rb") as out:
        check(out.read().count(b"\n") > 100, "next to nothing came through the pipe")


def seen_in(file):
    lines = run("replay", file, "--json").stdout.splitlines()
    return json.loads(lines[-1])["seen"] if lines else 0


def killed_it_loses_no_more_than_the_last_block(folder):
    live = Live("record", f"{folder}/killed.twin")
    traffic(300)
    # What is a second old is in the file, also while it is still being written.
    deadline = time.monotonic() + PATIENCE
    while seen_in(f"{folder}/killed.twin") < 300 * 8:
        check(time.monotonic() < deadline, "the file does not grow")
        time.sleep(0.1)
    code, _, _ = live.end(signal.SIGKILL)
    check(code == -signal.SIGKILL, f"exit {code}")
    replayed = run("replay", f"{folder}/killed.twin", "--json")
    errors = replayed.stderr.decode()
    check(replayed.returncode == 1, f"exit {replayed.returncode}")
    check("cannot be read beyond byte" in errors and "was not finished" in errors, errors)
    summary = json.loads(replayed.stdout.splitlines()[-1])
    check(summary["type"] == "summary" and summary["seen"] > 300 * 8, f"{summary}")
    check(sum(summary["divergences"].values()) == 0, f"{summary}")


@contextlib.contextmanager
def tiny_disk(folder, size):
    disk = f"{folder}/disk"
    os.mkdir(disk)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def a_full_disk_stops_the_recording_and_not_the_trace(folder):
    with tiny_disk(folder, "256k") as disk:
        with open(f"{disk}/filler", "wb") as filler:
            filler.write(bytes(240 * 1024))
        live = Live("trace", "--json", "--record", f"{disk}/full.twin")
        traffic(300)
        live.wait_for("cannot be written: No space left on device")
        traffic(10)
        code, output, errors = live.end()
        check(code == 1, f"exit {code}: {errors}")
        check("is incomplete: No space left on device" in errors, errors)
        summary = json.loads(output.splitlines()[-1])
        check(summary["seen"] > 310 * 8, f"the trace did not go on: {summary}")
        check(summary["lost"]["recording"] == 0, "seen here is not lost here")
        replayed = run("replay", f"{disk}/full.twin", "--json")
        check(replayed.returncode == 0, replayed.stderr.decode())
        again = json.loads(replayed.stdout.splitlines()[-1])
        check(again["seen"] < summary["seen"], "the disk was not full at all")
        check(again["lost"]["recording"] > 0, f"the loss is not told: {again}")
        check(sum(again["divergences"].values()) == 0, f"{again}")
        missing = run("replay", f"{disk}/full.twin", "--strict")
        check(missing.returncode == 4, f"--strict: exit {missing.returncode}")


def rotated_files_can_be_read_alone_and_as_one(folder):
    live = Live("record", "--rotate", "64K", "--keep", "3", "--no-compress", f"{folder}/part")
    deadline = time.monotonic() + PATIENCE
    while not os.path.exists(f"{folder}/part.000005"):
        check(time.monotonic() < deadline, "no file is ever full")
        traffic(60)
    code, _, errors = live.end()
    check(code == 0, errors)
    files = sorted(glob.glob(f"{folder}/part.*"))
    check(len(files) == 3, f"{files}")
    check(files[-1] >= f"{folder}/part.000005", f"{files}: nothing was deleted")
    emitted = int(re.search(r"records +(\d+) emitted", errors)[1])
    seen = 0
    counts = collections.Counter()
    for file in files:
        replayed = run("replay", file, "--json")
        check(replayed.returncode == 0, f"{file}: {replayed.stderr.decode()}")
        summary = json.loads(replayed.stdout.splitlines()[-1])
        seen += summary["seen"]
        check(sum(summary["divergences"].values()) == 0, f"{file}: {summary}")
        check(summary["lost"]["recording"] == 0, f"{file}: {summary}")
        check(summary["received"] < emitted, f"{file}: counts of others")
        counts.update({name: summary[name] for name in ("emitted", "received")})
    check(seen > 0, "nothing in any of them")

    joined = run("replay", *reversed(files), "--json")
    check(joined.returncode == 0, joined.stderr.decode())
    summary = json.loads(joined.stdout.splitlines()[-1])
    check(sum(summary["divergences"].values()) == 0, f"joined: {summary}")
    lost = dict(summary["lost"])
    if not NOTHING_IS_HIDDEN:
        del lost["unseen"]  # what the host's policy kept from the recorder (docs/loss.md)
    check(sum(lost.values()) == 0, f"joined: {summary}")
    # The first of them may begin while records are on their way, and each but the last may end so.
    check(summary["emitted"] <= summary["received"], f"joined: {summary}")
    for name, count in counts.items():
        check(summary[name] == count, f"{name}: joined {summary[name]}, one by one {count}")
    check(summary["seen"] >= seen, f"joined {summary['seen']}, one by one {seen}")
    once = run("record", "--from", files[0], "--from", files[1], "--from", files[2], f"{folder}/one")
    check(once.returncode == 0, once.stderr.decode())
    check(run("replay", f"{folder}/one", "--json").stdout == joined.stdout, "recorded anew it differs")

    gap = run("replay", files[0], files[2], "--json")
    check(gap.returncode == 0, gap.stderr.decode())
    check(b"is missing: what it holds counts as lost" in gap.stderr, gap.stderr.decode())
    missing = json.loads(gap.stdout.splitlines()[-1])
    check(missing["lost"]["recording"] > 100, f"the gap is not counted: {missing}")
    check(missing["received"] == summary["received"], f"{missing}")
    check(sum(missing["divergences"].values()) == 0, f"a gap accuses: {missing}")
    check(run("replay", files[0], files[2], "--strict").returncode == 4, "--strict")


def main():
    doctor = run("doctor")
    if doctor.returncode == 77 or os.geteuid() != 0:
        print("tcptwin cannot trace here (tcptwin doctor says why)")
        return 1 if os.environ.get("TCPTWIN_REQUIRE_KERNEL_TESTS") == "1" else 77
    wanted = sys.argv[2:]
    subprocess.run(["ip", "netns", "add", NAMESPACE], check=True)
    try:
        subprocess.run(["ip", "-n", NAMESPACE, "link", "set", "lo", "up"], check=True)
        for test in (a_replay_prints_what_the_live_run_printed,
                     one_recording_serves_every_command_without_rights, a_pipe_carries_a_recording,
                     killed_it_loses_no_more_than_the_last_block,
                     a_full_disk_stops_the_recording_and_not_the_trace,
                     rotated_files_can_be_read_alone_and_as_one):
            if wanted and test.__name__ not in wanted:
                continue
            with tempfile.TemporaryDirectory(prefix="tcptwin-record-") as folder:
                try:
                    test(folder)
                except AssertionError as failure:
                    print(f"{test.__name__}: {failure}")
                    return 1
            print(f"{test.__name__}: ok", flush=True)
    finally:
        subprocess.run(["ip", "netns", "del", NAMESPACE], check=True)
    return 0


sys.exit(main())
