# SPDX-License-Identifier: MIT
"""Recordings change places between this machine and the guests of tests/vm/kernels.py: what either
recorded must say the same when the other replays it."""
import base64
import binascii
import hashlib
import os
import pathlib
import subprocess
import tempfile

SCRIPT = pathlib.Path(__file__).resolve().parent / "recording.sh"
GROUP = "recording"


class Wrong(Exception):
    """Why a recording is not what it should be."""


def of_lines(lines):
    """The recording's bytes and the digest of its replay where it was made."""
    digest = "".join(line.split()[1] for line in lines if line.startswith("digest "))
    text = "".join(line.removeprefix("data ") for line in lines if line.startswith("data "))
    if not digest or not text:
        raise Wrong("no recording came: " + " / ".join(lines[-4:]))
    try:
        return base64.b64decode(text, validate=True), digest
    except binascii.Error as why:
        raise Wrong(f"the recording came damaged: {why}") from why


def make_here(build, folder):
    """This machine's recording as files host.twin and host.sha256 in `folder`; their common path without
    ending, or None with the reason."""
    if os.geteuid() != 0:
        return None, "making a recording on this machine takes root"
    path = f"{build}/userspace:{build}/tests/kernel:{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as scratch:
        made = subprocess.run(["/bin/sh", SCRIPT, scratch], env=dict(os.environ, PATH=path),
                              capture_output=True, text=True, check=False)
    if made.returncode != 0:
        return None, "this machine's recording: " + made.stdout.strip() + made.stderr.strip()
    try:
        recording, digest = of_lines(made.stdout.splitlines())
    except Wrong as why:
        return None, str(why)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "host.twin").write_bytes(recording)
    (folder / "host.sha256").write_text(digest + "\n", encoding="utf-8")
    return folder / "host", ""


def check_from_guest(lines, build, scratch):
    """Replays here what a guest recorded; raises Wrong if that says something else than there."""
    recording, digest = of_lines(lines)
    file = scratch / "guest.twin"
    file.write_bytes(recording)
    replayed = subprocess.run([build / "userspace/tcptwin", "replay", file, "--json", "-x",
                               "--stack"], capture_output=True, check=False)
    if replayed.returncode != 0:
        raise Wrong(f"{file} cannot be replayed here: {replayed.stderr.decode()}")
    if hashlib.sha256(replayed.stdout).hexdigest() != digest:
        raise Wrong(f"the replay of {file} says something else here")
