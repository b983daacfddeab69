# SPDX-License-Identifier: MIT
"""Churn past a `tcptwin serve` whose table is full, and how much memory it has of its own meanwhile. For
the test, which takes half a minute, and for `./dev bench soak`, which takes as long as one likes."""
import os

from connection_churn import Churn
from live_program import check, wait_until
from service import Service, total

TABLE = 1000
# By then all bounded memories are full: the largest are the cookies of the latest 65,536 destroyed sockets.
WARM_UP = 60_000
# Of connections: for so long the least memory is looked for, because a census takes some for a moment.
LOOK = 20_000
# What is in TIME_WAIT stays for a minute, and would use up all ports.
TIME_WAIT_BUCKETS = 4000
# As much as a sanitized service on two processors keeps up with. What waits in a small ring is little.
PAUSE_S = 0.0005
RING = "4M"


def own_memory(pid):
    """Bytes. Without the ring buffer, whose pages are the kernel's and count as they are used."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("RssAnon:"))


class Soak:
    """Watches `namespace` while connections come and go in it as fast as they can."""

    def __init__(self, tcptwin, namespace):
        self._namespace = namespace
        # A sanitizer keeps freed memory back, which is no growth of the program's.
        options = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=4"]))
        self.service = Service(tcptwin, "-N", namespace.name, "--table", str(TABLE), "--reconcile", "5s",
                               "--buffer-size", RING,
                               environment=lambda _: {"ASAN_OPTIONS": options})

    def __enter__(self):
        self._namespace.run(["sysctl", "-qw", f"net.ipv4.tcp_max_tw_buckets={TIME_WAIT_BUCKETS}"])
        self.service.__enter__()
        self._churn = self._namespace.make(lambda: Churn(pause_s=PAUSE_S))
        return self

    def __exit__(self, *unused):
        self._churn.__exit__()
        self.service.__exit__()

    def connections(self):
        return total(self.service.metrics(), "tcptwin_connections_opened_total", role="active")

    def least_memory(self, begin, patience):
        """Bytes: the least while connections `begin` to `begin` + LOOK were opened."""
        wait_until(lambda: self.connections() >= begin, f"{begin} connections", patience)
        looks = []

        def looked():
            looks.append(own_memory(self.service.process.pid))
            return self.connections() >= begin + LOOK
        wait_until(looked, f"{begin + LOOK} connections", patience)
        return min(looks)

    def check_numbers(self):
        """What must hold once it is warm; the metrics."""
        metrics = self.service.metrics()
        check(metrics["tcptwin_table_capacity"] == TABLE, "the table is as small as was asked for")
        check(metrics["tcptwin_table_entries"] <= TABLE, metrics["tcptwin_table_entries"])
        check(metrics["tcptwin_table_entries"] > 0.9 * TABLE
              and metrics["tcptwin_table_evictions_total"] > TABLE, "it is full all the time")
        check(metrics['tcptwin_events_lost_total{stage="table"}']
              == metrics["tcptwin_table_evictions_total"], "each eviction is said to be a loss")
        check(total(metrics, "tcptwin_divergences_total") == 0, "nothing is accused")
        return metrics

    def end_churn(self):
        """Then all is accounted for; the metrics."""
        self._churn.end()
        return self.service.wait_for(
            lambda found: found["tcptwin_records_emitted_total"]
            == found["tcptwin_records_received_total"]
            + found['tcptwin_events_lost_total{stage="ring_buffer"}'], "emitted = received + lost")

    @staticmethod
    def summary(metrics):
        """What was seen and lost, in words."""
        opened = total(metrics, "tcptwin_connections_opened_total", role="active")
        evicted = metrics["tcptwin_table_evictions_total"]
        lost = metrics['tcptwin_events_lost_total{stage="ring_buffer"}']
        return (f"{opened:.0f} connections, {evicted:.0f} evicted, {len(metrics)} series, "
                f"{metrics['tcptwin_records_received_total']:.0f} records received, {lost:.0f} lost")
