#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""scrape.py TREE TCPTWIN: what a `tcptwin serve` shows that has just begun, for history.py: all series there are."""
import sys

sys.path.insert(0, f"{sys.argv[1]}/tests/support")
from service import Service  # noqa: E402

with Service(sys.argv[2], "--control-socket", "none") as service:
    sys.stdout.write(service.get()[2].decode())
