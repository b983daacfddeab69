#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""systemd_test.py SUPPORT TCPTWIN UNIT: the unit under a real systemd, in a container whose root is an
overlay on this machine's own. systemd starts it as it would anywhere, with the rights and the sandbox
of the unit; this very file, started inside by a unit of its own, looks at it (`--inside`)."""
import contextlib
import glob
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request

INSIDE = sys.argv[1] == "--inside"
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support") if INSIDE else sys.argv[1])
from live_program import cannot_trace, check, skip, wait_until  # noqa: E402
from service import parsed  # noqa: E402

# `systemd-analyze security`, in tenths: what it finds that the unit could do without.
EXPOSURE = 20
OUTCOME = "/outcome"
CONFIGURATION = pathlib.Path("/etc/tcptwin/tcptwin.yaml")
REFUSED = "9339dee71d9d4c8c9f9e6b48449be73f"

# A sanitizer looks for leaks with ptrace(), which the unit forbids; and no test waits half a minute for
# a watchdog.
DROP_IN = """[Service]
Environment=ASAN_OPTIONS=detect_leaks=0
MemoryMax=infinity
WatchdogSec=5
"""
INSPECTOR = """[Unit]
SuccessAction=poweroff
FailureAction=poweroff
[Service]
Type=oneshot
StandardOutput=append:{outcome}
StandardError=append:{outcome}
ExecStart=/usr/bin/python3 {test} --inside
"""


# --- outside ----------------------------------------------------------------------------------------

def missing():
    tools = {"systemd-nspawn": "systemd-container", "systemd-analyze": "systemd"}
    return [f"{tool} (package {package})" for tool, package in tools.items()
            if shutil.which(tool) is None]


def the_sandbox_is_strict(unit):
    told = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager",
                           f"--threshold={EXPOSURE}", unit], capture_output=True, text=True, check=False)
    check(told.returncode == 0, f"{unit} is too open:\n{told.stdout}{told.stderr}")


@contextlib.contextmanager
def overlay():
    """This machine's root, on which a container may write without leaving a trace."""
    with tempfile.TemporaryDirectory(prefix="tcptwin-systemd-") as folder:
        scratch, root = (pathlib.Path(folder) / name for name in ("scratch", "root"))
        scratch.mkdir()
        root.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", scratch], check=True)
        try:
            for name in ("upper", "work"):
                (scratch / name).mkdir()
            layers = f"lowerdir=/,upperdir={scratch}/upper,workdir={scratch}/work"
            subprocess.run(["mount", "-t", "overlay", "-o", layers, "overlay", root], check=True)
            try:
                yield root
            finally:
                subprocess.run(["umount", root], check=True)
        finally:
            subprocess.run(["umount", scratch], check=True)


def furnish(root, tcptwin, unit):
    units = root / "etc/systemd/system"
    (units / "tcptwin.service.d").mkdir(parents=True)
    command = next(line.split("=", 1)[1].split()[0] for line in unit.read_text().splitlines()
                   if line.startswith("ExecStart="))
    installed = root / command.lstrip("/")
    installed.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(tcptwin, installed)
    shutil.copy(unit, units / "tcptwin.service")
    (units / "tcptwin.service.d/test.conf").write_text(DROP_IN)
    here = root / "opt/tcptwin-test"
    for folder in (HERE, HERE.parent / "support"):
        shutil.copytree(folder, here / folder.name)
    (units / "inspector.service").write_text(
        INSPECTOR.format(outcome=OUTCOME, test=f"/opt/tcptwin-test/{HERE.name}/{pathlib.Path(__file__).name}"))
    (root / "etc/machine-id").write_text("")  # a machine of its own


def boot(root):
    """Until it has powered off; what it said at its console."""
    return subprocess.run(
        ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", "-D", root,
         "--capability=CAP_BPF,CAP_PERFMON,CAP_SYS_ADMIN", "--system-call-filter=bpf",
         "--private-network", "systemd.unit=inspector.service"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=150, check=False)


def main():
    tcptwin, unit = sys.argv[2], pathlib.Path(sys.argv[3])
    why = cannot_trace(tcptwin) or ", ".join(missing())
    if why:
        return skip(why)
    the_sandbox_is_strict(unit)
    with overlay() as root:
        furnish(root, tcptwin, unit)
        told = boot(root)
        outcome = root / OUTCOME.lstrip("/")
        text = outcome.read_text() if outcome.exists() else told.stdout + told.stderr
    print(text, end="")
    return 0 if text.endswith("all as it should be\n") else 1


# --- inside -----------------------------------------------------------------------------------------

def systemctl(*arguments):
    done = subprocess.run(["systemctl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        told = subprocess.run(["journalctl", "--no-pager", "-n", "40"], capture_output=True, text=True,
                              check=False)
        check(False, f"systemctl {' '.join(arguments)}: {done.stderr}\n{told.stdout}")
    return done.stdout.strip()


def shown(name):
    return systemctl("show", "tcptwin", "--value", "-p", name)


def metrics():
    with urllib.request.urlopen("http://127.0.0.1:9293/metrics", timeout=10) as answer:
        return parsed(answer.read().decode())


def it_becomes_ready():
    systemctl("start", "tcptwin")
    check(shown("ActiveState") == "active", shown("ActiveState"))
    check(metrics()['tcptwin_sockets{state="listen"}'] >= 1, "its own listener is not counted")


def it_has_no_rights_left():
    threads = glob.glob(f"/proc/{shown('MainPID')}/task/*/status")
    check(len(threads) > 1, "it has threads")
    for thread in threads:
        with open(thread, encoding="ascii") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        check(int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0, status["CapEff"])
        check(status["Uid"].split()[0] != "0", "it runs as root")


def it_sees_connections():
    def opened():
        return sum(value for name, value in metrics().items()
                   if name.startswith("tcptwin_transitions_total") and 'cause="active_open"' in name)
    before = opened()
    with socket.create_server(("127.0.0.1", 7777)) as listener:
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", 7777)):
                listener.accept()[0].close()
    wait_until(lambda: opened() >= before + 5, "five connections")


def a_wrong_configuration_is_refused_and_it_goes_on():
    CONFIGURATION.write_text("listne: :1\n")
    CONFIGURATION.chmod(0o644)
    systemctl("reload", "tcptwin")
    wait_until(lambda: metrics()["tcptwin_config_last_reload_successful"] == 0, "the refusal")
    wait_until(lambda: subprocess.run(["journalctl", "-q", "-o", "cat", f"MESSAGE_ID={REFUSED}"],
                                      capture_output=True, check=False).stdout, "its journal line")
    CONFIGURATION.unlink()
    systemctl("reload", "tcptwin")
    wait_until(lambda: metrics()["tcptwin_config_last_reload_successful"] == 1, "the next reload")


def it_is_started_anew_when_it_stalls():
    systemctl("kill", "--kill-whom=main", "--signal=STOP", "tcptwin")
    wait_until(lambda: int(shown("NRestarts")) >= 1 and shown("ActiveState") == "active",
               "the watchdog")
    check(metrics()["tcptwin_table_capacity"] > 0, "it serves again")


def it_ends_cleanly():
    systemctl("stop", "tcptwin")
    check(shown("Result") == "success", f"Result={shown('Result')}")
    check(shown("ActiveState") == "inactive", shown("ActiveState"))


def inspect():
    for step in (it_becomes_ready, it_has_no_rights_left, it_sees_connections,
                 a_wrong_configuration_is_refused_and_it_goes_on, it_is_started_anew_when_it_stalls,
                 it_ends_cleanly):
        step()
        print(f"ok {step.__name__}", flush=True)
    print("all as it should be", flush=True)
    return 0


sys.exit(inspect() if INSIDE else main())
