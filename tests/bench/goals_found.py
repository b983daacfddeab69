# SPDX-License-Identifier: MIT
"""How the scripts that ./dev bench calls (engine_goals.py, memory_goals.py) hand over what they found: by goal, the values
of every run with their unit and a note."""
import json
import statistics


def tell(goals, path):
    """Prints the goals, and writes them to `path` if there is one."""
    for key, found in goals.items():
        print(f"{key}: {statistics.median(found['values']):.2f} {found['unit']}; {found['note']}")
    if path:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(goals, file, indent=1)
