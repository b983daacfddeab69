#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The results of tests/vm/kernels.py: as a table for a terminal, as docs/kernel-matrix.json, and as
the table in docs/kernel-support.md that is made from it. Called with --check, says whether that page
is what the committed results make."""
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs/kernel-matrix.json"
PAGE = ROOT / "docs/kernel-support.md"
BEGIN = "<!-- made by ./dev kernels --write from kernel-matrix.json -->"
END = "<!-- end of what ./dev kernels made -->"


def reason_of(test):
    """Why a test skipped itself: the last line that it printed which is no place in a file."""
    lines = [line.strip() for line in test.text if line.strip()]
    return lines[-1] if lines else "no reason given"


def hooks_of(account):
    """What doctor says is not available, by name."""
    for line in account.texts.get("doctor", []):
        if line.startswith("{"):
            capabilities = json.loads(line).get("capabilities", [])
            return [item["item"] for item in capabilities if not item["available"]]
    return None


def row(kernel, account):
    """What is kept of one guest."""
    return {
        "name": kernel.name,
        "release": kernel.release,
        "version": kernel.facts["version"],
        "right": account.is_right(),
        "passed": len(account.having("passed")),
        "failed": sorted(test.name for test in account.having("failed")),
        "skipped": {test.name: reason_of(test) for test in account.having("skipped")},
        "unavailable": hooks_of(account),
        "seconds": round(account.seconds),
    }


def summary(rows):
    lines = [f"{'KERNEL':8} {'RELEASE':28} {'PASSED':>6} {'FAILED':>6} {'SKIPPED':>7} {'SECONDS':>7}"]
    for name, one in rows.items():
        if one is None:
            lines.append(f"{name:8} not run")
            continue
        lines.append(f"{name:8} {one['release']:28} {one['passed']:6} {len(one['failed']):6} "
                     f"{len(one['skipped']):7} {one['seconds']:7}" +
                     ("" if one["right"] else "  FAILED"))
    return "\n".join(lines)


def table(rows):
    """The part of the page that is made, without its markers."""
    if not rows:
        return "No results yet.\n"
    lines = ["| kernel | Debian's version | passed | failed | skipped | `doctor` misses there |",
             "| --- | --- | ---: | ---: | ---: | --- |"]
    for one in rows:
        missing = ", ".join(f"`{item}`" for item in one["unavailable"]) or "nothing"
        lines.append(f"| {one['release']} | {one['version']} | {one['passed']} | "
                     f"{len(one['failed'])} | {len(one['skipped'])} | {missing} |")
    lines.append("")
    lines += remarks(rows, "failed", "Failed") + remarks(rows, "skipped", "Skipped")
    return "\n".join(lines).rstrip() + "\n"


def remarks(rows, key, title):
    """A list of the tests under `key`, each with its kernels and, where it has one, its reason."""
    found = {}
    for one in rows:
        for test in one[key]:
            reason = one[key][test] if isinstance(one[key], dict) else ""
            found.setdefault((test, reason), []).append(".".join(one["release"].split(".")[:2]))
    if not found:
        return []
    lines = [f"{title}:", ""]
    for (test, reason), kernels in sorted(found.items()):
        lines.append(f"- `{test}` on {', '.join(kernels)}" + (f": {reason}" if reason else ""))
    return lines + [""]


def page_with(rows, page):
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{PAGE.name}: the markers are gone: {BEGIN} ... {END}")
    return f"{head}{BEGIN}\n{table(rows)}{END}{tail}"


def write(new):
    """Puts these results beside those of other kernels, and makes the page anew."""
    rows = {one["name"]: one for one in load()}
    rows.update(new)
    order = sorted(rows.values(), key=lambda one: [int(part) for part in
                                                   one["release"].split("-")[0].split("+")[0].split(".")])
    RESULTS.write_text(json.dumps(order, indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(page_with(order, PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def load():
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []


if __name__ == "__main__":
    if sys.argv[1:] != ["--check"]:
        sys.exit("usage: matrix.py --check")
    committed = PAGE.read_text(encoding="utf-8")
    if page_with(load(), committed) != committed:
        sys.exit(f"{PAGE}: differs from what {RESULTS.name} makes: run ./dev kernels --write")
    print("ok: the page is what the results make")
