#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""serve_web_live_test.py SUPPORT TCPTWIN: TLS, client certificates and passwords of `tcptwin serve`,
with curl and certificates made for the test. Exits with 77 where the running kernel does not allow
it."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, sys.argv[1])
from live_program import Namespace, cannot_trace, check, skip  # noqa: E402
from service import Service  # noqa: E402

TCPTWIN = sys.argv[2]
# bcrypt of "secret", cost 10.
SECRET = "$2y$10$abcdefghijklmnopqrstuuqflPDzB6gcMhKa1rZqKiun2YGL5sa2u"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def make_certificate(folder, name, *signing):
    """name.crt and name.key; signed by itself, or as `signing` says."""
    made = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
               "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext",
               "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", f"{folder}/{name}.key", "-out",
               f"{folder}/{name}.crt", *signing)
    check(made.returncode == 0, made.stderr)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def write(path, text):
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(f"{path}.new", path)


def get(url, *options):
    return run("curl", "-sS", "--max-time", "20", "-o", "/dev/null", "-w", "%{http_code}", *options, url)


TLS = "tls_server_config: {cert_file: server.crt, key_file: server.key%s}\n"
USERS = f"basic_auth_users: {{prometheus: '{SECRET}'}}\n"


def test(namespace, folder):
    for name in ("server", "client", "stranger"):
        make_certificate(folder, name)
    web = f"{folder}/web.yml"
    write(web, TLS % "" + USERS)
    port = free_port()
    url = f"https://127.0.0.1:{port}/metrics"
    trust = ("--cacert", f"{folder}/server.crt")
    login = ("-u", "prometheus:secret")
    with Service(TCPTWIN, "-N", namespace.name, "--listen", f"127.0.0.1:{port}", "--web-config",
                 web) as service:
        check(get(url, *trust, *login).stdout == "200", "with the password it answers")
        check(get(url, *trust).stdout == "401", "without it does not")
        check(get(url, *trust, "-u", "prometheus:Secret").stdout == "401", "nor with a wrong one")
        check(get(url, *login).returncode == 60, "curl does not trust the certificate by itself")
        plain = get(f"http://127.0.0.1:{port}/metrics", *login)
        check(plain.stdout == "000", f"no answer without TLS: {plain.stdout}")
        old = get(url, *trust, *login, "--tls-max", "1.1")
        check(old.stdout == "000", "no old TLS")
        check(service.get()[0] == 200, "the unix socket is the owner's and asks nothing")

        write(web, TLS % (", client_auth_type: RequireAndVerifyClientCert, client_ca_file: client.crt,"
                          " min_version: TLS13"))
        def client(name):
            return get(url, *trust, "--cert", f"{folder}/{name}.crt", "--key",
                       f"{folder}/{name}.key").stdout
        check(client("client") == "200", "the client's certificate is enough")
        check(client("stranger") == "000", "a stranger's is not")
        check(get(url, *trust).stdout == "000", "and there must be one")
        check(get(url, *trust, "--cert", f"{folder}/client.crt", "--key", f"{folder}/client.key",
                  "--tls-max", "1.2").stdout == "000", "TLS 1.3 it must be")
        write(web, "tls_server_config: {nonsense: 1}\n")
        check(client("client") == "200", "a wrong file is not taken: the former one holds")

        # Who never finishes the handshake does not keep others out.
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
        check(client("client") == "200", "others are answered meanwhile")
        for end in idle:
            end.close()
        check(service.process.poll() is None, "it still runs")
    broken = run(TCPTWIN, "serve", "--check-config", "--web-config", web)
    check(broken.returncode == 2 and "tls_server_config.nonsense" in broken.stderr, broken.stderr)


def main():
    why = cannot_trace(TCPTWIN)
    if not why and shutil.which("curl") is None:
        why = "curl (Debian package curl) is missing"
    if why:
        return skip(why)
    with Namespace("tcptwin-web") as namespace, tempfile.TemporaryDirectory() as folder:
        test(namespace, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
