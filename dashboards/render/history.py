#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""history.py METRICS END [INCIDENT]: 80 minutes of five hosts up to the time END, as OpenMetrics for
`promtool tsdb create-blocks-from openmetrics`. What there is to count is taken from METRICS, a scrape of
`tcptwin serve`; what happened is made up, always the same: web-2's shop-api hangs at minute INCIDENT (54)."""
import math
import random
import re
import sys

STEP_S = 15
STEPS = 320
CONFORMANT, DEVIATION = "conformant", "deviation"
DEVIATION_OF = {"child_from_request": "L12", "accept_overflow_reset": "L23", "keepalive_timeout": "L38",
                "fin_wait2_timeout": "L04", "orphan_fin_wait2_handover": "L03"}

# A life: state changes (from, to, cause), how it ended (closed_by, how, why), and how a handshake failed.
SERVER = [("listen", "new_syn_recv", "syn_received"), ("new_syn_recv", "syn_recv", "child_from_request"),
          ("syn_recv", "established", "handshake_ack_accepted")]
CLIENT = [("close", "syn_sent", "active_open"), ("syn_sent", "established", "synack_accepted")]
CLOSED_FIRST = [("established", "fin_wait1", "local_close"), ("fin_wait1", "fin_wait2", "fin_acked"),
                ("fin_wait2", "time_wait", "time_wait_entered")]
CLOSED_SECOND = [("established", "close_wait", "fin_received"), ("close_wait", "last_ack", "local_close_after_fin"),
                 ("last_ack", "close", "last_ack_received")]
LIVES = {
    "server closes": (SERVER + CLOSED_FIRST, ("local", "fin", "local_close"), None),
    "client went": (SERVER + CLOSED_SECOND, ("remote", "fin", "fin_received"), None),
    "we close": (CLIENT + CLOSED_FIRST, ("local", "fin", "local_close"), None),
    "server went": (CLIENT + CLOSED_SECOND, ("remote", "fin", "fin_received"), None),
    "both close": (CLIENT + [("established", "fin_wait1", "local_close"), ("fin_wait1", "closing", "fin_received_before_ack"),
                             ("closing", "time_wait", "time_wait_entered")], ("both", "fin", "fin_received_before_ack"), None),
    "we are refused": (CLIENT[:1] + [("syn_sent", "close", "rst_received")], ("remote", "refused", "rst_received"), "refused"),
    "no answer": (CLIENT[:1] + [("syn_sent", "close", "handshake_timeout")], ("kernel", "timeout", "handshake_timeout"), "timeout"),
    "accept queue full": (SERVER[:1] + [("new_syn_recv", "close", "accept_overflow_reset")],
                          ("kernel", "rst_sent", "accept_overflow_reset"), "rst_sent"),
    "never finished": (SERVER[:1] + [("new_syn_recv", "close", "request_timeout")], ("kernel", "timeout", "request_timeout"), "timeout"),
    "peer reset us": (CLIENT + [("established", "close", "rst_received")], ("remote", "rst_received", "rst_received"), None),
    "client reset us": (SERVER + [("established", "close", "rst_received")], ("remote", "rst_received", "rst_received"), None),
    "we left unread": (SERVER + [("established", "close", "close_unread_abort")], ("local", "rst_sent", "close_unread_abort"), None),
    "linger 0": (CLIENT + [("established", "close", "linger0_abort")], ("local", "rst_sent", "linger0_abort"), None),
    "keepalive gave up": (SERVER + [("established", "close", "keepalive_timeout")], ("kernel", "timeout", "keepalive_timeout"), None),
    "peer died": (CLIENT + [("established", "close", "retransmission_timeout")], ("kernel", "timeout", "retransmission_timeout"), None),
    "leaked": (SERVER + [("established", "close_wait", "fin_received")], None, None),
}
# host: [(unit, container, port, life, connections a second)]
NGINX, SHOP, REDIS = ("nginx.service", ""), ("shop-api.service", ""), ("redis-server.service", "")
POSTGRES, SSH, CHECKOUT = ("postgresql@15-main.service", ""), ("ssh.service", ""), ("docker-3f2a9c1b7d04.scope", "3f2a9c1b7d04")
WEB = [(NGINX, 443, "server closes", 9), (NGINX, 443, "client went", 14), (NGINX, 443, "client reset us", 0.25),
       (NGINX, 80, "server closes", 3), (NGINX, None, "we close", 12), (SHOP, 8080, "client went", 12),
       (SHOP, None, "server went", 2.5), (CHECKOUT, 9443, "client went", 3.5), (CHECKOUT, None, "we close", 2),
       (SHOP, None, "both close", 0.02), (SSH, 22, "client went", 0.05), (NGINX, 443, "never finished", 0.03),
       (SHOP, None, "we are refused", 0.02), (CHECKOUT, None, "linger 0", 0.03)]
QUIET = {
    "web-1": WEB,
    "web-2": WEB,
    "web-3": WEB,
    "db-1": [(POSTGRES, 5432, "client went", 6), (POSTGRES, 5432, "keepalive gave up", 0.004), (SSH, 22, "client went", 0.03)],
    "cache-1": [(REDIS, 6379, "server closes", 0.5), (REDIS, 6379, "client went", 40), (CHECKOUT, None, "we close", 32),
                     (CHECKOUT, None, "peer died", 0.01)],
}
TROUBLE = {"web-2": [(SHOP, 8080, "leaked", 0.09), (SHOP, 8080, "accept queue full", 1.9), (NGINX, None, "peer reset us", 1.6),
                          (NGINX, None, "no answer", 0.35), (SHOP, 8080, "we left unread", 0.15)]}
TIERS = ((("tier", "t0"),), (("tier", "t1"),))
FIXED = {"tcptwin_build_info": {"revision": "0f9293e7c0de"}}  # so that a new commit makes no new pictures
GAUGES = {"tcptwin_build_info": 1, "tcptwin_table_capacity": 1048576, "tcptwin_ring_buffer_bytes": 67108864,
          "tcptwin_reconcile_complete": 1, "tcptwin_config_last_reload_successful": 1, "process_max_fds": 524288, "process_open_fds": 54}


def series_of(metrics):
    """{(name, labels): 0}, types and buckets of a scrape; what units and ports it saw is left out."""
    kept, types = {}, {}
    for line in metrics.splitlines():
        if line.startswith("# TYPE"):
            _, _, name, kind = line.split()
            types[name] = kind
        elif line and not line.startswith("#"):
            series = line.rsplit(" ", 1)[0]
            name, _, labels = series.partition("{")
            found = tuple(sorted({**dict(re.findall(r'(\w+)="([^"]*)"', labels)), **FIXED.get(name, {})}.items()))
            mine = all(text == "other" for key, text in found if key in ("unit", "container", "port"))
            if mine:
                kept[name, found] = float(name == "tcptwin_bpf_program_attached" or found in TIERS)
    return kept, types


class Host:
    """One host's counters."""

    def __init__(self, base, chance):
        self.values = dict(base)
        self.chance = chance
        self.entered = [0] * STEPS  # TIME_WAIT
        self.leaked = 0
        self.bounds = {name: sorted({float(dict(labels)["le"]) for found, labels in base if found == name + "_bucket"})
                       for name in ("tcptwin_handshake_duration_seconds", "tcptwin_state_duration_seconds", "tcptwin_verdict_delay_seconds")}

    def add(self, name, amount, **labels):
        key = name, tuple(sorted(labels.items()))
        self.values[key] = self.values.get(key, 0.0) + amount

    def set(self, name, amount, **labels):
        self.values[name, tuple(sorted(labels.items()))] = float(amount)

    def observe(self, name, typical, count, **labels):
        """`count` durations about `typical`; a few are drawn and stand for all."""
        drawn = min(count, 12)
        for _ in range(drawn):
            seconds = typical * math.exp(self.chance.gauss(0, 0.7 if typical < 60 else 0.004))
            weight = count / drawn
            for bound in self.bounds[name]:
                if seconds <= bound:
                    text = "+Inf" if bound == math.inf else repr(bound).removesuffix(".0")
                    self.add(name + "_bucket", weight, le=text, **labels)
            self.add(name + "_sum", seconds * weight, **labels)
        self.add(name + "_count", count, **labels)

    def live(self, step, owner, port, life, count):
        changes, ending, failure = LIVES[life]
        role = "active" if changes[0][0] == "close" else "passive"
        unit = {"unit": owner[0], "container": owner[1]}
        self.add("tcptwin_connections_opened_total", count, role=role)
        self.add("tcptwin_unit_connections_opened_total", count, role=role, **unit)
        for source, target, cause in changes:
            self.change(source, target, cause, count)
        if changes[-1][1] == "time_wait":
            self.entered[step] += count
        if ending:
            closed_by, how, why = ending
            self.add("tcptwin_connections_closed_total", count, closed_by=closed_by, how=how, why=why)
            self.add("tcptwin_unit_connections_closed_total", count, how=how, **unit)
        else:
            self.leaked += count
            self.add("tcptwin_stuck_found_total", count, kind="close_wait")
            self.add("tcptwin_unit_stuck_found_total", count, **unit)
        if port:
            self.add("tcptwin_listener_requests_total", count, port=port)
            self.add("tcptwin_listener_handshakes_total", 0 if failure else count, port=port)
        if failure:
            self.add("tcptwin_handshake_failures_total", count, role=role, reason=failure)
            if port:
                self.add("tcptwin_listener_failures_total", count, port=port, cause=ending[2])
        else:
            self.observe("tcptwin_handshake_duration_seconds", 0.0004 if role == "active" else 0.018, count, role=role)

    def change(self, source, target, cause, count):
        self.add("tcptwin_transitions_total", count, cause=cause, **{"from": source, "to": target})
        deviation = DEVIATION_OF.get(cause)
        self.add("tcptwin_verdicts_total", count, verdict=DEVIATION if deviation else CONFORMANT)
        if deviation:
            self.add("tcptwin_deviations_total", count, id=deviation)
        if source not in ("close", "listen"):
            typical = {"syn_sent": 0.0004, "new_syn_recv": 0.018, "syn_recv": 0.00003, "established": 0.6, "close_wait": 0.002}
            self.observe("tcptwin_state_duration_seconds", 60.5 if source == "time_wait" else typical.get(source, 0.02), count, state=source)
        self.observe("tcptwin_verdict_delay_seconds", 0.021 if target == "close" else 0.012, count)
        for name in ("emitted", "received"):
            self.add(f"tcptwin_records_{name}_total", 2 * count)

    def expire(self, step):
        past = step - 4
        if past >= 0 and self.entered[past]:
            self.change("time_wait", "close", "time_wait_expired", self.entered[past])


def gauges(host, step, rate, seen, now):
    waiting = sum(host.entered[max(0, step - 4):step])
    states = {"listen": len(seen["ports"]), "established": 40 + 0.8 * rate + 6 * math.sin(step / 9), "syn_sent": seen["trouble"] * 3,
              "close_wait": host.leaked + (step % 3 == 0), "time_wait": waiting, "fin_wait2": 2 + step % 3, "new_syn_recv": seen["half_open"]}
    for state, amount in states.items():
        host.set("tcptwin_sockets", round(amount), state=state)
    host.set("tcptwin_stuck_sockets", host.leaked, state="close_wait")
    for port in seen["ports"]:
        host.set("tcptwin_half_open", seen["half_open"] if port == seen["busiest"] else 0, port=port)
    host.set("tcptwin_table_entries", round(sum(states.values())))
    host.set("tcptwin_reconcile_sockets", round(sum(states.values())))
    host.set("tcptwin_reconcile_namespaces", 3, result="listed")
    for name in ("tcptwin_reconcile_last_timestamp_seconds", "tcptwin_config_last_reload_success_timestamp_seconds"):
        host.set(name, now - now % 60 if "reconcile" in name else seen["start"])
    if step % 4 == 0:
        host.add("tcptwin_reconcile_runs_total", 1)
    host.add("process_cpu_seconds_total", STEP_S * (0.002 + rate * 0.00006))
    host.set("process_resident_memory_bytes", 4.1e7 + 9e4 * rate)
    host.set("process_virtual_memory_bytes", 1.9e8)
    host.set("process_start_time_seconds", seen["start"])
    for name, amount in GAUGES.items():
        for key in [key for key in host.values if key[0] == name]:
            host.values[key] = float(amount)


def played(base, end, incident):
    """Yields (time, instance, values) for each host and step."""
    start = end - STEPS * STEP_S
    for number, (instance, flows) in enumerate(QUIET.items()):
        chance = random.Random(9293 + number)
        host = Host(base, chance)
        ports = sorted({str(port) for _, port, _, _ in flows if port} | {"22"})
        for step in range(STEPS):
            now = start + (step + 1) * STEP_S
            trouble = instance in TROUBLE and step * STEP_S >= incident * 60
            rate = 0
            for owner, port, life, often in flows + (TROUBLE[instance] if trouble else []):
                often *= 1 + 0.12 * math.sin(step / 31 + number) + 0.05 * chance.gauss(0, 1)
                expected = max(0.0, often * STEP_S)
                count = int(expected) + (chance.random() < expected % 1)
                rate += often
                if count:
                    host.live(step, owner, port and str(port), life, count)
            host.expire(step)
            if instance == "cache-1" and step == STEPS - 90:
                host.add("tcptwin_divergences_total", 1, kind="timer_violation")
                host.add("tcptwin_verdicts_total", 1, verdict="divergence")
            seen = {"ports": ports, "busiest": "8080" if trouble else ports[-1], "start": start - 86400 * 3, "trouble": trouble,
                    "half_open": round(22 + 5 * chance.gauss(0, 1)) if trouble else chance.randrange(3)}
            gauges(host, step, rate, seen, now)
            yield now, instance, host.values


def write(base, types, end, incident, out):
    """Each family's samples together, as OpenMetrics asks."""
    lines = {}
    for now, instance, values in played(base, end, incident):
        for (name, labels), value in {**values, ("up", ()): 1.0}.items():
            text = ",".join(f'{key}="{label}"' for key, label in (*labels, ("instance", instance), ("job", "tcptwin")))
            lines.setdefault(name, []).append(f"{name}{{{text}}} {value:.12g} {now}\n")
    family = {f"{name}{suffix}": name for name, kind in types.items() if kind == "histogram" for suffix in ("_bucket", "_count", "_sum")}
    announced = None
    for name in sorted(lines, key=lambda name: (family.get(name, name), name)):
        of = family.get(name, name)
        if of != announced:
            out.write(f"# TYPE {of.removesuffix('_total')} {types.get(of, 'gauge')}\n")
            announced = of
        out.writelines(lines[name])
    out.write("# EOF\n")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        base, types = series_of(file.read())
    write(base, types, int(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 54, sys.stdout)


if __name__ == "__main__":
    main()
