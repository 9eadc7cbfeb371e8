#!/usr/bin/env python3
"""assay::abci's server beside CometBFT's own, in Go: the same CheckTx requests over a unix socket to the key-value example
and to `abci-cli kvstore`, by turns. Prints `figure NAME VALUE UNIT LOWER UPPER` lines (docs/benchmarks.md).

    bench/abci_peers.py --build build/bench --example build/bench/examples/assay-example-key-value [--rounds 9]
"""
import argparse
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "functional" / "abci"))
from comet import find_cli, until  # noqa: E402

BATCH = 250      # requests between two Flushes: about what CometBFT lets wait
BATCHES = 1000   # in a block


def field(number, content):
    return bytes([number << 3 | 2, len(content)]) + content


def framed(message):
    return bytes([len(message)]) + message


CHECK = framed(field(8, field(1, b"name=value")))
FLUSH = framed(field(2, b""))
FLUSHED = framed(field(3, b""))


class Side:
    def __init__(self, path, command):
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(f"{command[0]} to listen", path.exists)
        self.stream = socket.socket(socket.AF_UNIX)
        until(f"{command[0]} to answer", lambda: self.stream.connect_ex(str(path)) == 0)
        self.stream.sendall(CHECK + FLUSH)
        answer = b""
        while not answer.endswith(FLUSHED):
            answer += self.stream.recv(4096)
        # A code other than 0 would be the first field of the answer.
        if answer[1] != 9 << 3 | 2 or answer[3:4] == b"\x08":
            raise SystemExit(f"{command[0]}: {answer.hex()} does not accept a transaction")
        self.answer_bytes = len(answer) - len(FLUSHED)

    def cpu_s(self):
        threads = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9

    def block(self):
        """(processor microseconds of the server, wall microseconds) a request."""
        batch = CHECK * BATCH + FLUSH
        expected = self.answer_bytes * BATCH + len(FLUSHED)
        cpu, wall = self.cpu_s(), time.perf_counter()
        for _ in range(BATCHES):
            self.stream.sendall(batch)
            missing = expected
            while missing:
                missing -= len(self.stream.recv(min(missing, 65536)))
        count = BATCH * BATCHES / 1e6
        return (self.cpu_s() - cpu) / count, (time.perf_counter() - wall) / count

    def stop(self):
        self.stream.close()
        self.process.terminate()
        self.process.wait()


def figure(name, values, unit):
    low, middle, high = statistics.quantiles(values, n=4)
    print(f"figure {name} {middle:.3f} {unit} {low:.3f} {high:.3f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--example", required=True)
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    cli = find_cli(given.build)
    with tempfile.TemporaryDirectory(prefix="assay-abci-") as name:
        folder = pathlib.Path(name)
        ours = Side(folder / "ours", [given.example, f"unix://{folder}/ours", f"{folder}/state"])
        go = Side(folder / "go", [cli, "kvstore", "--address", f"unix://{folder}/go", "--log_level", "error"])
        try:
            for side in (ours, go):
                side.block()
            rounds = []
            for number in range(given.rounds):
                first, second = (ours, go) if number % 2 else (go, ours)
                one, two = first.block(), second.block()
                rounds.append((one, two) if number % 2 else (two, one))
        finally:
            ours.stop()
            go.stop()
    figure("abci_check_cpu_assay", [a[0] for a, _ in rounds], "us")
    figure("abci_check_cpu_go", [g[0] for _, g in rounds], "us")
    figure("abci_check_cpu_ratio", [a[0] / g[0] for a, g in rounds], "ratio")
    figure("abci_check_wall_ratio", [a[1] / g[1] for a, g in rounds], "ratio")


if __name__ == "__main__":
    main()
