# SPDX-License-Identifier: MIT
"""Makes the root file system of a guest, for tests/vm/kernels.py: programs with their shared
libraries, the modules of one kernel, busybox, init.sh and the plan of what to run."""
import os
import pathlib
import re
import shlex
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
FOLDERS = ["bin", "dev", "etc", "modules", "proc", "run", "sys", "tmp", "root"]


def libraries_of(program):
    """The files that the loader will ask for, loader included."""
    listing = subprocess.run(["ldd", str(program)], text=True, capture_output=True, check=True)
    missing = re.findall(r"(\S+) => not found", listing.stdout)
    if missing:
        raise FileNotFoundError(f"{program} needs {', '.join(missing)}")
    return re.findall(r"(?:=> |^\s+)(/\S+) \(0x", listing.stdout, re.MULTILINE)


def put(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)  # follows links: the name that was asked for, as a file


def make(kernel, programs, files, environment, plan, tree, archive):
    """Writes `archive`; `tree` is where it is put together. `files`: what else goes in, by its path
    there."""
    shutil.rmtree(tree, ignore_errors=True)
    for folder in FOLDERS:
        (tree / folder).mkdir(parents=True)
    put("/bin/busybox", tree / "bin/busybox")
    put(HERE / "init.sh", tree / "init")
    os.chmod(tree / "init", 0o755)
    for program in programs:
        put(program, tree / "bin" / program.name)
        for library in libraries_of(program):
            put(library, tree / library.lstrip("/"))
    for target, source in files.items():
        put(source, tree / target)
    for module in kernel.modules():
        put(module, tree / "modules" / module.name)
    order = "".join(f"{module.stem}\n" for module in kernel.modules())
    (tree / "modules/order").write_text(order, encoding="utf-8")
    (tree / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n", encoding="utf-8")
    exports = "".join(f"export {key}={shlex.quote(str(value))}\n"
                      for key, value in environment.items())
    (tree / "environment").write_text(exports, encoding="utf-8")
    lines = "".join(f"{group.name} {group.command}\n" for group in plan)
    (tree / "plan").write_text(lines, encoding="utf-8")
    names = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*"))) + "\n"
    with open(archive, "wb") as file:
        subprocess.run(["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"], cwd=tree,
                       input=names.encode(), stdout=file, check=True)
