# SPDX-License-Identifier: MIT
"""Debian's kernels, from the mirror that this machine's own apt uses, for tests/vm/kernels.py. The
system's apt is only read: every suite has lists and caches of its own, and what is downloaded is
unpacked, never installed. What is kept of a kernel: its image, a few modules, and its name."""
import json
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

# What a user asks for, and the suites where Debian keeps it. Of all that they offer, apt takes the
# newest.
SUITES = {
    "5.10": ["bullseye", "bullseye-security"],
    "6.1": ["bookworm", "bookworm-security"],
    "6.12": ["trixie", "trixie-security"],
    "newest": ["sid"],
}
# A namespace's cable, the scripted peer's device, and the kernel's own list of sockets.
MODULES = ["veth", "tun", "inet_diag", "tcp_diag"]
META_PACKAGE = "linux-image-amd64"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
ROLLING = {"stable", "oldstable", "oldoldstable", "testing", "unstable", "sid"}


class Unavailable(Exception):
    """A kernel cannot be had; the text says which suite, and why."""


class Kernel:
    """One kernel in the cache."""

    def __init__(self, folder):
        self.folder = folder
        self.image = folder / "vmlinuz"
        with open(folder / "kernel.json", encoding="utf-8") as file:
            self.facts = json.load(file)

    @property
    def name(self):
        return self.facts["name"]

    @property
    def release(self):
        return self.facts["release"]

    def modules(self):
        """The module files, in the order in which they load."""
        return [self.folder / "modules" / f"{name}.ko" for name in self.facts["modules"]]


def obtain(name, cache, update=False):
    """The kernel from the cache, or else from the mirror."""
    folder = cache / name
    if (folder / "kernel.json").exists() and not update:
        return Kernel(folder)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=f"{name}.") as scratch:
        os.chmod(scratch, 0o755)
        fetched = fetch(name, pathlib.Path(scratch))
        shutil.rmtree(folder, ignore_errors=True)
        fetched.rename(folder)
    return Kernel(folder)


def fetch(name, scratch):
    """Downloads and unpacks one kernel below `scratch`; a folder as the cache keeps it."""
    apt = PrivateApt(SUITES[name], scratch)
    apt.update()
    version, packages = apt.resolve()
    for package in packages:
        apt.download(package)
    tree = scratch / "tree"
    tree.mkdir()
    for archive in sorted(scratch.glob("*.deb")):
        unpack(archive, tree)
        archive.unlink()
    return keep(name, version, tree, scratch / "kept")


class PrivateApt:
    """apt for some suites of the configured mirror, with all of its state below one folder."""

    def __init__(self, suites, folder):
        self.suites = suites
        self.folder = folder
        (folder / "lists" / "partial").mkdir(parents=True)
        (folder / "archives" / "partial").mkdir(parents=True)
        sources = "".join(self.line_for(suite) for suite in suites)
        (folder / "sources.list").write_text(sources, encoding="utf-8")
        (folder / "apt.conf").write_text(
            f'Dir::Etc::SourceList "{folder}/sources.list";\n'
            'Dir::Etc::SourceParts "/dev/null";\n'
            'Dir::Etc::Preferences "/dev/null";\n'
            'Dir::Etc::PreferencesParts "/dev/null";\n'
            f'Dir::State "{folder}";\n'
            'Dir::State::status "/dev/null";\n'
            f'Dir::Cache "{folder}";\n'
            'APT::Architecture "amd64";\n'
            'APT::Architectures { "amd64"; };\n'
            'APT::Sandbox::User "";\n'  # the folder belongs to whoever called
            'APT::Update::Error-Mode "any";\n'
            'Acquire::Languages "none";\n'
            'Acquire::Retries "3";\n', encoding="utf-8")

    @staticmethod
    def line_for(suite):
        mirror = configured_mirror(security=suite.endswith("-security"))
        signed = f" signed-by={KEYRING}" if os.path.exists(KEYRING) else ""
        return f"deb [arch=amd64{signed}] {mirror} {suite} main\n"

    def run(self, *command):
        environment = dict(os.environ, APT_CONFIG=str(self.folder / "apt.conf"), LC_ALL="C")
        done = subprocess.run(command, cwd=self.folder, env=environment, text=True,
                              capture_output=True, check=False)
        if done.returncode != 0:
            last = "\n  ".join(done.stderr.strip().splitlines()[-6:])
            raise Unavailable(f"{' and '.join(self.suites)}: '{' '.join(command)}' failed:\n  {last}")
        return done.stdout

    def update(self):
        self.run("apt-get", "update", "-q")

    def depends(self, package):
        listing = self.run("apt-cache", "depends", "--no-recommends", package)
        return re.findall(r"Depends: (linux-(?:image|binary|modules)-[^\s<>]+)", listing)

    def resolve(self):
        """The version of the image, and the packages that hold it (one, or several since 6.18)."""
        images = self.depends(META_PACKAGE)
        if len(images) != 1:
            raise Unavailable(f"{' and '.join(self.suites)}: {META_PACKAGE} depends on {images}, "
                              "not on one image")
        shown = self.run("apt-cache", "show", "--no-all-versions", images[0])
        version = re.search(r"^Version: (\S+)", shown, re.MULTILINE).group(1)
        return version, images + self.depends(images[0])

    def download(self, package):
        self.run("apt-get", "download", "-q", package)


def configured_mirror(security):
    """Where this machine gets Debian from; its own apt knows."""
    codename = ""
    with open("/etc/os-release", encoding="utf-8") as file:
        for line in file:
            if line.startswith("VERSION_CODENAME="):
                codename = line.split("=", 1)[1].strip().strip('"')
    wanted = {release + ("-security" if security else "") for release in ROLLING | {codename}}
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Identifier: Packages"],
        text=True, capture_output=True, check=False).stdout
    for line in listing.splitlines():
        release, _, mirror = line.partition(" ")
        if release in wanted:
            return mirror
    part = "security updates" if security else "packages"
    raise Unavailable(f"this machine's apt has no source of Debian {codename}'s {part}; "
                      "add one to /etc/apt/sources.list.d")


def unpack(archive, tree):
    """Of a package, what a guest needs: the image and the modules."""
    wanted = ["./boot/vmlinuz-*", "*/lib/modules/*/vmlinuz"]
    wanted += [f"*/{module}.ko*" for module in MODULES]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(archive)],
                          stdout=subprocess.PIPE) as contents:
        # A pattern that is in no package of several is not an error; what is missing in the end is.
        subprocess.run(["tar", "-x", "-C", str(tree), "--wildcards", *wanted],
                       stdin=contents.stdout, stderr=subprocess.DEVNULL, check=False)


def keep(name, version, tree, kept):
    images = list(tree.glob("boot/vmlinuz-*")) + list(tree.glob("**/lib/modules/*/vmlinuz"))
    if len(images) != 1:
        raise Unavailable(f"{name}: its packages hold {len(images)} kernel images, not one")
    image = images[0]
    release = image.name[8:] if image.name.startswith("vmlinuz-") else image.parent.name
    (kept / "modules").mkdir(parents=True)
    order = []
    for module in MODULES:
        keep_module(module, tree, kept / "modules", order)
    shutil.copy(image, kept / "vmlinuz")
    facts = {"name": name, "release": release, "version": version, "modules": order}
    (kept / "kernel.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return kept


def keep_module(module, tree, folder, order):
    """Unpacks a module after those that it needs; one that is built in is not there."""
    if module in order:
        return
    for found in tree.glob(f"**/{module}.ko*"):
        code = decompressed(found)
        depends = re.search(rb"\0depends=([^\0]*)\0", code)
        for needed in depends.group(1).decode().split(",") if depends else []:
            keep_module(needed, tree, folder, order)
        (folder / f"{module}.ko").write_bytes(code)
        order.append(module)
        return


def decompressed(path):
    if path.suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dcq", str(path)], stdout=subprocess.PIPE,
                              check=True).stdout
    return path.read_bytes()
