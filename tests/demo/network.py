"""A local network of real assay processes, for the demo and for functional tests.

Starts `assayd` and the roles on loopback, speaks JSON-RPC over pinned TLS, follows the JSON logs.
Standard library only.
"""
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.request

ATOMS = 1_000_000
KINDS = ["", "transfer", "stake", "unstake", "register_profile", "post_task", "cancel_task", "accept_task",
         "enlist_verifier", "commit_transcript", "reveal_transcript", "seal", "open_seal", "commit_challenge",
         "reveal_challenge", "stand_up", "play_move", "report_contradiction", "disclose", "place_bid", "withdraw_bid",
         "award_task", "award_quote", "fund_task", "report_progress", "abandon_claim", "demand_chunk",
         "supply_chunk", "bond_validator", "unbond_validator", "bond_relay", "unbond_relay", "attest_data",
         "register_delegate", "revoke_delegate", "report_divergence", "show_share"]


def wealth_of(account):
    """Everything that is the account's, in atoms, but for what is locked behind a claim or game."""
    return sum(int(account[part]) for part in ("available", "reserved", "staked", "unbonding")) + int(account["locked"]["bonded"])


class LogTail:
    """The new lines of a growing file of JSON lines."""

    def __init__(self, path):
        self.path, self.offset, self.rest = path, 0, b""

    def events(self):
        try:
            with open(self.path, "rb") as stream:
                stream.seek(self.offset)
                data = stream.read()
        except FileNotFoundError:
            return []
        self.offset += len(data)
        lines = (self.rest + data).split(b"\n")
        self.rest = lines.pop()
        return [json.loads(line) for line in lines if line.strip()]


class Network:
    SIGNS_HEADERS = True  # a light client can check them
    PARTIES = {"submitter": (1000, 0), "solver-1": (10, 2000), "solver-2": (10, 2000),
               "verifier": (300, 500), "whistleblower": (300, 0)}

    def __init__(self, build, folder=None):
        self.bin = pathlib.Path(build).resolve() / "bin"
        self.keep = folder is not None
        if folder is None:
            self.folder = pathlib.Path(tempfile.mkdtemp(prefix="assay-demo-"))
        else:
            self.folder = pathlib.Path(folder).resolve()
            if self.folder.exists() and any(self.folder.iterdir()):
                raise SystemExit(f"{self.folder} is not empty: name a new folder to keep the run in")
            self.folder.mkdir(parents=True, exist_ok=True)
        self.home = self.folder / "net"
        self.processes, self.commands, self.cpu_seconds = {}, {}, {}
        self.tails = {}
        self.url = None
        arguments = [self.bin / "assay", "devnet", self.home, *self.devnet_options()]
        for name, (tokens, staked) in self.PARTIES.items():
            arguments += ["--party", f"{name}={tokens}:{staked}"]
        made = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
        self.accounts = {name: account for account, name in (line.split() for line in made.splitlines())}
        self.names = {account: name for name, account in self.accounts.items()}
        self.context = ssl.create_default_context(cafile=self.home / "submitter" / "authority.pem")

    def devnet_options(self):
        return []

    # Processes.

    def start_ledger(self):
        port = self.url.rsplit(":", 1)[1] if self.url else "0"
        home = self.home / "ledger"
        command = [self.bin / "assayd", "run", "--home", home, "--port", port, "--password-file", home / "password",
                   "--log-format", "json"]
        error = open(home / "log.json", "ab")
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=error, stdin=subprocess.DEVNULL, text=True)
        error.close()
        url = process.stdout.readline().strip()
        if not url.startswith("https://"):
            raise SystemExit(f"the ledger did not start: see {home / 'log.json'}")
        self.url = url
        self.processes["ledger"] = process

    def ledgers(self, _name):
        """The nodes that this party asks, the first one first."""
        return [self.url]

    def start(self, name, program, *options):
        if options or name not in self.commands:
            home = self.home / name
            self.commands[name] = [self.bin / program, *map(str, options[:2] if program.startswith("assay-lying") else ()),
                                   "--home", home, *(word for url in self.ledgers(name) for word in ("--ledger", url)),
                                   "--log-format", "json", "--log-file", home / "log.json", "--log-level", "debug",
                                   *map(str, options[2:] if program.startswith("assay-lying") else options)]
            self.tails.setdefault(name, LogTail(home / "log.json"))
        # What a program says before its log is open (a wrong flag, say).
        error = open(self.home / name / "stderr", "ab")
        self.processes[name] = subprocess.Popen(self.commands[name], stdin=subprocess.DEVNULL, stderr=error)
        error.close()

    def restart(self, name):
        if name == "ledger":
            self.start_ledger()
        else:
            self.start(name, None)

    def kill(self, name, how=signal.SIGKILL):
        process = self.processes.get(name)
        if process is None or process.poll() is not None:
            return
        process.send_signal(how)
        self.reap(name)

    def reap(self, name):
        process = self.processes[name]
        if process.returncode is None:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.cpu_seconds[name] = self.cpu_seconds.get(name, 0) + usage.ru_utime + usage.ru_stime

    def failed(self):
        """The first process that ended otherwise than well."""
        for name, process in self.processes.items():
            if process.returncode is None:
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                if pid == 0:
                    continue
                process.returncode = os.waitstatus_to_exitcode(status)
                self.cpu_seconds[name] = self.cpu_seconds.get(name, 0) + usage.ru_utime + usage.ru_stime
            if process.returncode not in (0, None):
                return name
        return None

    def describe(self):
        return f"assayd at {self.url}, state in RocksDB, TLS by a devnet authority"

    def watch(self, _under_way):
        """Called often while the roles work."""

    def agreement(self, _claims):
        """Lines to show, and what the ledger's nodes disagree about."""
        return [], []

    def stop(self):
        for name in [n for n in self.processes if n != "ledger"] + ["ledger"]:
            process = self.processes.get(name)
            if process is not None and process.returncode is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 8
        for name, process in self.processes.items():
            while process.returncode is None:
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                if pid:
                    process.returncode = os.waitstatus_to_exitcode(status)
                    self.cpu_seconds[name] = self.cpu_seconds.get(name, 0) + usage.ru_utime + usage.ru_stime
                elif time.monotonic() > deadline:
                    process.kill()
                    self.reap(name)
                else:
                    time.sleep(0.02)

    def clean(self):
        self.stop()
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def events(self, name):
        return self.tails[name].events() if name in self.tails else []

    # The ledger.

    def rpc(self, method, **params):
        return self.ask(self.url, method, **params)

    def ask(self, url, method, **params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(url + "/rpc", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, context=self.context, timeout=20) as response:
            answer = json.load(response)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def get(self, url, path):
        with urllib.request.urlopen(url + path, context=self.context, timeout=20) as response:
            return response.read()

    def account(self, name):
        return self.rpc("account", account=self.accounts[name])["account"]

    def wealth(self, name):
        return wealth_of(self.account(name))

    def tasks(self):
        ids = self.rpc("tasks", account=self.accounts["submitter"])["tasks"]
        return [self.rpc("task", task=task)["task"] for task in ids]

    def ledger_events(self):
        events, height = [], 0
        while True:
            answer = self.rpc("events", **{"from": height})
            for block in answer["blocks"]:
                events += block["events"]
            if answer["next"] == height:
                return events
            height = answer["next"]
            if not answer["blocks"]:
                return events

    def transactions(self):
        """(sender's name, kind, bytes) of every transaction on the ledger."""
        head = self.rpc("chain_status")["head"]["height"]
        for height in range(1, head + 1):
            for text in self.rpc("get_block", height=height)["transactions"]:
                raw = bytes.fromhex(text)
                yield self.names.get(raw[33:65].hex(), "?"), KINDS[raw[97]], len(raw)
