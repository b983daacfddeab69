# SPDX-License-Identifier: MIT
"""A real Prometheus with the alerts of dashboards/prometheus, scraping addresses that a test gives it; and the alerts it
has raised. So that a test need not wait for minutes, in its copy of the alerts a minute is a second: `quickened`."""
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from live_program import check, wait_until

ALERTS = pathlib.Path(__file__).resolve().parents[2] / "dashboards/prometheus/tcptwin.alerts.yml"
MINUTES = {"m": 1, "h": 60, "d": 24 * 60}

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: [alerts.yml]
scrape_configs:
  - job_name: tcptwin
    static_configs:
{targets}"""
TARGET = '      - {{targets: ["127.0.0.1:{port}"], labels: {{instance: {name}}}}}\n'


def quickened(rules):
    """Every duration of rules, of `for`, ranges and offsets, with seconds for minutes. Thresholds stay."""
    def in_seconds(found):
        return f"{found[1]}{int(found[2]) * MINUTES[found[3]]}s"
    return re.sub(r"(for: |\[|offset )(\d+)([mhd])\b", in_seconds, rules)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


class Prometheus:
    """Scrapes each port as the instance of its name. `ever` is what has fired so far: (instance, alert, severity)."""

    def __init__(self, ports):
        self._ports = ports
        self._query_port = free_port()
        self.ever = set()

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        folder = self._folder.name
        targets = "".join(TARGET.format(name=name, port=port) for name, port in self._ports.items())
        for name, text in (("prometheus.yml", CONFIG.format(targets=targets)), ("alerts.yml", quickened(ALERTS.read_text()))):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        self._process = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
             f"--web.listen-address=127.0.0.1:{self._query_port}"], stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *unused):
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()

    def _get(self, path):
        """None as long as nobody answers; a query that it refuses is an error of the test."""
        check(self._process.poll() is None, "Prometheus runs")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._query_port}/api/v1/{path}", timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as refused:
            check(refused.code == 503, f"{urllib.parse.unquote_plus(path)}: {refused.read().decode()}")
        except (urllib.error.URLError, ConnectionError):
            pass
        return None

    def ask(self, query):
        """The values of all series that the query gives."""
        data = self._get(f"query?{urllib.parse.urlencode({'query': query})}")
        return [float(found["value"][1]) for found in data["result"]] if data else []

    def values_of(self, label, metric):
        """The values that a label of the metric's series has."""
        return self._get(f"label/{label}/values?{urllib.parse.urlencode({'match[]': metric})}") or []

    def firing(self):
        """The alerts that fire now."""
        data = self._get("alerts")
        alerts = [alert for alert in data["alerts"] if alert["state"] == "firing"] if data else []
        for alert in alerts:
            labels = alert["labels"]
            self.ever.add((labels.get("instance", ""), labels["alertname"], labels["severity"]))
        return alerts

    def wait_for_alerts(self, expected, patience):
        """Until each (instance, alert, severity) has fired."""
        try:
            wait_until(lambda: (self.firing(), expected <= self.ever)[1], "the alerts", patience)
        except AssertionError as unmet:
            missing = {f"{name}: value {self.ask(f'ALERTS{{instance={json.dumps(name)}}}')}" for name, _, _ in expected - self.ever}
            raise AssertionError(f"{unmet}: not fired: {expected - self.ever} {missing}; fired: {self.ever}") from unmet
