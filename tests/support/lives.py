# SPDX-License-Identifier: MIT
"""What `tcptwin life --json` must say of a connection between two programs of a test: the expected
table, and its comparison with the record. For the Python tests on the running kernel."""
from dataclasses import dataclass
from typing import Optional, Tuple

from live_program import check

# Who, how, why.
CLOSED_HERE = ("local", "fin", "local_close")
SHUT_DOWN_HERE = ("local", "fin", "local_shutdown")
CLOSED_BY_PEER = ("remote", "fin", "fin_received")
CLOSED_BY_BOTH = ("both", "fin", "fin_received_before_ack")
CLOSED_UNREAD = ("local", "rst_sent", "close_unread_abort")
CLOSED_WITH_LISTENER = ("local", "rst_sent", "listener_closed_child")
# Data for a process that is gone: in FIN_WAIT2 already, or with the ACK that leads there.
DATA_AFTER_CLOSE = ("local", "rst_sent", "data_after_close")
DATA_AFTER_FIN_WAIT2 = ("local", "rst_sent", "minisock_reset_peer")
RESET_BY_PEER = ("remote", "rst_received", "rst_received")
REFUSED = ("remote", "refused", "rst_received")
PEER_NEVER_CLOSED = ("kernel", "timeout", "fin_wait2_timeout")

# The endings that two programs can bring about of which either may be first: seen from one end,
# and from the other.
FITTING = {CLOSED_HERE: (CLOSED_BY_PEER,), SHUT_DOWN_HERE: (CLOSED_BY_PEER,),
           CLOSED_BY_PEER: (CLOSED_HERE, SHUT_DOWN_HERE), CLOSED_BY_BOTH: (CLOSED_BY_BOTH,),
           CLOSED_UNREAD: (RESET_BY_PEER,), DATA_AFTER_CLOSE: (RESET_BY_PEER,),
           DATA_AFTER_FIN_WAIT2: (RESET_BY_PEER,),
           RESET_BY_PEER: (CLOSED_UNREAD, DATA_AFTER_CLOSE, DATA_AFTER_FIN_WAIT2)}


@dataclass(frozen=True)
class Program:
    """A process, by the name and the number under which its owner records show it."""
    comm: str
    pid: int


@dataclass(frozen=True)
class Owner:
    comm: Optional[str]
    pid: Optional[int]
    confidence: str


# No process acted: the kernel ended it in an interrupt.
NOBODY = Owner(None, None, "none")


@dataclass(frozen=True)
class End:
    # None: either program may be first, and the other end must fit.
    ending: Optional[Tuple[str, str, str]]
    creator: Owner
    last_user: Owner
    closer: Optional[Owner]  # None: follows from the ending
    never_accepted: bool = False
    or_ending: Optional[Tuple[str, str, str]] = None  # as right, where the kernel may do either


def client_end(program, ending):
    """Opened and used by one program; closed by it, unless the peer's RST was first."""
    return End(ending, Owner(program.comm, program.pid, "acted"),
               Owner(program.comm, program.pid, "last_user"), _closer(program, ending))


def server_end(listener, program, ending):
    """`program` accepted what `listener` had opened the port for."""
    return End(ending, Owner(listener.comm, listener.pid, "listener"),
               Owner(program.comm, program.pid, "last_user"), _closer(program, ending))


def _closer(program, ending):
    if ending is None:
        return None
    return NOBODY if ending[1] in ("rst_received", "refused") else \
        Owner(program.comm, program.pid, "acted")


def ending_of(end):
    return (end["closed_by"], end["how"], end["why"])


def ends_of(line):
    """The ends of a `close` line that have ended, by role."""
    other = line.get("other_end")
    ended = [line] + ([other] if other is not None and "closed_by" in other else [])
    ends = {end["role"]: end for end in ended}
    check(len(ends) == len(ended), f"both ends in one role: {line}")
    return ends


class Lives:
    """The connections that a running `tcptwin life --json` has told so far; each is taken once."""

    def __init__(self, twin):
        self.twin = twin
        self.taken = []

    def take(self, client, port):
        """The ends, by role, of the next connection of this process to this port."""
        def is_its(line):
            if line["type"] != "close" or any(line is taken for taken in self.taken):
                return False
            active = ends_of(line).get("active")
            return (active is not None and active["remote"]["port"] == port and
                    active["owners"]["creator"]["pid"] == client.pid)
        line = self.twin.wait_for(is_its, f"a life of {client} to port {port}")[0]
        self.taken.append(line)
        return ends_of(line)

    def take_server_end(self, port):
        """The server's end, told in a record of its own."""
        def is_its(line):
            return (line["type"] == "close" and line["role"] == "passive" and
                    line["local"]["port"] == port and
                    not any(line is taken for taken in self.taken))
        line = self.twin.wait_for(is_its, f"the server's end at port {port}")[0]
        self.taken.append(line)
        return line


def expect_end(seen, expected, what):
    """One end's record against the table: ending, owners and verdict."""
    owners = {part: Owner(**seen["owners"][part]) for part in ("creator", "last_user", "closer")}
    _equal(owners["creator"], expected.creator, f"{what}: creator", seen)
    _equal(owners["last_user"], expected.last_user, f"{what}: last user", seen)
    if expected.ending is not None:
        if expected.or_ending is None or ending_of(seen) != expected.or_ending:
            _equal(ending_of(seen), expected.ending, f"{what}: who, how and why", seen)
        _equal(owners["closer"], expected.closer, f"{what}: closer", seen)
    _equal(seen["never_accepted"], expected.never_accepted, f"{what}: never accepted", seen)
    # A handshake under a listener always takes one documented deviation (L12).
    verdicts = ("conformant", "deviation")
    check(seen["verdict"] in verdicts, f"{what}: {seen['verdict']}: {seen}")


def expect_connection(ends, what, client, server, sent=None, answered=None, all_arrived=False):
    """One joined record: both ends as expected, and `sent` and `answered` bytes of the client's and
    the server's seen alike at both ends; without a number only that, where FINs ended it or where
    `all_arrived` before a RST."""
    check(set(ends) == {"active", "passive"}, f"{what}: not one record of two ends: {ends}")
    active, passive = ends["active"], ends["passive"]
    _equal((active["local"], active["remote"]), (passive["remote"], passive["local"]), what, ends)
    expect_end(active, client, f"{what}, client")
    expect_end(passive, server, f"{what}, server")
    if client.ending is None:
        check(ending_of(passive) in FITTING.get(ending_of(active), ()),
              f"{what}: {ending_of(active)} does not fit {ending_of(passive)}")
    if sent is not None:
        _equal((active["bytes_out"], passive["bytes_in"]), (sent, sent), f"{what}: sent", ends)
    if answered is not None:
        _equal((passive["bytes_out"], active["bytes_in"]), (answered, answered),
               f"{what}: answered", ends)
    if all_arrived or active["how"] == passive["how"] == "fin":
        _equal(active["bytes_out"], passive["bytes_in"], f"{what}: sent and received", ends)
        _equal(passive["bytes_out"], active["bytes_in"], f"{what}: answered and received", ends)


# What any orderly connection may take: a FIN_WAIT2 without a process is kept in a minisocket and
# has a time limit (L03, L04), and so has each handshake with a listener a step of its own (L12).
USUAL = ("L03", "L04", "L12")


def expect_clean(summary, *deviations):
    """Nothing lost, corrected or unexplained, and beside the usual no deviation but these."""
    for part in ("divergences", "lost"):
        check(not any(summary[part].values()), f"{part}: {summary}")
    for count in ("gaps", "healed", "missing", "ghosts", "mismatches"):
        check(summary.get(count, 0) == 0, f"{count}: {summary}")
    for verdict in ("divergence", "unverified", "gap"):
        check(summary["verdicts"][verdict] == 0, f"{verdict}: {summary}")
    check(set(summary["deviations"]) <= {*USUAL, *deviations},
          f"deviations {summary['deviations']}, expected no others than {deviations}")


def _equal(seen, expected, what, context):
    check(seen == expected, f"{what}: {seen}, expected {expected}; in {context}")
