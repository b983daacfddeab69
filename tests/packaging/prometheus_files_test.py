#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""prometheus_files_test.py SUPPORT: what dashboards/prometheus and dashboards/provisioning offer. promtool checks and tests it;
each alert has tests in which it fires and does not, and its section in docs/runbook.md; every metric and cause that is
named exists. Exits with 77 where promtool is missing."""
import pathlib
import re
import shutil
import subprocess
import sys

import yaml

sys.path.insert(0, sys.argv[1])
from live_program import check, skip  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "dashboards/prometheus"
TESTS = sorted((FOLDER / "tests").glob("*.yml"))
RUNBOOK = ROOT / "docs/runbook.md"
# What a section of the runbook answers.
QUESTIONS = ("Meaning", "Impact", "Look", "Do", "False alarm")


def rules(name):
    return [rule for group in yaml.safe_load((FOLDER / name).read_text())["groups"] for rule in group["rules"]]


def alerts():
    return [rule for rule in rules("tcptwin.alerts.yml") if "alert" in rule]


def names_are_known():
    known = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/metrics.md").read_text(), re.M))
    known |= {rule["record"] for rule in rules("tcptwin.rules.yml")}
    causes = set(re.findall(r"^### (\w+)$", (ROOT / "docs/causes-and-divergences.md").read_text(), re.M))
    for path in [*FOLDER.glob("*.yml"), *TESTS, ROOT / "docs/fleet.md", RUNBOOK]:
        text = path.read_text()
        for name in re.findall(r"(?<![\w/.-])(?:[\w:]*tcptwin_|process_)[\w:]+", text):
            plain = re.sub(r"_(bucket|count|sum)$", "", name)
            check({name, plain} & known, f"{path.name}: {name}")
        for cause in re.findall(r'cause=~?"([^"]+)"', text):
            check(set(cause.split("|")) <= causes, f"{path.name}: {cause}")


def messages_are_known():
    known = set(re.findall(r"`([0-9a-f]{32})`", (ROOT / "docs/service.md").read_text()))
    named = set(re.findall(r"MESSAGE_ID=(\w+)", RUNBOOK.read_text()))
    check(named and named <= known, f"no such message: {named - known}")


def each_alert_is_tested():
    """Of each severity it fires somewhere, and somewhere it does not."""
    cases = [case for path in TESTS for test in yaml.safe_load(path.read_text())["tests"]
             for case in test.get("alert_rule_test", [])]
    for alert in alerts():
        name, severity = alert["alert"], alert["labels"]["severity"]
        fires = [case for case in cases if case["alertname"] == name and any(
            expected["exp_labels"]["severity"] == severity for expected in case.get("exp_alerts", []))]
        silent = [case for case in cases if case["alertname"] == name and not case.get("exp_alerts")]
        check(fires, f"no test in which {name} ({severity}) fires")
        check(silent, f"no test in which {name} does not fire")
    tested = {case["alertname"] for case in cases}
    check(tested <= {alert["alert"] for alert in alerts()}, tested)


def each_alert_has_its_section():
    sections = dict(re.findall(r"^## (Tcptwin\w+)\n(.*?)(?=^## |\Z)", RUNBOOK.read_text(), re.M | re.S))
    for alert in alerts():
        name, said = alert["alert"], alert["annotations"]
        check(alert["labels"]["severity"] in ("critical", "warning"), f"{name}: severity")
        check(said["summary"] and said["description"], f"{name}: summary and description")
        check(said["runbook_url"] == f"docs/runbook.md#{name.lower()}", f"{name}: {said['runbook_url']}")
        for question in QUESTIONS:
            check(f"**{question}**" in sections.get(name, ""), f"{RUNBOOK.name}: {name} says nothing of {question}")
    check(set(sections) == {alert["alert"] for alert in alerts()}, f"sections of no alert: {sorted(sections)}")


def provisioning_leads_somewhere():
    folder = ROOT / "dashboards/provisioning"
    source = yaml.safe_load((folder / "datasources/tcptwin.yaml").read_text())["datasources"][0]
    check(source["type"] == "prometheus" and source["url"], source)
    provider = yaml.safe_load((folder / "dashboards/tcptwin.yaml").read_text())["providers"][0]
    # Where the packages put dashboards/grafana.
    check(provider["options"]["path"] == "/usr/share/tcptwin/dashboards/grafana", provider)


def promtool(*arguments):
    told = subprocess.run(["promtool", *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)
    check(told.returncode == 0, f"promtool {' '.join(arguments)}: {told.stdout}{told.stderr}")


def main():
    names_are_known()
    messages_are_known()
    each_alert_is_tested()
    each_alert_has_its_section()
    provisioning_leads_somewhere()
    if shutil.which("promtool") is None:
        return skip("promtool (Debian package prometheus) is missing")
    promtool("check", "config", "prometheus.yml")
    promtool("check", "rules", "--lint=all", "--lint-fatal", "tcptwin.rules.yml", "tcptwin.alerts.yml")
    promtool("test", "rules", *map(str, TESTS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
