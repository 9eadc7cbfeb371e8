"""The demo's job on a ledger of mutually distrusting validators: CometBFT orders, each validator's assayd executes, the
roles ask different nodes, one solver lies, and all nodes agree on what became of it."""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path += [str(pathlib.Path(__file__).resolve().parent),
             str(pathlib.Path(__file__).resolve().parents[1] / "functional" / "abci")]
import demo  # noqa: E402
from comet import (SKIPPED, VERSION, app_hashes, find_comet, follow, make_homes, make_validators,  # noqa: E402
                   output_of, signing_key, until)
from ledger import LedgerNode  # noqa: E402
from network import ATOMS, Network, wealth_of  # noqa: E402
from proxy import Proxy, fields  # noqa: E402

FAULT_S = 20  # how long a fault lasts: longer than roles bear with a node that stands still
FAULTS = {
    "none": "nothing happens to the validators",
    "kill": "one validator, CometBFT and assayd, is killed by SIGKILL while the work is under way, and started again",
    "freeze": "one validator is cut off by SIGSTOP, so that it neither hears nor answers anybody, and goes on later",
    "part": "one validator is cut off from the others, but not from the roles, and joined again",
    "lose": "one validator is killed and stays away",
    "join": "none, but a fifth node joins by a snapshot while the work is under way, and the whistleblower goes on with it alone",
    "lie": "one validator's application lies about the hash of what it came to",
    "equivocate": "a second CometBFT with one validator's key joins: the two contradict each other, and the stake is slashed",
    "withhold": "one validator's node has no share key: its stake is fined, and it orders no more",
    "bond": "none, but one more validator bonds a stake while the work is under way, and orders with the others",
}
STAKE, JOINING_STAKE = 1000, 500  # tokens behind each of the first validators, and behind one that joins
LARGEST_STAKE = 1200  # behind the one that withholds its shares: it owes one of each round
SHARE_WINDOW_MS, LONG_SHARE_WINDOW_MS = 10_000, 60_000  # the long one outlasts a validator that comes back
LYING = ("lie", "equivocate")  # the validator is no honest one afterwards
SNAPSHOT_EVERY = 10  # blocks


def cpu_seconds(process):
    """Of a process that runs still."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Link:
    """Carries one validator's connections to another, while it is open."""

    def __init__(self, port):
        self.target, self.is_open, self.pairs = ("127.0.0.1", port), True, set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def set_open(self, is_open):
        self.is_open = is_open
        if not is_open:
            for end in list(self.pairs):
                self._end(end)

    def close(self):
        self.listener.close()
        self.set_open(False)

    @staticmethod
    def _end(end):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
                far = socket.create_connection(self.target, 5) if self.is_open else None
            except OSError:
                if self.listener.fileno() < 0:
                    return
                far = None
            if far is None:
                near.close()
                continue
            far.settimeout(None)
            for source, sink in ((near, far), (far, near)):
                self.pairs.add(source)
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source, sink):
        try:
            while self.is_open and (data := source.recv(65536)):
                sink.sendall(data)
        except OSError:
            pass
        self._end(sink)
        self.pairs.discard(source)


class Lie:
    """Between CometBFT and its application: from `begin` on, what the application says a block led to is another hash. It
    lies here and not in assayd, which has no switch for it."""

    def __init__(self, socket_path, application):
        self.proxy, self.begun = Proxy(socket_path, application.removeprefix("unix://"), self._act), False
        self.address = f"unix://{socket_path}"

    def begin(self):
        self.begun = True

    def _act(self, moment, name, message):
        if not self.begun or (moment, name) != ("answered", "finalize_block"):
            return True
        # The last field: ResponseFinalizeBlock.app_hash.
        if message[-34:-32] != b"\x2a\x20":
            raise SystemExit("a block's answer does not end in its app hash")
        return message[:-1] + bytes([message[-1] ^ 1])


class Ear:
    """Between CometBFT and its application: the misbehaviour that the application is told of, as (address, height)."""

    def __init__(self, socket_path, application):
        self.heard, self.address = set(), f"unix://{socket_path}"
        self.proxy = Proxy(socket_path, application.removeprefix("unix://"), self._act)

    def _act(self, moment, name, message):
        if (moment, name) == ("asked", "finalize_block"):
            for number, value in fields(next(fields(message))[1]):
                if number == 3:
                    told = dict(fields(value))
                    self.heard.add((dict(fields(told[2]))[1].hex().upper(), told[3]))
        return True


class Validator(LedgerNode):
    """CometBFT, and an assayd that executes what it orders."""

    TIMING = {"timeout_commit": "300ms", "timeout_propose": "1s"}
    EXTENSIONS = "0"

    def __init__(self, comet, assayd, number, ledger_home, sockets, folder, home):
        super().__init__(comet, assayd, folder, ledger_home, home)
        self.name = f"validator-{number + 1}"
        self.address = f"unix://{sockets}/{number}"
        self.away = False  # on purpose

    def processes(self):
        return [process for process in (self.comet, self.app) if process and process.poll() is None]

    def signal(self, number):
        for process in self.processes():
            process.send_signal(number)


class Joiner(Validator):
    """No validator: it follows their chain."""

    # As small a pause after each block and between pieces of one: it has to catch up.
    TIMING = {**Validator.TIMING, "timeout_commit": "10ms", "peer_gossip_sleep_duration": "10ms"}

    def __init__(self, *arguments):
        super().__init__(*arguments, None)
        self.name = "joiner"


class Testnet(Network):
    SIGNS_HEADERS = False  # CometBFT's commits do: no light client reads those yet

    def __init__(self, comet, build, folder=None, count=4, fault="none"):
        self.count, self.fault, self.fault_since = count, fault, None
        self.comet, self.comet_homes = comet, []
        self.PARTIES = {**Network.PARTIES, **{f"operator-{n + 1}": (10 + JOINING_STAKE * (n == count), 0)
                                              for n in range(count + (fault == "bond"))}}
        super().__init__(build, folder)
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="assay-"))  # their paths must be short
        self.stays = False
        self.nodes, self.links = [], {}
        self.joiner, self.joined = None, False
        self.one_more = self.lie = self.ear = None  # one_more: a twin, or who joins
        self.bonded_at = None

    def devnet_options(self):
        (self.folder / "validators").mkdir()
        self.comet_homes = make_homes(self.comet, self.folder / "validators", self.count)
        stakes = [f"operator-{n + 1}={signing_key(home)[1]}:{self.stake_of(n)}" for n, home in enumerate(self.comet_homes)]
        return ["--chain", "testnet", "--validators", str(self.count + (self.fault in ("equivocate", "bond"))),
                "--share-window-ms", str(LONG_SHARE_WINDOW_MS if self.fault in ("kill", "freeze", "part") else SHARE_WINDOW_MS), *(word for stake in stakes for word in ("--validator-stake", stake))]

    def stake_of(self, number):
        return LARGEST_STAKE if self.fault == "withhold" and number == 1 else STAKE

    def share_options(self, number):
        """Of the node of the validator with this number: the key file of its operator."""
        if self.fault == "withhold" and number == 1:
            return []
        home = self.home / f"operator-{number + 1}"
        return ["--share-key", str(home / "key.json"), "--share-password-file", str(home / "password")]

    # Processes.

    def start_ledger(self):
        folder = self.folder / "validators"
        self.nodes = make_validators(
            self.comet, folder, self.count,
            lambda number, own, home: Validator(self.comet, str(self.bin / "assayd"), number,
                                                self.home / f"validator-{number + 1}", self.sockets, own, home),
            self.route, self.comet_homes)
        for number, node in enumerate(self.nodes):
            node.more_options = self.share_options(number)
        if self.fault == "join":
            self.make_joiner(folder / "joiner")
        for node in self.nodes:
            node.start_app()
        self.url = self.nodes[0].url
        chain = self.rpc("chain_status")["head"]["chain"]
        for node in self.nodes:
            node.set_chain_id(chain[:32])
        if self.fault == "equivocate":
            self.one_more = self.make_one_more(f"{self.nodes[1].name}'s twin", self.nodes[1], signing_with=self.nodes[1].home)
            self.ear = Ear(self.sockets / "ear", self.nodes[0].address)
        if self.fault == "bond":
            own = self.folder / "validators" / "own"
            output_of(self.comet, "init", "--home", str(own))
            self.one_more = self.make_one_more(f"validator-{self.count + 1}", self.nodes[1], signing_with=own)
            self.one_more.more_options = self.share_options(self.count)
        if self.fault == "lie":
            self.lie = Lie(self.sockets / "lie", self.nodes[1].address)
        for number, node in enumerate(self.nodes):
            between = {0: self.ear, 1: self.lie}.get(number)
            node.start_comet(between and between.address)
        for node in self.nodes:
            node.wait_for_rpc()
        until("the first block", lambda: self.rpc("chain_status")["head"]["height"] > 0)

    def make_joiner(self, folder):
        """Its home and its authority, which all parties pin beside the others'."""
        folder.mkdir()
        self.joiner = Joiner(self.comet, str(self.bin / "assayd"), self.count, self.home / "joiner", self.sockets, folder)
        self.joiner.assayd("init", "--home", self.joiner.ledger_home, "--genesis", self.home / "submitter" / "genesis.bin")
        authority = (self.joiner.ledger_home / "tls" / "authority.pem").read_text()
        self.context.load_verify_locations(cadata=authority)
        for party in self.PARTIES:
            with open(self.home / party / "authority.pem", "a") as pinned:
                pinned.write(authority)
        for node in [*self.nodes, self.joiner]:
            node.more_options = [*node.more_options, "--snapshot-every", str(SNAPSHOT_EVERY), "--keep-snapshots", "10"]

    def make_one_more(self, name, node, signing_with):
        """A node beside the others, configured as one of them, with that home's key and no memory of what it signed."""
        folder = self.folder / "validators" / "one-more"
        home = folder / "comet"
        shutil.copytree(node.home / "config", home / "config")
        (home / "config" / "node_key.json").unlink()
        shutil.copy(signing_with / "config" / "priv_validator_key.json", home / "config")
        (home / "data").mkdir()
        (home / "data" / "priv_validator_state.json").write_text('{"height": "0", "round": 0, "step": 0}')
        config = home / "config" / "config.toml"  # its ports are chosen anew
        config.write_text(config.read_text().replace(f":{node.port}", ":26657").replace(f":{node.peer_port}", ":26656"))
        more = Validator(self.comet, str(self.bin / "assayd"), self.count, self.home / f"validator-{self.count + 1}",
                         self.sockets, folder, home)
        more.name = name
        return more

    def route(self, own, other):
        if self.fault != "part":
            return other.peer_port
        self.links[own.name, other.name] = Link(other.peer_port)
        return self.links[own.name, other.name].port

    def describe(self):
        return f"{self.count} validators under CometBFT, the first at {self.url}, each with TLS by an authority of its own"

    def ledgers(self, name):
        """Each party begins at a node of its own."""
        if name == "whistleblower" and self.joined:
            return [self.joiner.url]
        first = list(self.PARTIES).index(name)
        return [self.nodes[(first + i) % self.count].url for i in range(self.count)]

    def dead(self):
        """The first validator that ended without being told to."""
        nodes = self.nodes + [self.one_more] * (self.fault == "bond" and self.fault_since is not None)
        return next((node.name for node in nodes if not node.away and len(node.processes()) != 2), None)

    def failed(self):
        return self.dead() or super().failed()

    def watch(self, under_way):
        """The fault, once work is under way."""
        if self.fault == "join":
            return self.watch_joiner()
        if self.fault in ("none", "withhold") or not under_way:
            return
        node, now = self.nodes[1], time.monotonic()
        if self.fault_since is None:
            self.fault_since = now
            self.strike(node)
        elif self.fault == "bond":
            self.bond()
        elif node.away and self.fault not in ("lose", *LYING) and now > self.fault_since + FAULT_S:
            self.heal(node)

    def watch_joiner(self):
        """It starts when there is a snapshot whose next two headers are known, and serves once it has blocks."""
        node = self.joiner
        if node.comet is None:
            if self.nodes[0].height() > SNAPSHOT_EVERY + 2:
                follow(node, self.nodes, 1)
                node.start_app()
                node.start_comet()
                self.nodes.append(node)
                self.say(node, "starts with an empty ledger")
        elif not self.joined and node.alive() and node.height() > 0:
            self.joined = True
            base = node.earliest()
            self.say(node, f"has a snapshot of height {base - 1}, and blocks from there on")
            self.kill("whistleblower")
            del self.commands["whistleblower"]
            self.start("whistleblower", "assay-whistleblower", "--threads", 1)
            self.say(node, "is the only one that the whistleblower asks from now on")

    def bond(self):
        """Once it has caught up, it puts its stake down."""
        more = self.one_more
        if self.bonded_at is not None or not more.alive() or more.rpc("status")["sync_info"]["catching_up"]:
            return
        home = self.home / f"operator-{self.count + 1}"
        shown = output_of(str(self.bin / "assay"), "possession", "--home", str(home), "--comet-key",
                          str(more.home / "config" / "priv_validator_key.json")).split()
        sent = output_of(str(self.bin / "assay"), "send", "bond-validator", "--home", str(home), "--ledger", more.url,
                         "--tokens", str(JOINING_STAKE), *shown)
        applied = re.search(r"applied in block (\d+)", sent)
        if not applied:
            raise SystemExit(f"{more.name} could not bond: {sent}")
        self.bonded_at = int(applied[1])
        self.say(more, f"has bonded {JOINING_STAKE} tokens in block {self.bonded_at}")

    def strike(self, node):
        if self.fault == "bond":
            self.say(self.one_more, "starts")
            self.one_more.start_app()
            self.one_more.start_comet()
            return
        node.away = True
        self.say(node, {"freeze": "is frozen", "part": "is cut off from the others", "lie": "lies from now on",
                        "equivocate": "has a twin from now on"}.get(self.fault, "is killed"))
        if self.fault == "lie":
            self.lie.begin()
        elif self.fault == "equivocate":
            self.one_more.start_app()
            self.one_more.start_comet()
        elif self.fault == "part":
            self.join(node, False)
        elif self.fault == "freeze":
            node.signal(signal.SIGSTOP)
        else:
            node.signal(signal.SIGKILL)
            node.comet.wait()
            node.app.wait()

    def heal(self, node):
        self.say(node, "is back")
        node.signal(signal.SIGCONT)
        self.join(node, True)
        if self.fault == "kill":
            node.start_app()
            node.start_comet()
        node.away = False

    def join(self, node, is_open):
        for ends, link in self.links.items():
            if node.name in ends:
                link.set_open(is_open)

    @staticmethod
    def say(node, words):
        print(f"         {node.name} {words}", flush=True)

    def stop(self):
        super().stop()
        if self.stays:
            return
        nodes = self.nodes + [self.one_more] * (self.one_more is not None)
        for node in nodes:
            node.signal(signal.SIGCONT)
            for name, process in (("ledger", node.app), ("CometBFT", node.comet)):
                if process and process.poll() is None:
                    self.cpu_seconds[name] = self.cpu_seconds.get(name, 0) + cpu_seconds(process)
        # CometBFT first, as an operator does.
        for which in ("comet", "app"):
            running = [process for process in (getattr(node, which) for node in nodes) if process and process.poll() is None]
            for process in running:
                process.terminate()
            deadline = time.monotonic() + 10
            for process in running:
                while process.poll() is None and time.monotonic() < deadline:
                    time.sleep(0.02)
        for node in nodes:
            node.clean()
        for link in self.links.values():
            link.close()

    def clean(self):
        self.stays = False
        super().clean()
        shutil.rmtree(self.sockets, ignore_errors=True)

    # Agreement.

    def agreement(self, claims):
        for node in self.nodes:
            if node.away and self.fault not in ("lose", *LYING):
                self.heal(node)
        nodes = [node for node in self.nodes if not node.away]
        if self.fault == "bond":
            nodes.append(self.one_more)
            until(f"{self.one_more.name} to bond", lambda: self.bond() or self.bonded_at)
            until("its votes to count", lambda: self.nodes[0].height() > self.bonded_at + 6)

        def height(node):
            return self.ask(node.url, "chain_status")["head"]["height"]

        problems = self.use_joiner() if self.fault == "join" else []
        last = max(height(node) for node in nodes)
        for node in nodes:
            until(f"block {last} on {node.name}", lambda n=node: height(n) >= last, 60)
        first = max(node.earliest() for node in nodes)  # 1, but for a node that joined
        hashes = [app_hashes(node, last, first) for node in nodes]
        headers = [self.ask(node.url, "get_block_header", height=last)["signed_header"] for node in nodes]
        verdicts = [[self.ask(node.url, "claim", claim=c["claim"])["claim"]["status"] for c in claims] for node in nodes]
        wealth = [{name: self.ask(node.url, "account", account=account)["account"] for name, account in self.accounts.items()}
                  for node in nodes]
        rows = [["node", "height", "app hash", *(f"claim of {self.names[c['solver']]}" for c in claims), *Network.PARTIES]]
        for node, own, verdict, money in zip(nodes, hashes, verdicts, wealth):
            rows.append([node.name, str(last), own[last][:16].lower() + "…", *verdict,
                         *(demo.tokens(wealth_of(account)) for name, account in money.items() if name in Network.PARTIES)])
        problems += [f"the validators disagree about {what}"
                     for what, values in (("a header", headers), ("an app hash", hashes), ("a claim", verdicts),
                                          ("an account", wealth))
                     if any(value != values[0] for value in values)]
        if len(hashes[0]) != last - first + 1:
            problems.append(f"there are {len(hashes[0])} of {last - first + 1} headers")
        shown, wrong = {"lie": self.halted, "equivocate": self.slashed, "bond": self.voted, "withhold": self.fined}.get(
            self.fault, lambda _last: ([], []))(last)
        problems += wrong + self.losses()
        agree = "agree on the app hash of every block, on every claim and on every balance" if not problems else "DISAGREE"
        who = {"join": f"{self.count} validators and the joiner", "bond": f"All {len(nodes)} validators"}.get(
            self.fault, f"{len(nodes)} of {self.count} validators")
        return [f"\n{who} {agree}:\n", demo.table(rows), *shown], problems

    def use_joiner(self):
        """A transfer by way of the node that joined, however late."""
        until("the joiner to join", lambda: self.watch_joiner() or self.joined, 120)
        sent = subprocess.run([self.bin / "assay", "send", "transfer", "--home", self.home / "verifier", "--ledger", self.joiner.url,
                               "--to", self.accounts["whistleblower"], "--tokens", "1"], capture_output=True, text=True)
        self.say(self.joiner, f"took a transfer: {(sent.stdout or sent.stderr).strip().splitlines()[-1]}")
        return [] if sent.returncode == 0 else ["the joiner took no transfer"]

    def losses(self):
        """Of operators who did nothing wrong: there are none."""
        wrong, fined = [], {}
        for event in self.ledger_events():
            if event["event"] == "share_withheld":
                fined[event["account"]] = fined.get(event["account"], 0) + int(event["amount"])
        for number, node in enumerate(self.nodes[:self.count]):
            away = fined.get(self.accounts[f"operator-{number + 1}"], 0) if node.away else 0  # its shares, too
            account = self.ask(self.nodes[0].url, "account", account=self.accounts[f"operator-{number + 1}"])["account"]
            bonded = int(account["locked"]["bonded"])
            if self.fault == "withhold" and number == 1:
                continue  # see fined()
            if bonded != (0 if node.away and self.fault == "equivocate" else STAKE * ATOMS - away):
                wrong.append(f"behind {node.name} are {demo.tokens(bonded)} tokens")
        return wrong

    def members(self):
        """Keys and powers of those who order, as the ledger says; CometBFT's set agrees, or soon will."""
        return {m["key"]: int(m["power"]) for m in self.ask(self.nodes[0].url, "validators")["members"]}

    def comet_powers(self, height):
        return {v["address"]: int(v["voting_power"]) for v in self.nodes[0].rpc("validators", height=height)["validators"]}

    # What became of one validator: lines to show, and what should have become of it and did not.

    def halted(self, last):
        node = self.nodes[1]
        halted = re.search(r"CONSENSUS FAILURE!!!.*?(wrong Block.Header.AppHash)", node.comet_log())
        height = node.height()
        if not halted or height >= last:
            return [], [f"{node.name}, whose application lied, goes on at height {height}"]
        return [f"\n{node.name}, whose application lied, halted at height {height}: {halted[1]}."], []

    def slashed(self, last):
        node = self.nodes[1]
        address, key = signing_key(node.home)
        committed = {(vote["validator_address"], int(vote["height"])) for height in range(1, last + 1)
                     for evidence in self.nodes[0].rpc("block", height=height)["block"]["evidence"]["evidence"] or []
                     for vote in [evidence["value"]["vote_a"]]}
        heights = sorted(height for who, height in committed if who == address)
        problems = []
        if not heights or committed != self.ear.heard:
            problems.append(f"of evidence {sorted(committed)} the application was told {sorted(self.ear.heard)}")
        if any(who != address for who, _ in committed):
            problems.append("there is evidence against an honest validator")
        slashes = [e for e in self.ledger_events() if e["event"] == "validator_slashed"]
        if [(e["validator"], int(e["amount"])) for e in slashes] != [(key, STAKE * ATOMS)]:
            problems.append(f"slashed was {slashes}")
        until("the set to change", lambda: address not in self.comet_powers(self.nodes[0].height()))
        if key in self.members() or len(self.members()) != self.count - 1:
            problems.append(f"{node.name} still orders")
        return [f"\n{node.name} voted twice: evidence of heights {heights} stands in blocks. All {STAKE} tokens behind its key are "
                "burned, and it orders no more."], problems

    def fined(self, _last):
        node = self.nodes[1]
        address, key = signing_key(node.home)
        events = self.ledger_events()
        withheld = [e for e in events if e["event"] == "share_withheld"]
        drawn = sum(e["event"] == "beacon_drawn" for e in events)
        problems = []
        if not withheld or any(e["validator"] != key for e in withheld):
            problems.append(f"withheld were {withheld}")
        fined = sum(int(e["amount"]) for e in withheld)
        account = self.ask(self.nodes[0].url, "account", account=self.accounts["operator-2"])["account"]
        if fined == 0 or int(account["locked"]["bonded"]) != self.stake_of(1) * ATOMS - fined:
            problems.append(f"fined {fined}, and {account['locked']['bonded']} are left")
        until("the set to change", lambda: address not in self.comet_powers(self.nodes[0].height()))
        if key in self.members() or len(self.members()) != self.count - 1:
            problems.append(f"{node.name} still orders")
        return [f"\n{node.name} has no share key: {demo.tokens(fined)} tokens of its stake are burned, and it orders no more. "
                f"{drawn} beacons were drawn without it."], problems

    def voted(self, last):
        address, key = signing_key(self.one_more.home)
        problems = []
        if self.members().get(key) != JOINING_STAKE:
            problems.append(f"{self.one_more.name} is no member")
        first = next((height for height in range(1, last + 1) if address in self.comet_powers(height)), None)
        if first != self.bonded_at + 2:
            problems.append(f"{self.one_more.name} bonded in block {self.bonded_at} and is in CometBFT's set from {first} on")
        signed = [height for height in range(self.bonded_at, last) for vote in
                  self.nodes[0].rpc("commit", height=height)["signed_header"]["commit"]["signatures"]
                  if vote["validator_address"] == address and vote["block_id_flag"] == 2]
        if not signed:
            problems.append(f"{self.one_more.name} has signed no block")
        return [f"\n{self.one_more.name} bonded in block {self.bonded_at}, is in CometBFT's set from {first} on and has signed "
                f"{len(signed)} of the commits since."], problems

    def show_end_points(self):
        print(f"\nThe network stays until Ctrl-C. Everything is in {self.folder}"
              + (".\n" if self.keep else ", which goes with it (--folder keeps it).\n"))
        print(demo.table([["node", "calls, events, metrics", "CometBFT's RPC", "peers", "assayd", "cometbft"],
                          *([n.name, n.url, f"http://127.0.0.1:{n.port}", f"127.0.0.1:{n.peer_port}", f"pid {n.app.pid}",
                             f"pid {n.comet.pid}"] for n in self.nodes)]))
        party = self.home / "submitter"
        print(f"\n  {self.bin}/assay call chain_status --ledger {self.url} --authority {party}/authority.pem"
              f"\n  {self.bin}/assay-solver --home {self.home}/solver-1 --take-open-tasks "
              + " ".join(f"--ledger {n.url}" for n in self.nodes) + "\n")


def parse(arguments):
    faults = "\n".join(f"  {name:<8} {words}" for name, words in FAULTS.items())
    parser = argparse.ArgumentParser(prog="./run testnet", formatter_class=argparse.RawDescriptionHelpFormatter,
                                     description=__doc__, epilog=f"faults:\n{faults}")
    parser.add_argument("--validators", type=int, default=4, help="how many (default: 4, which bear the loss of one)")
    parser.add_argument("--model", choices=demo.MODELS, default="mlp", help="what is trained (default: mlp)")
    parser.add_argument("--steps", type=int, default=120, help="training steps (default: 120)")
    parser.add_argument("--cheat", choices=demo.CHEATS, default="output-element",
                        help="how solver-2 lies, see ./run demo --help (default: output-element)")
    parser.add_argument("--fault", choices=FAULTS, default="none", help="what befalls a validator (default: none)")
    parser.add_argument("--keep", action="store_true", help="leave the validators running until Ctrl-C")
    parser.add_argument("--folder", help="keep everything in this new folder (keys, logs, ledgers)")
    parser.add_argument("--timeout", type=int, default=600, help="give up after this many seconds (default: 600)")
    parser.add_argument("--build", default="build/release", help=argparse.SUPPRESS)
    parser.add_argument("--may-skip", action="store_true", help=argparse.SUPPRESS)  # as a test where there is no CometBFT
    options = parser.parse_args(arguments)
    if not 1 <= options.validators <= 16:
        parser.error("--validators is 1 to 16")
    if options.fault != "none" and options.validators < 4:
        parser.error("fewer than 4 validators do not bear a fault")
    return options


def main(arguments):
    options = parse(arguments)
    print("looking for CometBFT, or installing it through Go's module proxy (minutes, once)", file=sys.stderr)
    try:
        comet = find_comet(options.build)
    except SystemExit as left_out:
        if left_out.code != SKIPPED or options.may_skip:
            raise
        sys.exit(f"./run testnet: put CometBFT v{VERSION} on the PATH, or install Go, which fetches it (Debian: golang-go)")
    folder = pathlib.Path(options.folder) if options.folder else None
    job = ["--model", options.model, "--steps", str(options.steps), "--cheat", options.cheat,
           "--timeout", str(options.timeout), "--build", options.build]

    def afterwards(shown):
        if not options.keep:
            return
        shown.network.show_end_points()
        while shown.network.dead() is None:
            time.sleep(0.5)
        raise SystemExit(f"{shown.network.dead()} has ended")

    def make_network():
        network = Testnet(comet, options.build, folder, options.validators, options.fault)
        network.stays = options.keep
        return network

    return demo.supervise(demo.parse(job), make_network, afterwards)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
