# SPDX-License-Identifier: MIT
"""A clean Debian system in a folder: the base, systemd, and what a package depends on. For the tests
that install the .deb; made once by mmdebstrap from the mirror that this machine's own apt uses."""
import contextlib
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "vm"))
from debian_kernels import configured_mirror  # noqa: E402

# Beside the package: what the tests themselves run in there.
TOOLS = ["systemd", "systemd-sysv", "python3", "curl"]


def dependencies_of(deb):
    """Their names; of alternatives the first."""
    field = subprocess.run(["dpkg-deb", "-f", deb, "Depends"], capture_output=True, text=True,
                           check=True).stdout
    return [re.split(r"[ |(]", part.strip())[0] for part in field.split(",") if part.strip()]


def suite():
    with open("/etc/os-release", encoding="utf-8") as file:
        return re.search(r"^VERSION_CODENAME=(\w+)", file.read(), re.MULTILINE).group(1)


def obtain(folder, deb):
    """The tree in `folder`; one that lacks a package is made anew, with all that it had."""
    made = folder.with_suffix(".made")
    has = made.read_text(encoding="utf-8").split() if made.exists() else []
    needs = [suite(), *TOOLS, *dependencies_of(deb)]
    if has[:1] == needs[:1] and set(needs) <= set(has):
        return folder
    packages = sorted(set(has[1:] + needs[1:]))
    made.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", "--mode=root",
                    "--dpkgopt=force-unsafe-io", f"--include={','.join(packages)}",
                    suite(), folder, configured_mirror(security=False)], check=True)
    made.write_text(" ".join([suite(), *packages]) + "\n", encoding="utf-8")
    return folder


@contextlib.contextmanager
def overlay(tree):
    """A root on which a container may write without leaving a trace in `tree`."""
    with tempfile.TemporaryDirectory(prefix="tcptwin-root-") as folder:
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
                subprocess.run(["umount", "-R", root], check=True)
        finally:
            subprocess.run(["umount", scratch], check=True)


INSPECTOR = """[Unit]
SuccessAction=poweroff
FailureAction=poweroff
Wants={wanted}
After={wanted}
[Service]
Type=oneshot
StandardOutput={output}
StandardError={output}
ExecStart=/usr/bin/python3 /opt/tcptwin-test/packaging/inspect_service.py {what}
"""


def furnish(root, what, output, wanted=""):
    """A unit, inspector.service, that inspects the service and then powers the system off."""
    units = root / "etc/systemd/system"
    (units / "inspector.service").write_text(
        INSPECTOR.format(what=what, output=output, wanted=wanted), encoding="utf-8")
    for folder in (HERE, HERE.parent / "support"):
        shutil.copytree(folder, root / "opt/tcptwin-test" / folder.name)
    (root / "etc/machine-id").write_text("", encoding="utf-8")  # a machine of its own
