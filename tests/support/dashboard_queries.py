# SPDX-License-Identifier: MIT
"""The queries of the dashboards, as Grafana would send them. For the live tests that ask them."""
import glob
import json
import os
import re

from live_program import check

# What Grafana puts in. The ranges are short, so that the tests are.
VARIABLES = {"$__rate_interval": "10s", "$__range": "60s", "$job": "tcptwin", "$unit": ".+", "$port": ".+"}


def _filled(text, instance):
    for name, value in {**VARIABLES, "$instance": instance}.items():
        text = text.replace(name, value)
    check("$" not in re.sub(r'"\$\d"', "", text), f"a variable is left in {text}")
    return text


def _dashboards(folder):
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        with open(path, encoding="utf-8") as file:
            yield json.load(file)


def _queries(dashboard, instance):
    """(title, query) of each panel's targets."""
    return [(panel["title"], _filled(target["expr"], instance))
            for panel in dashboard["panels"] for target in panel.get("targets", [])]


def of_panels_and_variables(folder):
    """(dashboard and panel, query) of each panel; (dashboard and variable, query) of each variable."""
    of_panels, of_variables = [], []
    for dashboard in _dashboards(folder):
        of_panels += [(f"{dashboard['uid']}: {title}", query) for title, query in _queries(dashboard, ".+")]
        of_variables += [(f"{dashboard['uid']}: ${variable['name']}", _filled(variable["query"]["query"], ".+"))
                         for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
    return of_panels, of_variables


def panels_of(folder, name, instance=".+"):
    """The first query of each panel of a dashboard, by title."""
    found = [dashboard for dashboard in _dashboards(folder) if dashboard["uid"] == f"tcptwin-{name}"]
    check(len(found) == 1, f"there is one dashboard {name}")
    return dict(reversed(_queries(found[0], instance)))
