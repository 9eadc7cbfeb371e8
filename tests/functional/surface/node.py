"""A ledger node as a process, and ways to speak to it that are not ours."""
import http.client
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import threading
import time

PASSWORD = "a password for tests"
ENVIRONMENT = dict(os.environ, ASSAY_PASSWORD=PASSWORD)


def run(*arguments, check=True, **more):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, env=ENVIRONMENT,
                          timeout=120, **more)
    if check and done.returncode != 0:
        raise AssertionError(f"{arguments} ended with {done.returncode}: {done.stderr}{done.stdout}")
    return done


class Node:
    """assayd run, its two addresses, and every line that it logs."""

    def __init__(self, program, home, *options):
        self.home = pathlib.Path(home)
        self.authority = self.home / "tls/authority.pem"
        self.process = subprocess.Popen(
            [program, "run", "--home", home, "--port", "0", "--block-interval-ms", "5",
             "--log-format", "json", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
        self.log = []
        self.reader = threading.Thread(target=self._read_log, daemon=True)
        self.reader.start()
        self.url = self.process.stdout.readline().strip()
        if not self.url.startswith("https://"):
            self.process.wait(10)
            raise AssertionError("assayd did not start: " + "".join(self.log))
        self.operator_url = None
        if "--operator-listen" in options:
            self.operator_url = self.process.stdout.readline().split()[1]
        self.port = int(self.url.rsplit(":", 1)[1])
        self.context = ssl.create_default_context(cafile=str(self.authority))

    def _read_log(self):
        for line in self.process.stderr:
            self.log.append(line)

    def connect(self, source="127.0.0.1", timeout=20):
        """A TLS connection from an address of loopback's network."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout, (source, 0))
        return self.context.wrap_socket(plain, server_hostname="127.0.0.1")

    def request(self, method, target, body=None, source="127.0.0.1", headers=None):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=20,
                                                 source_address=(source, 0))
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer
        finally:
            connection.close()

    def call(self, method, params=None, source="127.0.0.1"):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}})
        _, answer, _ = self.request("POST", "/rpc", body, source)
        return json.loads(answer)

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def stop(self):
        self.process.terminate()
        code = self.process.wait(30)
        self.reader.join(10)
        return code


def within(seconds, condition):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False
