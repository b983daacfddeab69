#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""inspect_service.py package|boot: looks at the service from inside a Debian system that runs under its
own systemd. package: apt installs /opt/tcptwin-test/tcptwin.deb, and in the end purges it. boot: it is
installed, and the system has just started. For systemd_test.py and tests/vm/systemd_guest.py."""
import glob
import grp
import os
import pathlib
import pwd
import socket
import subprocess
import sys
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from live_program import check, wait_until  # noqa: E402
from service import parsed  # noqa: E402

CONFIGURATION = pathlib.Path("/etc/tcptwin/tcptwin.yaml")
DEB = "/opt/tcptwin-test/tcptwin.deb"
REFUSED = "9339dee71d9d4c8c9f9e6b48449be73f"


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
    it_is_running()


def it_is_running():
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


def members_of_its_group_may_ask_it():
    def asked_by(user):
        return subprocess.run(["runuser", "-u", user, "--", "tcptwin", "snapshot"], capture_output=True,
                              text=True, check=False, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    subprocess.run(["usermod", "--append", "--groups", "tcptwin", "alice"], check=True)
    member = asked_by("alice")
    check(member.returncode == 0 and "LISTEN" in member.stdout, f"alice: {member.stderr}")
    check("watched since" in member.stderr, member.stderr)
    other = asked_by("bob")
    check(other.returncode == 77, f"bob: exit {other.returncode}: {other.stderr}")
    check("group tcptwin" in other.stderr and "usermod" in other.stderr, other.stderr)


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


def all_of(steps):
    for step in steps:
        step()
        print(f"ok {step.__name__}", flush=True)


def inspect_package():
    subprocess.run(["systemd-sysusers", "--inline", "u alice -", "u bob -"], check=True)
    before = everything()
    all_of([apt_installs_it_and_it_is_running, it_is_ready, its_files_are_right,
            it_has_no_rights_left, it_sees_connections, members_of_its_group_may_ask_it,
            a_wrong_configuration_is_refused_and_it_goes_on, it_is_started_anew_when_it_stalls,
            it_ends_cleanly])
    nothing_is_left_of_it(before)
    print("ok nothing_is_left_of_it", flush=True)


def inspect_boot():
    all_of([it_is_running, it_is_ready, it_has_no_rights_left, it_sees_connections, it_ends_cleanly])


try:
    {"package": inspect_package, "boot": inspect_boot}[sys.argv[1]]()
except Exception:
    print(journal(), flush=True)
    raise
print("all as it should be", flush=True)
