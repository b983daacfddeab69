#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Makes the picture at the top of the README: a network namespace of its own, three short lives of
# TCP connections on its loopback, and tcptwin watching. Needs root.
#   docs/example.sh [PROGRAM]     (default: build/release/userspace/tcptwin)
set -euo pipefail
program=${1:-build/release/userspace/tcptwin}
namespace=tcptwin-example
lines=$(mktemp)

ip netns add "${namespace}"
trap 'ip netns delete "${namespace}"; rm -f "${lines}"' EXIT
ip -n "${namespace}" link set lo up
inside() { ip netns exec "${namespace}" "$@"; }

# Waits until the file has a line that matches; a minute and a half is longer than any TIME_WAIT.
await() {
  for _ in {1..900}; do
    grep -qE "$1" "${lines}" && return
    sleep 0.1
  done
  echo "no line with '$1' came" >&2
  return 1
}

"${program}" trace --netns "${namespace}" >"${lines}" &
tracer=$!
await OLDSTATE

# 1. A request and its answer; the server closes first, so TIME_WAIT is on its side.
inside python3 -c '
import socket
listener = socket.create_server(("127.0.0.1", 8080))
connection, _ = listener.accept()
connection.recv(100)
connection.sendall(b"answer")
connection.shutdown(socket.SHUT_WR)
connection.recv(100)' &
server=$!
await ' LISTEN '
inside bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080; echo request >&3; read -r -u 3' || true
wait "${server}"
# 2. Nobody listens there.
inside bash -c 'exec 3<>/dev/tcp/127.0.0.1/81' 2>/dev/null || true
# 3. A process ends although data for it has arrived.
inside python3 -c '
import socket
listener = socket.create_server(("127.0.0.1", 8081))
client = socket.create_connection(("127.0.0.1", 8081))
server, _ = listener.accept()
server.sendall(b"never read")
client.close()'
# 60 s later the first connection really ends.
await time_wait_expired

kill -INT "${tracer}"
wait "${tracer}"
cat "${lines}"
