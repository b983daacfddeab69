#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""container_test.py SUPPORT TCPTWIN UNIT [ROOTFS]: the manifest for Kubernetes against the unit for systemd and
the program; then the service in a container that a real runtime (crun) makes with exactly the manifest's
rights, read-only root, mounts, environment and the seccomp profile. ROOTFS is the image's, as `./dev container`
leaves it; without one it is this machine's root with TCPTWIN in it. Exits with 77 where the running kernel
does not allow it."""
import contextlib
import http.client
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

import yaml

sys.path.insert(0, sys.argv[1])
import debian_tree  # noqa: E402
from live_program import Namespace, cannot_trace, check, play, skip, wait_until  # noqa: E402
from service import parsed, total  # noqa: E402

TCPTWIN, UNIT = sys.argv[2], pathlib.Path(sys.argv[3])
ROOTFS = pathlib.Path(sys.argv[4]) if len(sys.argv) > 4 else None
PACKAGING = pathlib.Path(__file__).resolve().parents[2] / "packaging"
MANIFEST = {document["kind"]: document for document in
            yaml.safe_load_all((PACKAGING / "kubernetes/tcptwin.yaml").read_text())}
POD = MANIFEST["DaemonSet"]["spec"]["template"]["spec"]
CONTAINER, = POD["containers"]
RIGHTS = CONTAINER["securityContext"]
CONFIGURATION = MANIFEST["ConfigMap"]["data"]["tcptwin.yaml"]
PORT = 9293


def unit_setting(name):
    return re.search(rf"^{name}=(.*)$", UNIT.read_text(), re.M)[1]


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)


# --- the files -----------------------------------------------------------------------------------------

def the_rights_are_those_of_the_unit():
    added = {f"CAP_{name}" for name in RIGHTS["capabilities"]["add"]}
    check(added == set(unit_setting("CapabilityBoundingSet").split()), added)
    check(RIGHTS["capabilities"]["drop"] == ["ALL"], "all others are dropped")
    for name, value in (("privileged", False), ("allowPrivilegeEscalation", False),
                        ("readOnlyRootFilesystem", True)):
        check(RIGHTS[name] is value, name)
    check(RIGHTS["seccompProfile"]["type"] in ("RuntimeDefault", "Localhost"), "a seccomp profile")
    check(not POD["hostPID"] and not POD["hostIPC"], "no namespaces of the host but the network's")
    check(not POD["automountServiceAccountToken"], "no way into the cluster")
    check(all(mount["readOnly"] for mount in CONTAINER["volumeMounts"]), "nothing to write to")
    limit = CONTAINER["resources"]["limits"]["memory"].removesuffix("i")
    check(limit == unit_setting("MemoryMax"), f"memory: {limit}")


def the_program_knows_what_they_say():
    settings = run(TCPTWIN, "serve", "--print-config").stdout
    check("listen: " in settings and f":{PORT}" in settings, settings)
    for variable in CONTAINER["env"]:
        if variable["name"].startswith("TCPTWIN_"):
            key = variable["name"].removeprefix("TCPTWIN_").lower().replace("_", "-")
            check(f"{key}:" in settings, f"no setting {key}")
    check(CONTAINER["args"] == ["serve"], "what it is to do")
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(CONFIGURATION)
        file.flush()
        checked = run(TCPTWIN, "serve", "--check-config", "--config", file.name)
    check(checked.returncode == 0, checked.stderr)


def the_ports_agree():
    recipe = (PACKAGING / "container/Containerfile").read_text()
    check(f"EXPOSE {PORT}\n" in recipe, "Containerfile")
    port, = CONTAINER["ports"]
    check(port["containerPort"] == PORT, port)
    annotations = MANIFEST["DaemonSet"]["spec"]["template"]["metadata"]["annotations"]
    check(annotations["prometheus.io/port"] == str(PORT), annotations)
    monitor = yaml.safe_load((PACKAGING / "kubernetes/podmonitor.yaml").read_text())["spec"]
    check(monitor["podMetricsEndpoints"][0]["port"] == port["name"], monitor)
    labels = MANIFEST["DaemonSet"]["spec"]["template"]["metadata"]["labels"]
    for selector in (monitor["selector"], MANIFEST["DaemonSet"]["spec"]["selector"]):
        check(selector["matchLabels"] == labels, selector)


# --- the container ---------------------------------------------------------------------------------------

def seccomp(refused):
    """Our profile as the runtime takes it, without what is to be refused."""
    profile = json.loads((PACKAGING / "container/seccomp.json").read_text())
    allowed = set(profile["syscalls"][0]["names"])
    check("bpf" in allowed, "it lets bpf() through")
    check(not allowed & {"mount", "ptrace", "unshare", "setns", "init_module", "perf_event_open"}, "not these")
    return {"defaultAction": profile["defaultAction"], "defaultErrnoRet": profile["defaultErrnoRet"],
            "architectures": [entry["architecture"] for entry in profile["archMap"]],
            "syscalls": [{"names": sorted(allowed - refused), "action": "SCMP_ACT_ALLOW"}]}


def mounts(folder):
    """As a runtime makes them, and then the manifest's."""
    hidden = ["nosuid", "noexec", "nodev"]
    made = [{"destination": "/proc", "type": "proc", "source": "proc", "options": hidden},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro", *hidden]}]
    (folder / "configuration").mkdir()
    (folder / "configuration/tcptwin.yaml").write_text(CONFIGURATION)
    sources = {volume["name"]: volume.get("hostPath", {}).get("path") for volume in POD["volumes"]}
    for mount in CONTAINER["volumeMounts"]:
        source = sources[mount["name"]] or str(folder / mount["name"])
        made.append({"destination": mount["mountPath"], "type": "none", "source": source,
                     "options": ["rbind", "ro"]})
    return made


def bundle(folder, root, capabilities, refused):
    """What the kubelet would have a runtime do; in the network namespace that it is started in."""
    values = {"status.hostIP": "127.0.0.1"}
    environment = {}
    for variable in CONTAINER["env"]:
        if "valueFrom" in variable:
            value = values[variable["valueFrom"]["fieldRef"]["fieldPath"]]
        else:
            value = re.sub(r"\$\((\w+)\)", lambda name: environment[name[1]], variable["value"])
        environment[variable["name"]] = value
    # A sanitizer looks for leaks with ptrace(), which the profile forbids.
    environment["ASAN_OPTIONS"] = "detect_leaks=0"
    names = [f"CAP_{name}" for name in capabilities]
    config = {
        "ociVersion": "1.0.2",
        "process": {
            "args": ["/usr/bin/tcptwin", *CONTAINER["args"]], "cwd": "/",
            "user": {"uid": RIGHTS["runAsUser"], "gid": RIGHTS["runAsGroup"]},
            "env": [f"{name}={value}" for name, value in environment.items()],
            "capabilities": {kind: names for kind in ("bounding", "effective", "permitted")},
            "noNewPrivileges": not RIGHTS["allowPrivilegeEscalation"]},
        "root": {"path": str(root), "readonly": RIGHTS["readOnlyRootFilesystem"]},
        "mounts": mounts(folder),
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount", "cgroup")],
                  "seccomp": seccomp(refused)}}
    (folder / "config.json").write_text(json.dumps(config))


@contextlib.contextmanager
def root_to_run_in():
    """The image's, or an overlay on this machine's with the program in it; nothing is left of either."""
    with debian_tree.overlay(ROOTFS or pathlib.Path("/")) as root:
        if not ROOTFS:
            (root / "usr/bin").mkdir(parents=True, exist_ok=True)
            shutil.copy(TCPTWIN, root / "usr/bin/tcptwin")
        (root / "etc/tcptwin").mkdir(parents=True, exist_ok=True)
        yield root


# crun refuses a host whose cgroup2 is beside older hierarchies; it is shown cgroup2 alone.
SHOW_CGROUP2_ALONE = ["unshare", "-m", "sh", "-c",
                      "! test -d /sys/fs/cgroup/unified || "
                      "mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup; exec \"$@\"", "sh"]


class RunningContainer:
    """A container with these capabilities, in the network namespace of the test."""

    def __init__(self, namespace, folder, root, capabilities, refused=frozenset()):
        self._namespace = namespace
        self.name = f"{namespace.name}-{len(capabilities)}"
        self._folder = folder / self.name
        self._folder.mkdir()
        bundle(self._folder, root, capabilities, refused)
        self._crun = ["crun", "--root", str(folder / "crun"), "--cgroup-manager=disabled"]

    def __enter__(self):
        self._log = open(self._folder / "log", "w+", encoding="utf-8")  # pylint: disable=consider-using-with
        self.process = self._namespace.start(
            [*SHOW_CGROUP2_ALONE, *self._crun, "run", "--bundle", str(self._folder), "--no-pivot", self.name],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        return self

    def __exit__(self, *unused):
        run(*self._crun, "delete", "--force", self.name)
        self._log.close()

    def said(self):
        return (self._folder / "log").read_text()

    def get(self, path):
        """Status and body; None if it does not answer."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", PORT)
            connection.sock = self._namespace.make(
                lambda: socket.create_connection(("127.0.0.1", PORT), timeout=20))
            with contextlib.closing(connection):
                connection.request("GET", path)
                answer = connection.getresponse()
                return answer.status, answer.read().decode()
        return None

    def metrics(self):
        return parsed(self.get("/metrics")[1])

    def pid(self):
        return json.loads(run(*self._crun, "state", self.name).stdout)["pid"]

    def end(self):
        """As the kubelet ends it; its exit code."""
        run(*self._crun, "kill", self.name, "SIGTERM")
        return self.process.wait(POD["terminationGracePeriodSeconds"])


def connections():
    with socket.create_server(("127.0.0.1", 0)) as server:
        for _ in range(5):
            with socket.create_connection(server.getsockname()), server.accept()[0]:
                pass


def the_manifests_rights_suffice(namespace, folder, root):
    with RunningContainer(namespace, folder, root, RIGHTS["capabilities"]["add"]) as container:
        def is_ready():
            check(container.process.poll() is None, f"it ended: {container.said()}")
            return container.get(CONTAINER["readinessProbe"]["httpGet"]["path"])
        status, _ = wait_until(is_ready, "the probe is answered")
        check(status == 200, f"it is ready: {status}")
        for probe in ("startupProbe", "livenessProbe"):
            check(container.get(CONTAINER[probe]["httpGet"]["path"])[0] == 200, probe)
        namespace.make(connections)
        wait_until(lambda: total(container.metrics(), "tcptwin_connections_closed_total") >= 10,
                   "it sees connections")
        metrics = container.metrics()
        check(metrics['tcptwin_sockets{state="listen"}'] >= 1, "a census of the host's network")
        check(total(metrics, "tcptwin_unit_connections_opened_total", unit="unknown") == 0,
              "it knows the host's cgroups by name")
        with open(f"/proc/{container.pid()}/status", encoding="utf-8") as file:
            state = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        for name, value in (("CapEff", 0), ("CapPrm", 0), ("NoNewPrivs", 1), ("Seccomp", 2)):
            check(int(state[name], 16) == value, f"{name} is {state[name]}")
        check(container.end() == 0, container.said())
        check("gave up capabilities" in container.said(), container.said())


def less_does_not_and_it_says_why(namespace, folder, root):
    for left_out in RIGHTS["capabilities"]["add"]:
        capabilities = [name for name in RIGHTS["capabilities"]["add"] if name != left_out]
        with RunningContainer(namespace, folder / left_out, root, capabilities) as container:
            check(container.process.wait(60) == 77, container.said())
            check(f"missing CAP_{left_out}" in container.said(), container.said())
    with RunningContainer(namespace, folder / "seccomp", root, RIGHTS["capabilities"]["add"],
                          {"bpf"}) as container:
        check(container.process.wait(60) == 77, container.said())
        check("its seccomp profile must let bpf() through" in container.said(), container.said())


def live():
    with Namespace("tcptwin-container") as namespace, \
            tempfile.TemporaryDirectory(prefix="tcptwin-container-") as name:
        folder = pathlib.Path(name)
        with root_to_run_in() as root:
            the_manifests_rights_suffice(namespace, folder, root)
            for name in (*RIGHTS["capabilities"]["add"], "seccomp"):
                (folder / name).mkdir()
            less_does_not_and_it_says_why(namespace, folder, root)


def main():
    for test in (the_rights_are_those_of_the_unit, the_program_knows_what_they_say, the_ports_agree):
        test()
        print(f"ok {test.__name__}", flush=True)
    why = cannot_trace(TCPTWIN) or ("" if shutil.which("crun") else "crun (package crun) is missing")
    if why:
        return skip(why)
    play(live, "the service in a container")
    return 0


if __name__ == "__main__":
    sys.exit(main())
