#!/usr/bin/env python3
"""The ledger under CometBFT beside CometBFT's own key-value example, in the same run: as many validators, the same
configuration, transactions of the same size, as many on their way. Then the ledger alone with fewer on their way: where
the rate grows no more, and only the latency does, it is saturated. Prints `figure NAME VALUE UNIT LOWER UPPER` lines
(docs/benchmarks.md).

    bench/consensus_peers.py --build build/bench [--validators 4] [--seconds 20] [--rounds 5]
"""
import argparse
import base64
import http.client
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "functional" / "abci"))
from comet import Node, find_cli, find_comet, make_validators, until  # noqa: E402
from ledger import LedgerNode  # noqa: E402

BATCH = 100  # transactions of one request, at most
# On their way at a time. The ledger takes 2,048 that are no game's, CometBFT 5,000.
SATURATED, FEWER = 1600, (100, 400, 800)
WARM_UP = 0.2  # of the run is not measured


class Settings:
    """What both have: CometBFT's own configuration, but that it does not wait a second after each block, which would
    hide what blocks cost."""

    TIMING = {"timeout_commit": "100ms", "max_request_batch_size": BATCH}
    EXTENSIONS = "0"


class KeyValueNode(Settings, Node):
    LISTENS = b""

    def app_command(self, address):
        return [self.example, "kvstore", "--address", address, "--log_level", "error"]

    def start_app(self, address=None):
        super().start_app(address)
        until("kvstore to listen", pathlib.Path(self.address.removeprefix("unix://")).exists)


class AssayNode(Settings, LedgerNode):
    pass


class Network:
    def __init__(self, comet, folder, count, make_node, chain_id=None):
        folder.mkdir()
        self.nodes = make_validators(comet, folder, count, make_node)
        for node in self.nodes:
            node.start_app()
            if chain_id:
                node.set_chain_id(chain_id)
            node.start_comet()
        for node in self.nodes:
            node.wait_for_rpc()
        until("the first block", lambda: self.nodes[0].height() > 0)

    def stop(self):
        for node in self.nodes:
            node.clean()


class Load:
    """Keeps so many transactions on their way, every node's by itself, and sees them come back in blocks."""

    def __init__(self, network, transactions, waiting):
        self.nodes, self.lock = network.nodes, threading.Condition()
        self.share = waiting // len(self.nodes)
        self.queues = [transactions[i::len(self.nodes)] for i in range(len(self.nodes))]
        self.sent, self.blocks, self.stops = {}, [], False  # tx -> when; (when, height, latencies)
        self.waiting = [0] * len(self.nodes)
        self.place_of = {}

    def run(self, seconds):
        threads = [threading.Thread(target=self._send, args=(i,)) for i in range(len(self.nodes))]
        threads.append(threading.Thread(target=self._follow))
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        with self.lock:
            self.stops = True
            self.lock.notify_all()
        for thread in threads:
            thread.join()

    def _send(self, i):
        link = http.client.HTTPConnection("127.0.0.1", self.nodes[i].port, timeout=60)
        queue, size = self.queues[i], min(BATCH, self.share)
        for at in range(0, len(queue) - size + 1, size):
            batch = queue[at:at + size]
            with self.lock:
                self.lock.wait_for(lambda: self.stops or self.waiting[i] + size <= self.share)
                if self.stops:
                    return
                self.waiting[i] += size
                now = time.monotonic()
                for tx in batch:
                    self.sent[tx] = now
                    self.place_of[tx] = i
            calls = ",".join(f'{{"jsonrpc":"2.0","id":{n},"method":"broadcast_tx_async","params":{{"tx":"{tx}"}}}}'
                             for n, tx in enumerate(batch))
            link.request("POST", "/", f"[{calls}]", {"Content-Type": "application/json"})
            answer = link.getresponse().read()
            if b'"error"' in answer:
                raise SystemExit(f"CometBFT: {answer[:300]}")
        raise SystemExit("there were too few transactions for so many seconds")

    def _follow(self):
        link = http.client.HTTPConnection("127.0.0.1", self.nodes[0].port, timeout=60)
        height = self.nodes[0].height()
        while not self.stops:
            link.request("GET", f"/block?height={height + 1}")
            answer = json.loads(link.getresponse().read())
            if "error" in answer:
                time.sleep(0.02)
                continue
            height += 1
            now = time.monotonic()
            with self.lock:
                latencies = []
                for tx in answer["result"]["block"]["data"]["txs"] or []:
                    latencies.append(now - self.sent.pop(tx))
                    self.waiting[self.place_of.pop(tx)] -= 1
                self.blocks.append((now, latencies))
                self.lock.notify_all()

    def figures(self):
        """Transactions a second, and latencies in seconds, of the blocks after the first of the run."""
        begin, end = self.blocks[0][0], self.blocks[-1][0]
        blocks = [b for b in self.blocks if b[0] >= begin + WARM_UP * (end - begin)]
        latencies = sorted(one for _, some in blocks[1:] for one in some)
        if len(blocks) < 3 or not latencies:
            raise SystemExit(f"{len(self.blocks)} blocks are too few to measure")
        return len(latencies) / (blocks[-1][0] - blocks[0][0]), latencies


class Bench:
    def __init__(self, given, folder):
        self.given, self.folder, self.runs = given, folder, 0
        self.comet, self.cli = find_comet(given.build), find_cli(given.build)
        build = pathlib.Path(given.build).resolve()
        self.assayd, self.ledger_bench = str(build / "bin" / "assayd"), str(build / "bench" / "ledger_bench")
        record = folder / "genesis.toml"
        record.write_text("name = \"bench\"\nreplicated = true\ntime_ms = 1700000000000\n" + self.output(self.ledger_bench, "accounts"))
        self.genesis = folder / "genesis.bin"
        self.chain = self.output(self.assayd, "genesis", "create", "--from", record, "--out", self.genesis).split("chain ")[1].split()[0]
        *lines, check = self.output(self.ledger_bench, "transfers", self.chain, given.seconds * given.most).splitlines()
        transfers = [bytes.fromhex(line) for line in lines]
        self.check_us = float(check)
        size = len(transfers[0])
        self.ours = [base64.b64encode(tx).decode() for tx in transfers]
        self.pairs = [base64.b64encode(b"key-%012d=" % n + b"v" * (size - 17)).decode() for n in range(len(transfers))]

    @staticmethod
    def output(*command):
        return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout

    def ledger(self):
        folder = self.folder / f"ledger-{self.runs}"

        def node(number, own, home):
            self.output(self.assayd, "init", "--home", own / "ledger", "--genesis", self.genesis)
            return AssayNode(self.comet, self.assayd, own, own / "ledger", home)
        return Network(self.comet, folder, self.given.validators, node, self.chain[:32])

    def key_values(self):
        return Network(self.comet, self.folder / f"kvstore-{self.runs}", self.given.validators,
                       lambda _number, own, home: KeyValueNode(self.comet, self.cli, own, home))

    def measure(self, start, transactions, waiting=SATURATED):
        self.runs += 1
        network = start()
        try:
            load = Load(network, transactions, waiting)
            load.run(self.given.seconds)
        finally:
            network.stop()
        return load.figures()


def figure(name, values, unit):
    low, middle, high = statistics.quantiles(values, n=4) if len(values) > 1 else values * 3
    print(f"figure {name} {middle:.3f} {unit} {low:.3f} {high:.3f}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--validators", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=20, help="of each run")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--most", type=int, default=4000, help="transactions a second that are made ready")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="assay-") as folder:
        bench = Bench(given, pathlib.Path(folder))
        sides = {"ledger": (bench.ledger, bench.ours), "kvstore": (bench.key_values, bench.pairs)}
        rounds = []
        for number in range(given.rounds):
            order = list(sides) if number % 2 else list(sides)[::-1]
            rounds.append({name: bench.measure(*sides[name]) for name in order})
        fewer = {waiting: bench.measure(*sides["ledger"], waiting) for waiting in FEWER}
    signatures = os.cpu_count() * 1e6 / bench.check_us / given.validators
    for name in sides:
        figure(f"consensus_{name}", [r[name][0] for r in rounds], "/s")
        for part in (0.5, 0.99):
            latencies = [1e3 * r[name][1][int(part * (len(r[name][1]) - 1))] for r in rounds]
            figure(f"consensus_{name}_p{100 * part:.0f}", latencies, "ms")
    figure("consensus_signature_bound", [signatures], "/s")
    figure("consensus_ratio", [r["ledger"][0] / min(r["kvstore"][0], signatures) for r in rounds], "ratio")
    for waiting, (rate, latencies) in fewer.items():
        figure(f"consensus_ledger_of_{waiting}", [rate], "/s")
        figure(f"consensus_ledger_of_{waiting}_p50", [1e3 * latencies[len(latencies) // 2]], "ms")


if __name__ == "__main__":
    main()
