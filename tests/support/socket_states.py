# SPDX-License-Identifier: MIT
"""Leads real TCP sockets into every state they can stay in, in the caller's network namespace, over
IPv4, IPv6 and v4-mapped addresses. Used by the live tests of `snapshot` and `stuck`.

A peer that stops answering is a socket with a filter that drops every segment: whatever comes to
it is lost, as on a dead line, while its kernel still sends what it is told to."""
import ctypes
import select
import socket
import struct
import time

PATIENCE_S = 10.0
# As TCP_INFO numbers them.
FIN_WAIT1, FIN_WAIT2 = 4, 5
SO_ATTACH_FILTER = 26
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER
TCP_LINGER2 = getattr(socket, "TCP_LINGER2", 8)
LOOPBACK = {"ipv4": (socket.AF_INET, "127.0.0.1"), "ipv6": (socket.AF_INET6, "::1"),
            "mapped": (socket.AF_INET6, "::ffff:127.0.0.1")}
FAMILIES = tuple(LOOPBACK)


def silence(end):
    """From now on every segment that comes to this socket is dropped, before TCP sees it."""
    return_nothing = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
    program = struct.pack("HL", 1, ctypes.addressof(return_nothing))
    end.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def new_socket(family):
    return socket.socket(LOOPBACK[family][0], socket.SOCK_STREAM)


def listener(family, backlog=64, device=None):
    """Listens at a port of the kernel's choice; the v4-mapped one takes both kinds of clients."""
    server = new_socket(family)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family != "ipv4":
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if family == "mapped" else 1)
    if device:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    server.bind(("::" if family == "mapped" else LOOPBACK[family][1], 0))
    server.listen(backlog)
    return server


def port_of(end):
    return end.getsockname()[1]


def connect_to(family, port):
    client = new_socket(family)
    client.connect((LOOPBACK[family][1], port))
    return client


def connect(server, family):
    return connect_to(family, port_of(server))


def pair(server, family):
    """Both ends of an accepted connection: (client, accepted)."""
    client = connect(server, family)
    return client, server.accept()[0]


def begin(client, family, port):
    """Sends a SYN and waits for nothing."""
    client.setblocking(False)
    client.connect_ex((LOOPBACK[family][1], port))
    return client


def unanswered(family):
    """A client in SYN_SENT: (client, what listens there and is silent)."""
    server = listener(family)
    silence(server)
    return begin(new_socket(family), family, port_of(server)), server


def half_open_to(family, port):
    """A client that never hears the SYN+ACK: SYN_SENT, and a request socket at the listener."""
    client = new_socket(family)
    silence(client)
    return begin(client, family, port)


def half_open(server, family):
    return half_open_to(family, port_of(server))


def await_state(end, state):
    """Until the kernel says that the socket is in this state."""
    deadline = time.monotonic() + PATIENCE_S
    while end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != state:
        if time.monotonic() > deadline:
            raise AssertionError(f"no socket came to kernel state {state}")


def await_end_of_stream(end):
    end.setblocking(True)
    if end.recv(1) != b"":
        raise AssertionError("data instead of the end of the stream")


def await_readable(end):
    if not select.select([end], [], [], PATIENCE_S)[0]:
        raise AssertionError("nothing arrived")


def half_closed(server, family):
    """(FIN_WAIT2, CLOSE_WAIT)"""
    client, accepted = pair(server, family)
    client.shutdown(socket.SHUT_WR)
    await_end_of_stream(accepted)
    await_state(client, FIN_WAIT2)
    return client, accepted


def in_last_ack(server, family):
    """LAST_ACK without a process; returns its other end, in FIN_WAIT2."""
    client, accepted = half_closed(server, family)
    silence(client)
    accepted.close()
    return client


def in_fin_wait1(server, family):
    """(FIN_WAIT1, ESTABLISHED): the FIN is lost again and again."""
    client, accepted = pair(server, family)
    silence(accepted)
    client.shutdown(socket.SHUT_WR)
    return client, accepted


def in_closing(server, family):
    """(CLOSING, FIN_WAIT1): both sent a FIN, and one of them hears nothing any more."""
    client, accepted = in_fin_wait1(server, family)
    accepted.shutdown(socket.SHUT_WR)
    await_end_of_stream(client)
    return client, accepted


def linger_in_fin_wait2(server, family):
    """An orphan in FIN_WAIT2 that still is a whole socket; returns its other end, in CLOSE_WAIT."""
    client, accepted = pair(server, family)
    client.setsockopt(socket.IPPROTO_TCP, TCP_LINGER2, 120)
    client.close()
    await_end_of_stream(accepted)
    return accepted


def wait_for_its_end(server, family):
    """An orphan in FIN_WAIT2, kept in a minisocket; returns its other end, in CLOSE_WAIT."""
    client, accepted = pair(server, family)
    client.close()
    await_end_of_stream(accepted)
    return accepted


def left_alone(server, family):
    """ESTABLISHED, and its other end is gone: the RST was lost."""
    client, accepted = pair(server, family)
    silence(accepted)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    client.close()
    return accepted


def in_time_wait(server, family):
    """Nothing is left of it but TIME_WAIT, at the client's end."""
    client, accepted = half_closed(server, family)
    accepted.close()
    await_end_of_stream(client)
    client.close()
