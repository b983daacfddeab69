#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""goals.py TCPTWIN [--only P1,P3] [--pairs N] [--quick] ...: what `./dev bench` without a name runs: the goals P1 to P16, as
docs/performance.md describes them, into a table and build/bench/results.json. Needs root and a quiet machine."""
import argparse
import datetime
import json
import os
import platform
import signal
import subprocess
import sys

from goals_table import (GOALS, baseline_of, document_with, goal_number, judged, markdown_table, regressions,
                         text_table)
from live_goals import LiveGoals

HERE = os.path.dirname(os.path.abspath(__file__))
BASELINE = os.path.join(HERE, "baseline.json")
DOCUMENT = os.path.join(HERE, "../../docs/performance.md")
SCRIPTS = {("P10", "P11"): "engine_goals.py", ("P12", "P13", "P14"): "memory_goals.py"}
PAIRS, QUICK_PAIRS, QUICK_SOCKETS = 5, 2, 100_000


def say(text):
    print(text, file=sys.stderr, flush=True)


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown")
    virtual = subprocess.run(["systemd-detect-virt"], capture_output=True, text=True, check=False).stdout.strip()
    return {"processor": model, "processors": os.cpu_count(), "virtual": virtual or "unknown",
            "kernel": platform.release(), "date": datetime.date.today().isoformat()}


def ran_script(name, tcptwin, folder, is_quick):
    script = os.path.join(HERE, name)
    if not os.path.exists(script):
        say(f"bench: there is no {name}; its goals are left out")
        return {}
    result = os.path.join(folder, name.replace(".py", ".json"))
    short = {"engine_goals.py": ["--repetitions", str(QUICK_PAIRS)],
             "memory_goals.py": ["--most", str(QUICK_SOCKETS)]}[name] if is_quick else []
    subprocess.run([sys.executable, script, tcptwin, "--json", result, *short], check=True,
                   stdout=subprocess.DEVNULL)
    with open(result, encoding="utf-8") as file:
        return json.load(file)


def wanted_goals(text):
    if text is None:
        return {goal_number(key) for key in GOALS}
    wanted = {name.strip().upper() for name in text.split(",")}
    unknown = wanted - {goal_number(key) for key in GOALS}
    if unknown:
        sys.exit(f"there is no goal {', '.join(sorted(unknown))}: P1 to P16 are known")
    return wanted


def measured(arguments, folder):
    """The rows, in the order of the table."""
    wanted = wanted_goals(arguments.only)
    live = LiveGoals(arguments.tcptwin, arguments.pairs, arguments.quick)
    measures = {**live.all(),
                **{goals: (lambda name=name: ran_script(name, arguments.tcptwin, folder, arguments.quick))
                   for goals, name in SCRIPTS.items()}}
    found, failed = {}, []
    for goals, measure in measures.items():
        if not wanted & set(goals):
            continue
        say(f"bench: {', '.join(goals)}")
        try:
            found.update(measure())
        except (AssertionError, subprocess.SubprocessError, OSError) as problem:
            failed.append(f"{', '.join(goals)}: not measured: {problem}")
    return {key: judged(key, found[key]) for key in GOALS if key in found and goal_number(key) in wanted}, failed


def where(facts):
    return (f"Linux {facts['kernel']}, {facts['processors']} processors ({facts['processor']}; virtual: "
            f"{facts['virtual']}), {facts['date']}; {facts['pairs']} pairs.")


def notes(rows):
    return [f"{key}: {row['note']}" for key, row in rows.items() if row.get("note")]


def write_document(rows, facts):
    with open(DOCUMENT, encoding="utf-8") as file:
        document = file.read()
    text = "\n".join([where(facts), "", markdown_table(rows), "", *(f"- {note}" for note in notes(rows))])
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write(document_with(document, text))


def compared(rows):
    """Exit code of the comparison with what is committed."""
    try:
        with open(BASELINE, encoding="utf-8") as file:
            worse = regressions(rows, json.load(file)["ratios"])
    except FileNotFoundError:
        sys.exit(f"there is no {os.path.relpath(BASELINE)} yet: --write-baseline makes it")
    for line in worse:
        print(f"worse than the baseline: {line}")
    return 1 if worse else 0


def options():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.split(": ", 1)[1])
    parser.add_argument("tcptwin", help=argparse.SUPPRESS)
    parser.add_argument("--only", metavar="P1,P3", help="these goals alone")
    parser.add_argument("--pairs", type=int, metavar="N", help=f"default {PAIRS}")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_PAIRS} pairs, shorter runs, fewer sockets")
    parser.add_argument("--baseline", action="store_true", help="exit 1 if a ratio is worse than the committed one")
    parser.add_argument("--write-baseline", action="store_true", help="tests/bench/baseline.json")
    parser.add_argument("--write-docs", action="store_true", help="the table of docs/performance.md")
    parser.add_argument("--results", default="build/bench/results.json", metavar="FILE", help="default %(default)s")
    arguments = parser.parse_args()
    arguments.pairs = arguments.pairs or (QUICK_PAIRS if arguments.quick else PAIRS)
    return arguments


def main():
    arguments = options()
    if os.geteuid() != 0:
        sys.exit("BPF programs and network namespaces need root")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as Ctrl-C: what was made is removed
    folder = os.path.dirname(os.path.abspath(arguments.results))
    os.makedirs(folder, exist_ok=True)
    facts = {**machine(), "pairs": arguments.pairs}
    rows, failed = measured(arguments, folder)
    with open(arguments.results, "w", encoding="utf-8") as file:
        json.dump({"machine": facts, "goals": rows, "not_measured": failed}, file, indent=1)
    print("\n".join([where(facts), "", text_table(rows), "", *notes(rows), *failed]))
    if arguments.write_baseline:
        with open(BASELINE, "w", encoding="utf-8") as file:
            json.dump({"machine": facts, "ratios": baseline_of(rows)}, file, indent=1)
            file.write("\n")
    if arguments.write_docs:
        write_document(rows, facts)
    worse = compared(rows) if arguments.baseline else 0
    return 1 if failed else worse


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
