#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""systemd_guest.py BUILD CACHE [VERSION]: the .deb of BUILD (without sanitizers) on a clean Debian that
boots on Debian's kernel VERSION (default 6.1) in the emulator, under its own systemd: after the start
the service is there, inside its sandbox, sees a connection, and stops. `./dev kernels` calls it."""
import os
import pathlib
import shutil
import subprocess
import sys
import time

import debian_kernels
import guest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "packaging"))
import debian_tree  # noqa: E402

DEADLINE = 400  # seconds; on an idle processor it needs some 60
SUCCESS = "all as it should be"
# The whole system is in the initramfs: once as it was loaded, once unpacked.
MEMORY = "3072"
COMMAND_LINE = guest.COMMAND_LINE + " rdinit=/lib/systemd/systemd systemd.unit=inspector.service"
# Nothing in there runs it, and it would be a third of what is loaded.
LEFT_OUT = ["./usr/share/locale", "./usr/share/man", "./usr/share/doc", "./usr/share/zoneinfo",
            "./usr/share/perl*", "./usr/lib/*/perl*", "./usr/lib/*/gconv", "./var/cache/apt",
            "./var/lib/apt/lists", "./usr/share/i18n", "./usr/lib/python3*/test"]


def missing():
    if os.geteuid() != 0:
        return "the system's files belong to root: run it as root"
    tools = [tool for tool in ("mmdebstrap", "cpack", "qemu-system-x86_64", "cpio")
             if shutil.which(tool) is None]
    return f"not installed: {', '.join(tools)}" if tools else ""


def make_package(build, folder):
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["cpack", "--config", build / "CPackConfig.cmake", "-G", "DEB", "-B", folder],
                   check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob("*.deb"))


def install(root, deb):
    """As an installer does before the first start: enabled, not running."""
    inside = root / "opt/tcptwin-test/tcptwin.deb"
    shutil.copy(deb, inside)
    subprocess.run(["chroot", root, "dpkg", "-i", "/opt/tcptwin-test/tcptwin.deb"], check=True,
                   stdout=subprocess.DEVNULL)
    inside.unlink()


def pack(root, archive):
    left_out = [word for path in LEFT_OUT for word in ("-path", path, "-prune", "-o")]
    names = subprocess.run(["find", ".", "-xdev", *left_out, "-print0"], cwd=root,
                           capture_output=True, check=True).stdout
    with open(archive, "wb") as file:
        subprocess.run(["cpio", "--quiet", "--null", "-o", "-H", "newc"], cwd=root, input=names,
                       stdout=file, check=True)


def make_system(build, deb, archive):
    with debian_tree.overlay(debian_tree.obtain(build.parent / "debian-tree", deb)) as root:
        debian_tree.furnish(root, "boot", "file:/dev/ttyS1", wanted="tcptwin.service")
        install(root, deb)
        pack(root, archive)


def boot(image, archive, log):
    """What the inspector told, until the system has powered off."""
    command = [*guest.EMULATOR, *guest.MACHINE, "-m", MEMORY, *guest.BARE, "-kernel", image,
               "-initrd", archive, "-append", COMMAND_LINE,
               "-serial", f"file:{log}.console", "-serial", "stdio"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=DEADLINE, check=False)
    except subprocess.TimeoutExpired as late:
        return f"{(late.stdout or b'').decode(errors='replace')}\nnot done after {DEADLINE} s"
    return done.stdout.replace("\r\n", "\n")


def run(build, kernel):
    """True if all was as it should be; None if it cannot be tried here, which is said."""
    name = f"{kernel.name} with systemd"
    why = missing()
    if why:
        print(f"{name}: skipped: {why}", file=sys.stderr)
        return None
    scratch = build / "guests" / f"systemd-{kernel.name}"
    scratch.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    try:
        make_system(build, make_package(build, scratch / "packages"), scratch / "initramfs.cpio")
    except subprocess.CalledProcessError as why:
        print(f"{name}: FAILED: {why}", file=sys.stderr)
        return False
    text = boot(kernel.image, scratch / "initramfs.cpio", scratch / "guest")
    is_right = text.rstrip().endswith(SUCCESS)
    if not is_right:
        print(text, file=sys.stderr)
    print(f"{name}: {kernel.release}: {'passed' if is_right else 'FAILED'}, "
          f"{time.monotonic() - began:.0f} s; its console: {scratch}/guest.console", file=sys.stderr)
    return is_right


if __name__ == "__main__":
    BUILD, CACHE = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    OUTCOME = run(BUILD, debian_kernels.obtain((sys.argv[3:] or ["6.1"])[0], CACHE))
    sys.exit({True: 0, False: 1, None: 77}[OUTCOME])
