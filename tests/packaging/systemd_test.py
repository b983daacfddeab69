#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""systemd_test.py SUPPORT TCPTWIN UNIT PACKAGES TREE: the .deb on a clean Debian under a real systemd,
in a container on the running kernel. apt installs it and systemd starts the service as anywhere, with
the rights and the sandbox of its unit; this very file, started inside by a unit of its own, looks at it
(`--inside`). TREE is where the clean Debian is kept."""
import contextlib
import glob
import grp
import os
import pathlib
import pwd
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
if not INSIDE:
    import debian_tree

# `systemd-analyze security`, in tenths: what it finds that the unit could do without.
EXPOSURE = 20
OUTCOME = "/outcome"
CONFIGURATION = pathlib.Path("/etc/tcptwin/tcptwin.yaml")
DEB = "/opt/tcptwin-test/tcptwin.deb"
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
    tools = {"systemd-nspawn": "systemd-container", "systemd-analyze": "systemd",
             "mmdebstrap": "mmdebstrap"}
    return [f"{tool} (package {package})" for tool, package in tools.items()
            if shutil.which(tool) is None]


def the_sandbox_is_strict(unit):
    told = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager",
                           f"--threshold={EXPOSURE}", unit], capture_output=True, text=True, check=False)
    check(told.returncode == 0, f"{unit} is too open:\n{told.stdout}{told.stderr}")


@contextlib.contextmanager
def overlay(tree):
    """A root on which a container may write without leaving a trace in `tree`."""
    with tempfile.TemporaryDirectory(prefix="tcptwin-systemd-") as folder:
        scratch, root = (pathlib.Path(folder) / name for name in ("scratch", "root"))
        scratch.mkdir()
        root.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", scratch], check=True)
        try:
            for name in ("upper", "work"):
                (scratch / name).mkdir()
            layers = f"lowerdir={tree},upperdir={scratch}/upper,workdir={scratch}/work"
            subprocess.run(["mount", "-t", "overlay", "-o", layers, "overlay", root], check=True)
            try:
                yield root
            finally:
                subprocess.run(["umount", root], check=True)
        finally:
            subprocess.run(["umount", scratch], check=True)


def furnish(root, deb):
    units = root / "etc/systemd/system"
    (units / "tcptwin.service.d").mkdir(parents=True)
    (units / "tcptwin.service.d/test.conf").write_text(DROP_IN)
    here = root / "opt/tcptwin-test"
    for folder in (HERE, HERE.parent / "support"):
        shutil.copytree(folder, here / folder.name)
    shutil.copy(deb, root / DEB.lstrip("/"))
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
    tcptwin, unit, packages, tree = sys.argv[2:]
    why = cannot_trace(tcptwin) or ", ".join(missing())
    debs = glob.glob(f"{packages}/*.deb")
    if not why and len(debs) != 1:
        why = f"{packages} holds {len(debs)} packages, not one: packages.made makes it"
    if why:
        return skip(why)
    the_sandbox_is_strict(unit)
    with overlay(debian_tree.obtain(pathlib.Path(tree), debs[0])) as root:
        furnish(root, debs[0])
        told = boot(root)
        outcome = root / OUTCOME.lstrip("/")
        text = outcome.read_text() if outcome.exists() else told.stdout + told.stderr
    print(text, end="")
    return 0 if text.endswith("all as it should be\n") else 1


# --- inside -----------------------------------------------------------------------------------------

def journal():
    return subprocess.run(["journalctl", "--no-pager", "-n", "60"], capture_output=True, text=True,
                          check=False).stdout


def systemctl(*arguments):
    done = subprocess.run(["systemctl", *arguments], capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"systemctl {' '.join(arguments)}: {done.stderr}")
    return done.stdout.strip()


def shown(name):
    return systemctl("show", "tcptwin", "--value", "-p", name)


def metrics():
    with urllib.request.urlopen("http://127.0.0.1:9293/metrics", timeout=10) as answer:
        return parsed(answer.read().decode())


def apt_get(*arguments):
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C")
    done = subprocess.run(["apt-get", "-q", "-y", *arguments], env=environment, capture_output=True,
                          text=True, check=False)
    check(done.returncode == 0, f"apt-get {' '.join(arguments)}:\n{done.stdout}{done.stderr}")


def apt_installs_it_and_it_is_running():
    apt_get("install", DEB)
    systemctl("is-enabled", "tcptwin")
    check(shown("ActiveState") == "active", shown("ActiveState"))
    grp.getgrnam("tcptwin")


def it_is_ready():
    seen = subprocess.run(["curl", "-fsS", "localhost:9293/metrics"], capture_output=True, text=True,
                          check=True).stdout
    check(parsed(seen)['tcptwin_sockets{state="listen"}'] >= 1, "its own listener is not counted")
    ready = subprocess.run(["curl", "-fsS", "localhost:9293/readyz"], capture_output=True, check=False)
    check(ready.returncode == 0, ready.stderr)


def its_files_are_right():
    told = subprocess.run(["dpkg", "--verify", "tcptwin"], capture_output=True, text=True, check=True)
    check(told.stdout == "", told.stdout)
    subprocess.run(["tcptwin", "serve", "--check-config"], capture_output=True, check=True)
    for page in ("man1/tcptwin.1.gz", "man1/tcptwin-trace.1.gz", "man5/tcptwin.yaml.5.gz"):
        check(os.path.exists(f"/usr/share/man/{page}"), page)


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
    installed = CONFIGURATION.read_text()
    CONFIGURATION.write_text("listne: :1\n")
    systemctl("reload", "tcptwin")
    wait_until(lambda: metrics()["tcptwin_config_last_reload_successful"] == 0, "the refusal")
    wait_until(lambda: subprocess.run(["journalctl", "-q", "-o", "cat", f"MESSAGE_ID={REFUSED}"],
                                      capture_output=True, check=False).stdout, "its journal line")
    CONFIGURATION.write_text(installed)
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


# What the host itself goes on writing, and what dpkg and apt remember of any package.
NOT_LOOKED_AT = ("/proc", "/sys", "/dev", "/run", "/tmp", "/var/log", "/var/cache", "/var/lib/dpkg",
                 "/var/lib/apt", "/var/lib/systemd", "/outcome", "/etc/group-", "/etc/gshadow-")


def everything():
    found = subprocess.run(["find", "/", "-xdev"], capture_output=True, text=True, check=True).stdout
    return {path for path in found.splitlines() if not path.startswith(NOT_LOOKED_AT)}


def nothing_is_left_of_it(before):
    apt_get("purge", "tcptwin")
    left = everything() - before
    check(not left, f"left behind: {sorted(left)}")
    check("tcptwin" not in [group.gr_name for group in grp.getgrall()], "its group is left")
    check("tcptwin" not in [user.pw_name for user in pwd.getpwall()], "its user is left")
    told = subprocess.run(["systemctl", "cat", "tcptwin.service"], capture_output=True, check=False)
    check(b"ExecStart" not in told.stdout, told.stdout)


def inspect():
    before = everything()
    for step in (apt_installs_it_and_it_is_running, it_is_ready, its_files_are_right,
                 it_has_no_rights_left, it_sees_connections,
                 a_wrong_configuration_is_refused_and_it_goes_on, it_is_started_anew_when_it_stalls,
                 it_ends_cleanly):
        step()
        print(f"ok {step.__name__}", flush=True)
    nothing_is_left_of_it(before)
    print("ok nothing_is_left_of_it", flush=True)
    print("all as it should be", flush=True)


def main_inside():
    try:
        inspect()
    except Exception:
        print(journal(), flush=True)
        raise


if INSIDE:
    main_inside()
else:
    sys.exit(main())
