#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""programs_test.py SUPPORT TCPTWIN GROUP: real programs from Debian packages end their connections
in a network namespace, and `tcptwin life` tells each with the right owners, ending and bytes. What
is expected is what the programs are documented to do. Where two programs close on the same word,
one is stopped until the other has closed, so that the order is never a race. Exits with 77, naming
it, where a program or a permission is missing."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, sys.argv[1])
from live_program import cannot_trace, check, play, skip, wait_until  # noqa: E402
from lives import (CLOSED_BY_PEER, CLOSED_HERE, CLOSED_UNREAD, CLOSED_WITH_LISTENER,  # noqa: E402
                   DATA_AFTER_CLOSE, DATA_AFTER_FIN_WAIT2, PEER_NEVER_CLOSED, REFUSED,
                   RESET_BY_PEER, SHUT_DOWN_HERE, End, Owner, Program, client_end, expect_connection,
                   expect_end, server_end)
from program_stage import (HERE, Stage, children_of, path_of, python, stop,  # noqa: E402
                           this_test, unacknowledged)

TCPTWIN = sys.argv[2]
# What each group needs, and the Debian package it comes from.
NEEDS = {
    "python": {},
    "nginx": {"nginx": "nginx", "curl": "curl"},
    "redis": {"redis-check-rdb": "redis-tools", "redis-cli": "redis-tools"},
    "postgresql": {"initdb": "postgresql-15", "psql": "postgresql-client-15",
                   "pgbench": "postgresql-15"},
    "ssh": {"sshd": "openssh-server", "ssh": "openssh-client", "ssh-keygen": "openssh-client"},
    "iperf3": {"iperf3": "iperf3"},
}


# --- Python programs of which every byte is known -------------------------------------------------

SERVE_EXACTLY = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    for pair in sys.argv[2:]:
        wanted, answer = map(int, pair.split(","))
        end, _ = listener.accept()
        with end:
            while wanted > 0:
                wanted -= len(end.recv(wanted))
            end.sendall(bytes(answer))
            assert end.recv(1) == b""  # the client closes first
"""
ASK_EXACTLY = """
import socket, sys
asked, answer = map(int, sys.argv[2].split(","))
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as end:
    end.sendall(bytes(asked))
    while answer > 0:
        answer -= len(end.recv(answer))
"""


def known_bytes_are_counted_at_both_ends_without_syn_and_fin(stage):
    pairs = [(0, 0), (1, 0), (0, 1), (1, 1), (1460, 65536), (300001, 70000), (3000000, 5000001)]
    texts = [f"{asked},{answer}" for asked, answer in pairs]
    server = Program("python3", stage.start(python(SERVE_EXACTLY, 7000, *texts), [7000]).pid)
    for (asked, answer), text in zip(pairs, texts):
        process = stage.start(python(ASK_EXACTLY, 7000, text))
        check(process.wait(30) == 0, f"the client of {text}: {process.returncode}")
        client = Program("python3", process.pid)
        expect_connection(stage.lives.take(client, 7000), text, client_end(client, CLOSED_HERE),
                          server_end(server, server, CLOSED_BY_PEER), asked, answer)
    stage.finish()


SERVE_AFTER_THE_END = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    end, _ = listener.accept()
    with end:
        while end.recv(65536):
            pass
        end.sendall(bytes(int(sys.argv[2])))
"""


def what_is_answered_after_the_clients_end_of_data_is_the_half_closed_part(stage):
    process = stage.start(python(SERVE_AFTER_THE_END, 7001, 123456), [7001])
    client, server = this_test(), Program("python3", process.pid)
    with stage.connect(7001) as end:
        end.sendall(bytes(1000))
        end.shutdown(socket.SHUT_WR)
        while end.recv(65536):
            pass
    ends = stage.lives.take(client, 7001)
    expect_connection(ends, "half-closed", client_end(client, SHUT_DOWN_HERE),
                      server_end(server, server, CLOSED_BY_PEER), 1000, 123456)
    half = {role: (end["half_closed"]["by"], end["half_closed"]["bytes"])
            for role, end in ends.items()}
    check(half == {"active": ("local", 123456), "passive": ("remote", 123456)}, f"half: {ends}")
    stage.finish()


SERVE_LIKE_INETD = """
import os, socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        end, _ = listener.accept()
        child = os.fork()
        if child == 0:
            os.dup2(end.fileno(), 0)
            os.dup2(end.fileno(), 1)
            os.execv("/bin/cat", ["cat"])
        end.close()
        print(child, flush=True)
        os.waitpid(child, 0)
"""


def a_connection_follows_its_owner_through_fork_and_exec(stage):
    process = stage.start(python(SERVE_LIKE_INETD, 7002), [7002], stdout=subprocess.PIPE, text=True)
    with stage.connect(7002) as end:
        cat = Program("cat", int(process.stdout.readline()))
        end.sendall(bytes(5000))
        end.shutdown(socket.SHUT_WR)
        while end.recv(65536):
            pass
    client, listener = this_test(), Program("python3", process.pid)
    expect_connection(stage.lives.take(client, 7002), "inetd", client_end(client, SHUT_DOWN_HERE),
                      server_end(listener, cat, CLOSED_BY_PEER), 5000, 5000)
    stage.finish()


LEAK = """
import socket, sys
kept = []
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        kept.append(listener.accept()[0])
        while kept[-1].recv(65536):
            pass
"""


def a_leaking_server_ends_its_connection_only_when_it_is_killed(stage):
    process = stage.start(python(LEAK, 7003), [7003])
    client, server = this_test(), Program("python3", process.pid)
    with stage.connect(7003) as end:
        end.sendall(bytes(77))
    stage.wait_for_states(7003, "CLOSE-WAIT")
    leaks_since = time.monotonic_ns()
    stage.wait_for_states(7003, "FIN-WAIT-2")
    leaks_for_us = (time.monotonic_ns() - leaks_since) // 1000
    process.kill()
    ends = stage.lives.take(client, 7003)
    expect_connection(ends, "leak", client_end(client, CLOSED_HERE),
                      server_end(server, server, CLOSED_BY_PEER), 77, 0)
    close_wait = [part for part in ends["passive"]["path"] if part["state"] == "close_wait"]
    check(len(close_wait) == 1 and close_wait[0]["us"] >= leaks_for_us,
          f"CLOSE_WAIT lasted {leaks_for_us} us or longer: {ends}")
    stage.finish()


def a_leak_that_outlasts_the_peer_ends_with_its_reset(stage):
    """The client's kernel forgets the connection after tcp_fin_timeout; the killed server's FIN then
    finds nobody. Two records: the ends did not end together."""
    check(stage.space.run(["sysctl", "-qw", "net.ipv4.tcp_fin_timeout=1"]).returncode == 0,
          "tcp_fin_timeout")
    process = stage.start(python(LEAK, 7004), [7004])
    client, server = this_test(), Program("python3", process.pid)
    stage.connect(7004).close()
    alone = stage.lives.take(client, 7004)
    check(set(alone) == {"active"}, f"the server's end has not ended: {alone}")
    expect_end(alone["active"], client_end(client, PEER_NEVER_CLOSED), "forgotten, client")
    process.kill()
    expect_end(stage.lives.take_server_end(7004),
               End(RESET_BY_PEER, Owner("python3", server.pid, "listener"),
                   Owner("python3", server.pid, "last_user"),
                   Owner("python3", server.pid, "acted")), "forgotten, server")
    stage.finish()


# --- nginx and curl -------------------------------------------------------------------------------

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:8080;
    root {folder};
    # The length is not known beforehand and there are no chunks: the end of the connection is
    # the end of the body.
    location /unknown {{ ssi on; ssi_types *; chunked_transfer_encoding off; }}
  }}
}}
"""
BODY = b"tcptwin\n" * 12345


def start_nginx(stage):
    """Its master, which listens, and its worker, which accepts."""
    stage.file("known.txt", BODY)
    stage.file("unknown.txt", BODY)
    configuration = stage.file("nginx.conf", NGINX.format(folder=stage.folder).encode())
    master = stage.start(["nginx", "-p", stage.folder, "-c", configuration,
                          "-e", f"{stage.folder}/error.log"], [8080])
    worker = wait_until(lambda: children_of(master.pid), "nginx has no worker")[0]
    return master, Program("nginx", master.pid), Program("nginx", worker)


def curl(stage, *urls):
    """The program, and the bytes that it says it sent and received: headers and bodies."""
    # One argument makes one transfer on the same connection, if it can be kept.
    command = ["curl", "-s", "-w", "%{size_request} %{size_header} %{size_download}\\n"]
    for url in urls:
        command += ["-o", f"{stage.folder}/answer", url]
    process = stage.start(command, stdout=subprocess.PIPE, text=True)
    output, _ = process.communicate(timeout=30)
    rows = [[int(figure) for figure in row.split()] for row in output.splitlines()]
    check(len(rows) == len(urls), f"curl {urls}: {output}")
    return (process.returncode, Program("curl", process.pid), sum(row[0] for row in rows),
            sum(row[1] + row[2] for row in rows))


def curl_closes_a_connection_that_nginx_keeps_alive(stage):
    _, listener, worker = start_nginx(stage)
    url = "http://127.0.0.1:8080/known.txt"
    for urls in ([url], [url, url, url]):
        code, client, sent, answered = curl(stage, *urls)
        check(code == 0 and answered > len(urls) * len(BODY), f"curl: {code}, {answered}")
        expect_connection(stage.lives.take(client, 8080), "kept alive",
                          client_end(client, CLOSED_HERE),
                          server_end(listener, worker, CLOSED_BY_PEER), sent, answered)
    stage.finish()


def nginx_closes_where_the_end_of_the_connection_is_the_end_of_the_body(stage):
    _, listener, worker = start_nginx(stage)
    code, client, sent, answered = curl(stage, "http://127.0.0.1:8080/unknown.txt")
    check(code == 0 and answered > len(BODY), f"curl: {code}, {answered}")
    expect_connection(stage.lives.take(client, 8080), "closed by the server",
                      client_end(client, CLOSED_BY_PEER),
                      server_end(listener, worker, CLOSED_HERE), sent, answered)
    stage.finish()


def curl_is_refused_where_nobody_listens(stage):
    code, client, _, _ = curl(stage, "http://127.0.0.1:9/")
    check(code == 7, f"curl: {code}")  # CURLE_COULDNT_CONNECT
    ends = stage.lives.take(client, 9)
    check(set(ends) == {"active"}, f"there is no other end: {ends}")
    expect_end(ends["active"], client_end(client, REFUSED), "refused")
    check((ends["active"]["bytes_in"], ends["active"]["bytes_out"]) == (0, 0), f"bytes: {ends}")
    stage.finish()


def nginx_is_killed_with_an_idle_an_unread_and_an_unaccepted_connection(stage):
    """What the kernel does for the dead: FIN where everything was read, RST where not (RFC 2525,
    2.17), RST for those that wait to be accepted."""
    master, listener, worker = start_nginx(stage)
    client = this_test()
    request = b"GET /known.txt HTTP/1.1\r\nHost: tcptwin\r\n\r\n"
    idle, unread = stage.connect(8080), stage.connect(8080)
    answered = [ask_nginx(end, request) for end in (idle, unread)]
    stop(worker.pid)
    unread.sendall(request)
    wait_until(lambda: unacknowledged(unread) == 0, "the second request is not acknowledged")
    unaccepted = stage.connect(8080)
    ports = {name: end.getsockname()[1] for name, end in
             (("idle", idle), ("unread", unread), ("unaccepted", unaccepted))}
    master.kill()  # first, so that the worker holds the port alone
    master.wait(30)
    os.kill(worker.pid, signal.SIGKILL)
    check(idle.recv(1) == b"", "the idle one was not closed with a FIN")
    for end in (unread, unaccepted):
        try:
            check(False, f"received {end.recv(1)}, not RST")
        except ConnectionResetError:
            pass
    for end in (idle, unread, unaccepted):
        end.close()
    ends = {}
    for _ in ports:
        told = stage.lives.take(client, 8080)
        ends[told["active"]["local"]["port"]] = told
    expect_connection(ends[ports["idle"]], "idle", client_end(client, CLOSED_BY_PEER),
                      server_end(listener, worker, CLOSED_HERE), len(request), answered[0])
    expect_connection(ends[ports["unread"]], "unread", client_end(client, RESET_BY_PEER),
                      server_end(listener, worker, CLOSED_UNREAD), 2 * len(request), answered[1])
    nobody_yet = End(CLOSED_WITH_LISTENER, Owner(listener.comm, listener.pid, "listener"),
                     Owner(worker.comm, worker.pid, "last_user"),
                     Owner(worker.comm, worker.pid, "acted"), never_accepted=True)
    expect_connection(ends[ports["unaccepted"]], "unaccepted", client_end(client, RESET_BY_PEER),
                      nobody_yet, 0, 0)
    stage.finish("L25")  # a listener resets those that nobody accepted


def ask_nginx(end, request):
    """The length of the answer, header and body."""
    end.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer or len(answer.partition(b"\r\n\r\n")[2]) < len(BODY):
        answer += end.recv(65536)
    return len(answer)


# --- Redis ----------------------------------------------------------------------------------------

def words(*arguments):
    """The length of a request in the Redis protocol (RESP)."""
    text = f"*{len(arguments)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in arguments)
    return len(text)


def start_redis(stage):
    # The server's binary comes with redis-tools under another name, without a system service.
    server = os.path.join(stage.folder, "redis-server")
    os.symlink(path_of("redis-check-rdb"), server)
    process = stage.start([server, "--port", "6379", "--bind", HERE, "--save", ""], [6379])
    return process, Program("redis-server", process.pid)


def redis_cli(stage, *arguments):
    process = stage.start(["redis-cli", *arguments], stdout=subprocess.PIPE, text=True)
    output, _ = process.communicate(timeout=30)
    return Program("redis-cli", process.pid), output


def redis_cli_closes_first_and_redis_never(stage):
    _, server = start_redis(stage)
    client, output = redis_cli(stage, "set", "key", "value")
    check(output == "OK\n", output)
    expect_connection(stage.lives.take(client, 6379), "set", client_end(client, CLOSED_HERE),
                      server_end(server, server, CLOSED_BY_PEER), words("set", "key", "value"),
                      len("+OK\r\n"))
    stage.finish()


def start_waiting_redis_cli(stage):
    """A client that waits for an element of a list that never comes."""
    process = stage.start(["redis-cli", "blpop", "nothing", "0"])
    wait_until(lambda: "cmd=blpop" in redis_cli(stage, "client", "list")[1], "nobody waits")
    return process, Program("redis-cli", process.pid)


def redis_closes_a_client_on_command_and_all_when_it_shuts_down(stage):
    process, server = start_redis(stage)
    asked = words("blpop", "nothing", "0")
    waiting, client = start_waiting_redis_cli(stage)
    killer, output = redis_cli(stage, "client", "kill", "type", "normal")
    check(output == "1\n", output)
    waiting.wait(30)
    expect_connection(stage.lives.take(client, 6379), "killed client",
                      client_end(client, CLOSED_BY_PEER),
                      server_end(server, server, CLOSED_HERE), asked, 0)
    expect_connection(stage.lives.take(killer, 6379), "killer", client_end(killer, CLOSED_HERE),
                      server_end(server, server, CLOSED_BY_PEER),
                      words("client", "kill", "type", "normal"), len(":1\r\n"))

    waiting, client = start_waiting_redis_cli(stage)
    last, _ = redis_cli(stage, "shutdown", "nosave")
    check(process.wait(30) == 0, f"redis-server: {process.returncode}")
    waiting.wait(30)
    # The sockets are closed by the last of its threads to end; the process is what is named.
    for program, sent in ((client, asked), (last, words("shutdown", "nosave"))):
        expect_connection(stage.lives.take(program, 6379), "shutdown",
                          client_end(program, CLOSED_BY_PEER),
                          server_end(server, server, CLOSED_HERE), sent, 0)
    stage.finish()


# --- PostgreSQL -----------------------------------------------------------------------------------

def start_postgresql(stage):
    """Its postmaster, which listens and accepts; each connection is a forked backend's."""
    data = os.path.join(stage.folder, "data")
    os.mkdir(data)
    os.chmod(data, 0o700)
    shutil.chown(data, "nobody", "nogroup")
    as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]
    made = stage.space.run([*as_nobody, path_of("initdb"), "-D", data, "-A", "trust",
                            "-U", "postgres", "--no-sync", "--no-locale"], cwd=stage.folder)
    check(made.returncode == 0, f"initdb: {made.stderr}")
    postmaster = stage.start([*as_nobody, path_of("postgres"), "-D", data, "-p", "5432", "-k", "",
                              "-c", f"listen_addresses={HERE}", "-c", "fsync=off"], [5432])
    ready = [path_of("pg_isready"), "-h", HERE, "-U", "postgres"]
    wait_until(lambda: stage.space.run(ready).returncode == 0, "PostgreSQL is not ready")
    return Program("postgres", postmaster.pid)


def start_psql(stage, postmaster):
    """psql, connected and idle, and the backend that serves it."""
    process = stage.start([path_of("psql"), "-h", HERE, "-U", "postgres", "-XqtA"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    # psql looks at its connection again after a result, but not after its own commands.
    process.stdin.write("select pg_backend_pid();\n\\echo idle\n")
    process.stdin.flush()
    backend = int(process.stdout.readline())
    check(process.stdout.readline() == "idle\n", "psql is not idle")
    stage.wait_until_let_go(postmaster, 5432)
    return process, Program("psql", process.pid), Program("postgres", backend)


def psql_says_goodbye_and_the_backend_follows(stage):
    postmaster = start_postgresql(stage)
    process, client, backend = start_psql(stage, postmaster)
    stop(backend.pid)
    process.stdin.close()  # sends Terminate and closes
    check(process.wait(30) == 0, f"psql: {process.returncode}")
    os.kill(backend.pid, signal.SIGCONT)
    expect_connection(stage.lives.take(client, 5432), "goodbye", client_end(client, CLOSED_HERE),
                      server_end(postmaster, backend, CLOSED_BY_PEER))
    stage.finish()


def psql_asks_a_backend_that_was_killed(stage):
    """The kernel closes for the backend with a FIN. The next query then meets an end without a
    process, which answers data with RST (RFC 9293, 3.6.1)."""
    postmaster = start_postgresql(stage)
    process, client, backend = start_psql(stage, postmaster)
    os.kill(backend.pid, signal.SIGKILL)
    stage.wait_for_states(5432, "CLOSE-WAIT", "FIN-WAIT-2")
    process.stdin.write("select 1;\n")
    process.stdin.close()
    check(process.wait(30) == 2, f"psql: {process.returncode}")  # the connection went bad
    expect_connection(stage.lives.take(client, 5432), "killed backend",
                      client_end(client, RESET_BY_PEER),
                      End(DATA_AFTER_FIN_WAIT2, Owner("postgres", postmaster.pid, "listener"),
                          Owner("postgres", backend.pid, "last_user"),
                          Owner("postgres", backend.pid, "acted")), all_arrived=True)
    stage.finish("L50")


def pgbench_ends_each_of_its_connections(stage):
    postmaster = start_postgresql(stage)
    script = stage.file("script.sql", b"select 1;\n")
    process = stage.start([path_of("pgbench"), "-h", HERE, "-U", "postgres", "-n", "-c", "4",
                           "-j", "2", "-t", "25", "-f", script, "postgres"])
    check(process.wait(30) == 0, f"pgbench: {process.returncode}")
    client = Program("pgbench", process.pid)
    for _ in range(5):  # four clients, and one connection that looks at the database first
        ends = stage.lives.take(client, 5432)
        check(set(ends) == {"active", "passive"}, f"pgbench: not one record: {ends}")
        # A backend; or the postmaster, if it closes its copy when the backend has ended already.
        user = ends["passive"]["owners"]["last_user"]
        expect_connection(ends, "pgbench", client_end(client, None),
                          server_end(postmaster, Program("postgres", user["pid"]), None))
    stage.finish()


# --- OpenSSH --------------------------------------------------------------------------------------

def start_sshd(stage):
    confinement = "/run/sshd"  # of the host: sshd wants it for its child
    if not os.path.isdir(confinement):
        os.mkdir(confinement, 0o755)
        stage.undo.callback(os.rmdir, confinement)
    for key in ("host", "user"):
        subprocess.run([path_of("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f",
                        os.path.join(stage.folder, key)], check=True)
    process = stage.start([path_of("sshd"), "-D", "-e", "-f", "/dev/null", "-p", "2222",
                           "-h", f"{stage.folder}/host", "-o", f"ListenAddress={HERE}",
                           "-o", "PidFile=none", "-o", "UsePAM=no", "-o", "StrictModes=no",
                           "-o", f"AuthorizedKeysFile={stage.folder}/user.pub"], [2222])
    return Program("sshd", process.pid)


def start_ssh(stage, listener):
    """A client that is logged in, its control socket, and the two processes of its session: the
    monitor, which stays root, and its child."""
    control = os.path.join(stage.folder, "control")
    process = stage.start([path_of("ssh"), "-F", "/dev/null", "-p", "2222", "-N", "-M",
                           "-S", control, "-i", f"{stage.folder}/user", "-o", "BatchMode=yes",
                           "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                           "-o", "UpdateHostKeys=no", f"nobody@{HERE}"])
    wait_until(lambda: process.poll() is not None or os.path.exists(control), "no login")
    check(process.poll() is None, f"ssh: {process.poll()}")
    # The server's answer comes after all that it has to say to a new client: then it is silent.
    asked = ssh_control(stage, control, "forward", "-R", f"0:{HERE}:9")
    check(asked.returncode == 0, f"ssh -O forward: {asked.stderr}")
    monitor = wait_until(lambda: children_of(listener.pid), "no session")[0]
    stage.wait_until_let_go(listener, 2222)
    child = wait_until(lambda: children_of(monitor), "no unprivileged process")[0]
    return process, control, Program("sshd", monitor), child


def ssh_control(stage, control, command, *options):
    return stage.space.run([path_of("ssh"), "-F", "/dev/null", "-S", control, "-O", command,
                            *options, HERE])


def ssh_leaves_and_the_session_follows(stage):
    listener = start_sshd(stage)
    process, control, monitor, child = start_ssh(stage, listener)
    stop(child)
    left = ssh_control(stage, control, "exit")
    check(left.returncode == 0, f"ssh -O exit: {left.stderr}")
    process.wait(30)
    os.kill(child, signal.SIGCONT)
    client = Program("ssh", process.pid)
    # Both processes of the session hold the connection; the monitor waits for its child.
    expect_connection(stage.lives.take(client, 2222), "left", client_end(client, CLOSED_HERE),
                      server_end(listener, monitor, CLOSED_BY_PEER))
    stage.finish()


def ssh_is_killed(stage):
    listener = start_sshd(stage)
    process, _, monitor, _ = start_ssh(stage, listener)
    process.kill()
    client = Program("ssh", process.pid)
    expect_connection(stage.lives.take(client, 2222), "killed", client_end(client, CLOSED_HERE),
                      server_end(listener, monitor, CLOSED_BY_PEER))
    stage.finish()


def the_session_is_killed(stage):
    """ssh still sends its disconnect message when the server has closed, to nobody."""
    listener = start_sshd(stage)
    process, _, monitor, child = start_ssh(stage, listener)
    os.kill(child, signal.SIGKILL)
    process.wait(30)
    client = Program("ssh", process.pid)
    expect_connection(stage.lives.take(client, 2222), "session killed",
                      client_end(client, RESET_BY_PEER),
                      End(DATA_AFTER_CLOSE, Owner("sshd", listener.pid, "listener"),
                          Owner("sshd", monitor.pid, "last_user"),
                          Owner("sshd", monitor.pid, "acted"), or_ending=DATA_AFTER_FIN_WAIT2),
                      all_arrived=True)
    stage.finish("L50")


# --- iperf3 ---------------------------------------------------------------------------------------

COOKIE = 37  # names the test at the beginning of each of its connections


def iperf3(stage, *options):
    """Client, server, the data connection's ends, and what the client says of it. The control
    connection is judged here: both programs close it after the same last message."""
    process = stage.start(["iperf3", "-s", "-1", "-B", HERE], [5201])
    server = Program("iperf3", process.pid)
    running = stage.start(["iperf3", "-c", HERE, "-J", *options], stdout=subprocess.PIPE,
                          text=True)
    output, _ = running.communicate(timeout=30)
    process.wait(30)
    client = Program("iperf3", running.pid)
    report = json.loads(output)
    data_port = report["start"]["connected"][0]["local_port"]
    data = None
    for _ in range(2):
        ends = stage.lives.take(client, 5201)
        if ends["active"]["local"]["port"] == data_port:
            data = ends
        else:
            expect_connection(ends, "control", client_end(client, None),
                              server_end(server, server, None))
    check(data is not None, f"no connection from port {data_port}")
    return client, server, data, report["end"]


def iperf3_counts_what_tcptwin_counts(stage):
    client, server, data, report = iperf3(stage, "-R", "-n", "4M")
    # In reverse the server sends all, and closes first, when the client has told it the end.
    check(report["sum_received"]["bytes"] == report["sum_sent"]["bytes"], f"iperf3: {report}")
    expect_connection(data, "reverse", client_end(client, CLOSED_BY_PEER),
                      server_end(server, server, CLOSED_HERE), COOKIE,
                      report["sum_sent"]["bytes"])
    stage.finish()


def iperf3_may_close_before_it_has_read_all(stage):
    # The server stops at the client's word, whatever still waits to be read.
    client, server, data, report = iperf3(stage, "-n", "4M")
    expect_connection(data, "forward", client_end(client, None), server_end(server, server, None))
    received = data["passive"]["bytes_in"]
    check(report["sum_received"]["bytes"] + COOKIE <= received <=
          report["sum_sent"]["bytes"] + COOKIE, f"iperf3: {report}: {data}")
    check(data["active"]["bytes_out"] <= received, f"acknowledged before received: {data}")
    stage.finish()


# --------------------------------------------------------------------------------------------------

TESTS = {
    "python": (known_bytes_are_counted_at_both_ends_without_syn_and_fin,
               what_is_answered_after_the_clients_end_of_data_is_the_half_closed_part,
               a_connection_follows_its_owner_through_fork_and_exec,
               a_leaking_server_ends_its_connection_only_when_it_is_killed,
               a_leak_that_outlasts_the_peer_ends_with_its_reset),
    "nginx": (curl_closes_a_connection_that_nginx_keeps_alive,
              nginx_closes_where_the_end_of_the_connection_is_the_end_of_the_body,
              curl_is_refused_where_nobody_listens,
              nginx_is_killed_with_an_idle_an_unread_and_an_unaccepted_connection),
    "redis": (redis_cli_closes_first_and_redis_never,
              redis_closes_a_client_on_command_and_all_when_it_shuts_down),
    "postgresql": (psql_says_goodbye_and_the_backend_follows,
                   psql_asks_a_backend_that_was_killed, pgbench_ends_each_of_its_connections),
    "ssh": (ssh_leaves_and_the_session_follows, ssh_is_killed, the_session_is_killed),
    "iperf3": (iperf3_counts_what_tcptwin_counts, iperf3_may_close_before_it_has_read_all),
}


def main():
    group = sys.argv[3]
    why_not = cannot_trace(TCPTWIN)
    if why_not:
        return skip(why_not)
    missing = {f"{command} (package {package})" for command, package in NEEDS[group].items()
               if path_of(command) is None}
    if missing:
        return skip("missing: " + ", ".join(sorted(missing)))
    failed = 0
    for test in TESTS[group]:
        def play_one(test=test):
            with Stage(TCPTWIN) as stage:
                test(stage)
        try:
            play(play_one, test.__name__)
        except AssertionError:
            failed += 1
    return 1 if failed else 0


sys.exit(main())
