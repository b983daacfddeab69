#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""every_metric_shown_test.py TREE: each metric of docs/metrics.md is on a dashboard, in an alert, or in the list
below with the reason why not; and what dashboards and alerts name is a metric."""
import glob
import json
import os
import re
import sys

TREE = sys.argv[1]
NOT_SHOWN = {
    "process_virtual_memory_bytes": "counts both mappings of the ring buffer; what matters is the resident memory",
}
# Made by Prometheus itself.
NOT_OURS = {"up"}
NAME = re.compile(r"\b((?:tcptwin|process)_[a-z0-9_]+?)(?:_bucket|_sum|_count)?\s*(?=[{\[)\s,]|$)")


def read(*path):
    with open(os.path.join(TREE, *path), encoding="utf-8") as file:
        return file.read()


def exported():
    return set(re.findall(r"^\| `((?:tcptwin|process)_\w+)` \|", read("docs", "metrics.md"), re.MULTILINE))


def named_by_dashboards():
    """Metrics of all queries; a description may name one without showing it."""
    named = set()
    for path in glob.glob(os.path.join(TREE, "dashboards", "grafana", "built", "*.json")):
        dashboard = json.loads(read(path))
        for panel in dashboard["panels"]:
            for target in panel.get("targets", []):
                named |= set(NAME.findall(target["expr"]))
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                named |= set(NAME.findall(variable["query"]["query"]))
    return named


def named_by_alerts():
    """Names in the rules that are ours; recording rules have a colon in theirs."""
    named = set()
    for path in glob.glob(os.path.join(TREE, "dashboards", "prometheus", "*.yml")):
        text = "\n".join(line for line in read(path).splitlines() if not line.lstrip().startswith("#"))
        named |= {name for name in re.findall(r"(?<![:\w])(tcptwin_\w+)(?![:\w])", text)}
    return named


def complaints(metrics, dashboards, alerts):
    histograms = {name + suffix for name in metrics for suffix in ("_bucket", "_sum", "_count")}
    for name in sorted(metrics - dashboards - alerts - set(NOT_SHOWN)):
        yield f"{name}: on no dashboard, in no alert, and not listed with a reason"
    for name in sorted(dashboards - metrics - NOT_OURS):
        yield f"{name}: on a dashboard, but docs/metrics.md does not know it"
    for name in sorted(set(NOT_SHOWN) & dashboards | set(NOT_SHOWN) - metrics):
        yield f"{name}: listed as not shown, but it is shown, or is no metric"
    for name in sorted(alerts - metrics - histograms):
        yield f"{name}: in an alert, but docs/metrics.md does not know it"


def main():
    metrics, dashboards, alerts = exported(), named_by_dashboards(), named_by_alerts()
    found = list(complaints(metrics, dashboards, alerts))
    planted = (complaints(metrics | {"tcptwin_new_total"}, dashboards, alerts),
               complaints(metrics, dashboards | {"tcptwin_misspelt"}, alerts),
               complaints(metrics - {"process_virtual_memory_bytes"}, dashboards, alerts))
    found += [f"planted violation {number} was not found" for number, each in enumerate(planted)
              if len(list(each)) != len(found) + 1]
    if len(metrics) < 40 or not dashboards:
        found.append(f"only {len(metrics)} metrics and {len(dashboards)} on dashboards were read")
    print("\n".join(found) or f"ok: {len(dashboards & metrics)} of {len(metrics)} metrics are on dashboards, "
          f"{len(metrics & alerts)} in alerts, {len(NOT_SHOWN)} listed as not shown")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
