#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""snapshot_live_test.py SUPPORT TCPTWIN: `tcptwin snapshot` beside `ss`, socket for socket, in a
network namespace with sockets in every state, while short connections come and go. Exits with 77
where the running kernel does not allow it.

No two pictures show the same moment. So `ss` draws one before and one after the snapshot:
- a socket that both of them show alike (same cookie, state, ends, file and holders) was like that
  all the time, and the snapshot must show it like that;
- a socket of the snapshot that neither of them shows so must be explained (EXPLAINED)."""
import collections
import dataclasses
import os
import re
import socket
import sys
import threading

sys.path.insert(0, sys.argv[1])
import socket_pictures  # noqa: E402
import socket_states as states  # noqa: E402
from connection_churn import Churn  # noqa: E402
from live_child import LiveChild, set_name  # noqa: E402
from live_program import Namespace, cannot_trace, check, skip  # noqa: E402

TCPTWIN = sys.argv[2]
IPPROTO_MPTCP = 262
ROUNDS = 6
MOST_ROUNDS = 40
COPIES = 2  # of each situation, in each family
# So many sockets must have been compared in each state, over all rounds.
LEAST_COMPARED = {
    "listen": 60, "established": 60, "close_wait": 60, "fin_wait1": 30, "fin_wait2": 60,
    "closing": 30, "last_ack": 30, "syn_sent": 60, "syn_recv": 30, "time_wait": 1000}
LEAST_ORPHANS = 60
LEAST_CHURN = 200  # connections while the pictures were taken
TICK_S = 0.011     # timers are kept in jiffies: at most 10 ms

# Where the snapshot may differ from `ss`, and why: word for word as in docs/snapshot.md. The first
# two are about connections that come and go while the pictures are taken; the rest is how the two
# programs write the same thing.
EXPLAINED = {
    "moved_on": "it was in another state, or had other holders, when `ss` looked",
    "short_lived": "it began after one picture of `ss` and was over before the next",
    "half_open": "`ss` calls a half-open connection SYN-RECV, as it does a whole socket in SYN_RECV",
    "retries": "`ss` counts every SYN+ACK sent again, the snapshot those that a time-out sent",
    "mapped": "IPv4 over a socket of IPv6 is `[::ffff:192.0.2.1]` for `ss`, and IPv4 in the snapshot",
    "device": "`ss` shows the device a socket is bound to",
    "mptcp": "`ss` names who holds a subflow of MPTCP; the snapshot does not know"}


class Situations:
    """Sockets in every state, that stay as they are; `keeps` holds their ends open."""

    def __init__(self):
        self.keeps = []
        for family in states.FAMILIES:
            server = self.keep(states.listener(family))
            for _ in range(COPIES):
                self.lead_to_all_states(server, family)
            self.never_accepted(family)
        self.bound_to_a_device()
        self.of_mptcp()

    def keep(self, *ends):
        self.keeps.extend(ends)
        return ends[0]

    def lead_to_all_states(self, server, family):
        self.keep(*states.pair(server, family))
        self.keep(*states.half_closed(server, family))
        self.keep(*states.unanswered(family))
        self.keep(states.half_open(server, family))
        self.keep(states.in_last_ack(server, family))
        self.keep(*states.in_fin_wait1(server, family))
        orphan, other_end = states.in_fin_wait1(server, family)
        self.keep(other_end)
        orphan.close()
        self.keep(*states.in_closing(server, family))
        self.keep(states.linger_in_fin_wait2(server, family))
        self.keep(states.wait_for_its_end(server, family))
        states.in_time_wait(server, family)
        self.with_data_in_both_queues(server, family)

    def never_accepted(self, family):
        server = self.keep(states.listener(family))
        self.keep(states.connect(server, family))
        states.connect(server, family).close()

    def with_data_in_both_queues(self, server, family):
        client, accepted = states.pair(server, family)
        self.keep(client, accepted)
        client.sendall(b"unread")
        states.await_readable(accepted)
        states.silence(client)
        accepted.sendall(b"never acknowledged")

    def of_mptcp(self):
        try:
            server = self.keep(socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP))
        except OSError as error:
            print(f"without MPTCP: {error}")
            return
        server.bind(("127.0.0.1", 0))
        server.listen()
        client = self.keep(socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP))
        client.connect(server.getsockname())
        self.keep(server.accept()[0])

    def bound_to_a_device(self):
        server = self.keep(states.listener("ipv4", device="lo"))
        self.keep(*states.pair(server, "ipv4"))


def draw(namespace):
    before = socket_pictures.of_ss(namespace.name)
    snapshot, lines = socket_pictures.of_snapshot(TCPTWIN, namespace.name)
    after = socket_pictures.of_ss(namespace.name)
    subflows = {one.inode for one in snapshot if one.is_mptcp}
    return without_holders(before, subflows), snapshot, lines, without_holders(after, subflows)


def without_holders(picture, inodes):
    return [dataclasses.replace(one, holders=frozenset()) if one.inode in inodes else one
            for one in picture]


def unchanged(before, after):
    """(as it was before, as it was after) of the sockets that were alike in both."""
    later = {one.cookie: one for one in after}
    return [(one, later[one.cookie]) for one in before
            if later.get(one.cookie) == one]


class Comparison:
    """Of all rounds: what was compared, and what is wrong."""

    def __init__(self, churn_ports):
        self.churn_ports = churn_ports
        self.compared = collections.Counter()
        self.differing = collections.Counter()
        self.orphans = 0
        self.unproven = []  # (one, reason that is to be proven): by the load's own record
        self.complaints = []

    def add(self, before, snapshot, lines, after):
        check(len({one.tuple + (one.state,) for one in snapshot}) == len(snapshot),
              "the snapshot shows a socket twice")
        self.all_of_ss_is_in_the_snapshot(before, snapshot, after)
        self.all_of_the_snapshot_is_in_ss(before, snapshot, after)
        counts = lines[-1]
        check(counts["type"] == "snapshot" and counts["shown"] == len(snapshot), f"{counts}")

    def all_of_ss_is_in_the_snapshot(self, before, snapshot, after):
        seen = {(one.state, one.tuple): one for one in snapshot}
        for earlier, later in unchanged(before, after):
            shown = seen.get((earlier.state, earlier.tuple))
            if shown != earlier:
                others = [str(one) for one in snapshot if one.tuple == earlier.tuple]
                self.complaints.append(f"ss:       {earlier}\nsnapshot: {shown or others}")
                continue
            self.compared[shown.state] += 1
            is_over = shown.state in ("time_wait", "syn_recv")
            self.orphans += shown.inode == 0 and not is_over and not shown.holders
            self.compare_details(earlier, shown, later)

    def compare_details(self, earlier, shown, later):
        """What does not belong to the socket's identity: it may move, between the same bounds."""
        wrong = []
        has_file = shown.inode != 0
        if has_file and shown.uid != earlier.uid:
            wrong.append("uid")
        if not self.is_churn(shown):
            if earlier.queues == later.queues != shown.queues:
                wrong.append("queues")
            if earlier.timer == later.timer != shown.timer:
                wrong.append("timer")
        if shown.timer == earlier.timer == later.timer == "time_wait":
            if not later.left_s[0] - TICK_S <= shown.left_s[0] <= earlier.left_s[1] + TICK_S:
                wrong.append("time left")
        # ss also counts what answered a repeated SYN, the snapshot only what a time-out sent.
        if shown.retries is not None and shown.retries > later.retries:
            wrong.append("retries")
        if wrong:
            self.complaints.append(f"{', '.join(wrong)} differ\nbefore:   {earlier}\n"
                                   f"snapshot: {shown}\nafter:    {later}")

    def all_of_the_snapshot_is_in_ss(self, before, snapshot, after):
        in_ss = set(before) | set(after)
        tuples = {one.tuple for one in in_ss}
        for one in snapshot:
            if one in in_ss:
                continue
            reason = "moved_on" if one.tuple in tuples else "short_lived"
            self.differing[reason] += 1
            if self.is_churn(one):
                self.unproven.append(one)
            else:
                self.complaints.append(f"only in the snapshot: {one}")

    def is_churn(self, one):
        return bool(self.churn_ports & {end[1] for end in one.tuple})

    def prove(self, client_ports):
        """The load says that it made the connections whose difference is explained."""
        for one in self.unproven:
            ports = {end[1] for end in one.tuple} - self.churn_ports
            if not ports <= client_ports | {0}:
                self.complaints.append(f"not a connection of the load: {one}")


def hold_all(ready, await_end):
    """A child's life: it holds what its parent held when it forked, and does nothing with it."""
    ready()
    await_end()


def hold_what_is_sent(channel):
    def hold(ready, await_end):
        _, descriptors, _, _ = socket.recv_fds(channel, 1, 2)
        ready(len(descriptors))
        await_end()
    return hold


def sent_to_another_process():
    """A process that got both ends of a connection over a UNIX socket; nobody else holds them."""
    here, there = socket.socketpair(socket.AF_UNIX)
    server = states.listener("ipv4")
    ends = states.pair(server, "ipv4")
    socket.send_fds(here, [b"x"], [end.fileno() for end in ends])
    for held in (*ends, server):
        held.close()
    receiver = LiveChild("receiver", hold_what_is_sent(there))
    check(receiver.said == len(ends), f"{receiver.said} sockets were received")
    return receiver


def with_a_thread_of_another_name(contents):
    is_over = threading.Event()
    thread = threading.Thread(target=lambda: (set_name("a thread"), is_over.wait()))
    thread.start()
    try:
        contents()
    finally:
        is_over.set()
        thread.join()


def compare_in_rounds(namespace, comparison):
    """At least ROUNDS, and on until the load has left its traces."""
    for number in range(MOST_ROUNDS):
        if number >= ROUNDS and comparison.compared["time_wait"] >= LEAST_COMPARED["time_wait"]:
            return
        comparison.add(*draw(namespace))


def it_shows_what_ss_shows(namespace):
    with namespace.make(Churn) as churn, namespace.make(sent_to_another_process):
        shared = namespace.make(Situations)
        with LiveChild("heir of all", hold_all):
            own = namespace.make(Situations)
            comparison = Comparison(churn.ports)
            with_a_thread_of_another_name(lambda: compare_in_rounds(namespace, comparison))
            check(shared.keeps and own.keeps, "the situations are kept until here")
        clients = churn.end()
    comparison.prove(clients)
    print(f"compared {dict(comparison.compared)}, {comparison.orphans} of them orphans; "
          f"explained {dict(comparison.differing)}; {len(clients)} connections meanwhile")
    check(not comparison.complaints,
          f"{len(comparison.complaints)} complaints\n" + "\n".join(comparison.complaints[:10]))
    for state, least in LEAST_COMPARED.items():
        check(comparison.compared[state] >= least,
              f"only {comparison.compared[state]} sockets in {state} were compared")
    check(comparison.orphans >= LEAST_ORPHANS, f"only {comparison.orphans} orphans")
    check(len(clients) >= LEAST_CHURN, f"only {len(clients)} connections came and went")


def explanations_are_documented():
    path = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "snapshot.md")
    with open(path, encoding="utf-8") as document:
        text = re.sub(r"\s+", " ", document.read())
    for name, reason in EXPLAINED.items():
        check(reason in text, f"docs/snapshot.md does not say of {name}: {reason}")


def main():
    missing = cannot_trace(TCPTWIN)
    if missing:
        return skip(missing)
    with Namespace("tcptwin-snapshot") as namespace:
        explanations_are_documented()
        it_shows_what_ss_shows(namespace)
    return 0


sys.exit(main())
