#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""systemd_test.py SUPPORT TCPTWIN UNIT PACKAGES TREE: the .deb on a clean Debian under a real systemd,
in a container on the running kernel. apt installs it and systemd starts the service as anywhere, with
the rights and the sandbox of its unit; inspect_service.py looks at it from inside. TREE is where the
clean Debian is kept."""
import glob
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, sys.argv[1])
import debian_tree  # noqa: E402
from live_program import cannot_trace, check, skip  # noqa: E402

# `systemd-analyze security`, in tenths: what it finds that the unit could do without.
EXPOSURE = 20
OUTCOME = "/outcome"

# A sanitizer looks for leaks with ptrace(), which the unit forbids; and no test waits half a minute for
# a watchdog.
DROP_IN = """[Service]
Environment=ASAN_OPTIONS=detect_leaks=0
MemoryMax=infinity
WatchdogSec=5
"""


def missing():
    tools = {"systemd-nspawn": "systemd-container", "systemd-analyze": "systemd",
             "mmdebstrap": "mmdebstrap"}
    return [f"{tool} (package {package})" for tool, package in tools.items()
            if shutil.which(tool) is None]


def the_sandbox_is_strict(unit):
    told = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager",
                           f"--threshold={EXPOSURE}", unit], capture_output=True, text=True, check=False)
    check(told.returncode == 0, f"{unit} is too open:\n{told.stdout}{told.stderr}")


def boot(root):
    """Until it has powered off; what it said at its console."""
    return subprocess.run(
        ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", "-D", root,
         "--capability=CAP_BPF,CAP_PERFMON,CAP_SYS_ADMIN", "--system-call-filter=bpf",
         "--private-network", "systemd.unit=inspector.service"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=150, check=False)


def main():
    tcptwin, unit, packages, tree = sys.argv[2:]
    why = cannot_trace(tcptwin) or ", ".join(missing())
    debs = glob.glob(f"{packages}/*.deb")
    if not why and len(debs) != 1:
        why = f"{packages} holds {len(debs)} packages, not one: packages.made makes it"
    if why:
        return skip(why)
    the_sandbox_is_strict(unit)
    with debian_tree.overlay(debian_tree.obtain(pathlib.Path(tree), debs[0])) as root:
        debian_tree.furnish(root, "package", f"append:{OUTCOME}")
        shutil.copy(debs[0], root / "opt/tcptwin-test/tcptwin.deb")
        drop_in = root / "etc/systemd/system/tcptwin.service.d/test.conf"
        drop_in.parent.mkdir()
        drop_in.write_text(DROP_IN)
        told = boot(root)
        outcome = root / OUTCOME.lstrip("/")
        text = outcome.read_text() if outcome.exists() else told.stdout + told.stderr
    print(text, end="")
    return 0 if text.endswith("all as it should be\n") else 1


sys.exit(main())
