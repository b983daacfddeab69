# SPDX-License-Identifier: MIT
"""Pictures of a network namespace's TCP sockets, as `ss` draws them and as `tcptwin snapshot` does,
in one form that can be compared. Used by the live test of `snapshot`."""
import dataclasses
import json
import re
import subprocess

STATES = {"LISTEN": "listen", "SYN-SENT": "syn_sent", "SYN-RECV": "syn_recv", "ESTAB": "established",
          "FIN-WAIT-1": "fin_wait1", "FIN-WAIT-2": "fin_wait2", "CLOSE-WAIT": "close_wait",
          "CLOSING": "closing", "LAST-ACK": "last_ack", "TIME-WAIT": "time_wait"}
TIMERS = {"": "none", "on": "retransmit", "keepalive": "keepalive", "timewait": "time_wait",
          "persist": "probe"}


@dataclasses.dataclass(frozen=True)
class Picture:
    """One socket. What only one of the programs shows is no part of it."""
    state: str
    local: tuple    # address, port
    remote: tuple
    inode: int      # 0: no file
    holders: frozenset  # of (name, pid, descriptor)
    cookie: int = dataclasses.field(compare=False)  # 0: not shown
    uid: int = dataclasses.field(compare=False)
    queues: tuple = dataclasses.field(compare=False)
    timer: str = dataclasses.field(compare=False)
    left_s: tuple = dataclasses.field(compare=False)  # at least, at most; of the timer
    retries: int = dataclasses.field(compare=False)  # None: not shown
    is_mptcp: bool = dataclasses.field(compare=False, default=False)

    @property
    def tuple(self):
        return self.local, self.remote

    def __str__(self):
        ends = " ".join(f"{address}:{port}" for address, port in self.tuple)
        return (f"{self.state} {ends} inode {self.inode} queues {self.queues} uid {self.uid} "
                f"{self.timer} {self.left_s} {self.retries} {sorted(self.holders)}")


def of_ss(namespace):
    done = subprocess.run(["ss", "-N", namespace, "-tanpoeOH"], capture_output=True, text=True,
                          timeout=60, check=True)
    return [_ss_line(line) for line in done.stdout.splitlines()]


def _ss_line(line):
    state, receive, send, local, remote, *_ = line.split()
    timer = re.search(r" timer:\((\w+),([^,]*),(\d+)\)", line)
    number = lambda key, base=10: int((re.search(rf" {key}:([0-9a-f]+)", line) or [0, "0"])[1], base)
    ends = _ss_end(local), _ss_end(remote)
    return Picture(STATES[state], *ends, number("ino"), _ss_users(line), number("sk", 16),
                   number("uid"), (int(receive), int(send)), TIMERS[timer[1] if timer else ""],
                   _ss_left(timer[2]) if timer else (0, 0), int(timer[3]) if timer else 0)


def _ss_end(text):
    """Without what tcptwin leaves out: the device, and that IPv4 came to a socket of IPv6."""
    address, port = text.rsplit(":", 1)
    address = address.split("%")[0].strip("[]").removeprefix("::ffff:")
    return "::" if address == "*" else address, 0 if port == "*" else int(port)


def _ss_users(line):
    return frozenset((name, int(pid), int(descriptor)) for name, pid, descriptor in
                     re.findall(r'\("([^"]*)",pid=(\d+),fd=(\d+)\)', line))


def _ss_left(text):
    """The span in which the time lies that `ss` has rounded down: 1min2sec, 59sec, 5.030ms, 12ms."""
    minutes, seconds, fraction, milliseconds = re.fullmatch(
        r"(?:(\d+)min)?(?:(\d+)sec|(\d+)\.(?=\d+ms))?(?:(\d+)ms)?", text).groups()
    whole = int(minutes or 0) * 60 + int(seconds or fraction or 0)
    if milliseconds is None:
        return whole, whole + (60 if seconds is None else 1)
    least = whole + int(milliseconds) / 1000
    return least, least + 0.001


def of_snapshot(tcptwin, namespace):
    """Its sockets, and its lines as they are."""
    done = subprocess.run([tcptwin, "snapshot", "--json", "-N", namespace], capture_output=True,
                          text=True, timeout=60, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [_snapshot_line(line) for line in lines if line["type"] == "socket"], lines


def _snapshot_line(line):
    state = "syn_recv" if line["state"] == "new_syn_recv" else line["state"]
    end = lambda which: (line[which]["addr"], line[which]["port"])
    holders = frozenset((holder["comm"], holder["pid"], holder["fd"]) for holder in line["holders"])
    left = (line["timer_us"] or 0) / 1e6
    retries = line["synack_retransmits"] if line["state"] == "new_syn_recv" else None
    return Picture(state, end("local"), end("remote"), line["inode"] or 0, holders,
                   int(line["conn"].split(".")[0], 16), line["uid"],
                   (line["receive_queue"], line["send_queue"]), line["timer"], (left, left), retries,
                   line.get("mptcp", False))
