"""Real CometBFT v0.38 beside an application: found or installed, started, asked, killed."""
import argparse
import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

VERSION = "0.38.17"
MODULE = "github.com/cometbft/cometbft"
# What builds it where Go is older than 1.22, as Debian 12's is. Newer ones get it by themselves.
TOOLCHAIN = "golang.org/toolchain@v0.0.1-go1.22.12.linux-" + {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, "")
SKIPPED = 77


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def output_of(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def newer_go(own):
    """A Go that builds CometBFT, by way of an older one: as a module, like everything else. It lies below `own`."""
    root = own / "go"
    if not (root / "bin" / "go").exists():
        got = subprocess.run(["go", "mod", "download", "-json", TOOLCHAIN], capture_output=True, text=True, timeout=900, cwd=own,
                             env={**os.environ, "GOFLAGS": "-mod=mod"})
        if got.returncode != 0:
            return None
        unready = own / "go.unready"
        shutil.rmtree(unready, ignore_errors=True)
        shutil.copytree(json.loads(got.stdout)["Dir"], unready, symlinks=True)
        # A module's files are read-only, not executable, and none is called go.mod.
        for path in [unready, *unready.rglob("*")]:
            programs = path.parent.name == "bin" or "tool" in path.parts
            path.chmod(0o755 if path.is_dir() or programs else 0o644)
        shutil.copy(unready / "src" / "_go.mod", unready / "src" / "go.mod")
        unready.rename(root)
    return str(root / "bin" / "go")


def find_go(own):
    """(the command that installs CometBFT's programs, or None; why not)."""
    version = re.search(r"go(\d+)\.(\d+)", output_of("go", "version"))
    if not version:
        return None, "no Go to install it with (Debian: golang-go)"
    if tuple(map(int, version.groups())) >= (1, 22):
        return "go", ""
    own.mkdir(parents=True, exist_ok=True)
    try:
        go = newer_go(own)
    except (OSError, subprocess.TimeoutExpired):
        go = None
    return go, f"Go is {version[0]} where 1.22 is needed to install it, and a newer one cannot be had as a module"


def find_tool(name, package, build, is_right):
    """A program of CometBFT's: on the PATH, where Go installs, or installed below the build folder."""
    own = pathlib.Path(build).resolve() / "go-tools"
    places = [shutil.which(name), os.environ.get("GOBIN") and pathlib.Path(os.environ["GOBIN"]) / name, own / name]
    if shutil.which("go"):
        places += [pathlib.Path(folder) / "bin" / name for folder in output_of("go", "env", "GOPATH").split(":") if folder]
    for place in places:
        if place and os.access(place, os.X_OK) and is_right(str(place)):
            return str(place)
    go, why = find_go(own)
    if go is None:
        skip(f"there is no {name} {VERSION}, and {why}")
    try:
        installed = subprocess.run([go, "install", f"{MODULE}/{package}@v{VERSION}"], capture_output=True, text=True,
                                   timeout=1500, env={**os.environ, "GOBIN": str(own), "GOROOT": ""})
    except subprocess.TimeoutExpired:
        skip(f"go install of {name} took too long")
    if installed.returncode != 0:
        skip(f"go install of {name} failed: {installed.stderr.strip()[-300:]}")
    return str(own / name)


def find_comet(build):
    return find_tool("cometbft", "cmd/cometbft", build, lambda path: output_of(path, "version").startswith("0.38."))


def find_cli(build):
    return find_tool("abci-cli", "abci/cmd/abci-cli", build, lambda path: output_of(path, "version") == "2.0.0")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def options():
    """What CTest hands to each test."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--example", required=True)
    parser.add_argument("--assayd")
    return parser.parse_args()


def until(what, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)


class Node:
    """One validator and its application. `folder` is short: a unix socket's path has 107 bytes. CometBFT's files are
    made in it, unless they are in `home` already."""

    TIMING = {"timeout_commit": "50ms", "timeout_propose": "500ms"}
    LISTENS = b".listening"  # what the application logs
    EXTENSIONS = "1"  # the first height with vote extensions, so that ExtendVote is called

    def __init__(self, comet, example, folder, home=None):
        self.comet_program, self.example = comet, example
        self.folder = pathlib.Path(folder)
        self.home = home or self.folder / "comet"
        self.address = f"unix://{self.folder}/app"
        self.port, self.peer_port = free_port(), free_port()
        self.app = self.comet = None
        self.starts = 0
        if home is None:
            subprocess.run([comet, "init", "--home", str(self.home)], check=True, capture_output=True)
        self._configure()

    def _configure(self):
        self.set_options(**self.TIMING)
        config = self.home / "config" / "config.toml"
        text = re.sub(r"tcp://\S*:26657", f"tcp://127.0.0.1:{self.port}", config.read_text())
        config.write_text(re.sub(r"tcp://\S*:26656", f"tcp://127.0.0.1:{self.peer_port}", text))
        genesis = self.home / "config" / "genesis.json"
        value = json.loads(genesis.read_text())
        value["consensus_params"]["abci"]["vote_extensions_enable_height"] = self.EXTENSIONS
        genesis.write_text(json.dumps(value))

    def set_chain_id(self, chain_id):
        genesis = self.home / "config" / "genesis.json"
        value = json.loads(genesis.read_text())
        value["chain_id"] = chain_id
        genesis.write_text(json.dumps(value))

    def set_options(self, **options):
        config = self.home / "config" / "config.toml"
        text = config.read_text()
        for key, value in options.items():
            line = f"{key} = {json.dumps(value)}"
            text, count = re.subn(rf"^{key} = .*$", line, text, flags=re.M)
            if count != 1:
                raise SystemExit(f"{config} has {count} lines for {key}")
        config.write_text(text)

    # Processes.

    def start_app(self, address=None):
        self.app_log = self.folder / f"app-{self.starts}.log"
        self.starts += 1
        with open(self.app_log, "wb") as log:
            self.app = subprocess.Popen(self.app_command(address or self.address), stdout=subprocess.DEVNULL, stderr=log)
        until("the application to listen",
              lambda: self.app.poll() is not None or self.LISTENS in self.app_log.read_bytes())
        if self.app.poll() is not None:
            raise SystemExit(f"the application ended with {self.app.returncode}: {self.app_log.read_text()}")

    def app_command(self, address):
        return [self.example, address, str(self.folder / "state")]

    def start_comet(self, address=None, **environment):
        with open(self.folder / "comet.log", "ab") as log:
            self.log_begin = log.tell()
            self.comet = subprocess.Popen(
                [self.comet_program, "start", "--home", str(self.home), "--proxy_app", address or self.address],
                stdout=log, stderr=log, env={**os.environ, **environment})

    def start(self):
        self.start_app()
        self.start_comet()
        self.wait_for_rpc()

    def wait_for_rpc(self):
        until("CometBFT to answer", lambda: self.comet.poll() is not None or self.alive())
        if self.comet.poll() is not None:
            raise SystemExit(f"CometBFT ended with {self.comet.returncode}:\n" + self.comet_log()[-3000:])

    def alive(self):
        try:
            self.rpc("health")
            return True
        except OSError:
            return False

    def comet_ended(self):
        """Waits until CometBFT has stopped by itself; its exit status. One that has begun to stop may hang in its own
        services, and is killed then."""
        def stopping():
            return self.comet.poll() is not None or "captured terminated, exiting" in self.comet_log(self.log_begin)

        until("CometBFT to stop without its application", stopping)
        try:
            return self.comet.wait(10)
        except subprocess.TimeoutExpired:
            self.kill(self.comet)
            return self.comet.returncode

    @staticmethod
    def kill(process):
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self):
        """In order, as an operator does; the application's exit status must be 0."""
        self.comet.terminate()
        self.comet.wait(30)
        self.app.terminate()
        if self.app.wait(30) != 0:
            raise SystemExit("the application did not stop in order")

    def clean(self):
        for process in (self.comet, self.app):
            if process and process.poll() is None:
                self.kill(process)

    def comet_log(self, begin=0):
        return (self.folder / "comet.log").read_bytes()[begin:].decode(errors="replace")

    def check_log(self):
        """No call came out of order, and none was answered by an exception."""
        odd = [e for e in self.app_events() if e["event"] in ("abci.grammar", "abci.exception", "abci.refused")]
        if odd:
            raise SystemExit(f"the application's log: {odd}")

    def app_events(self):
        return [json.loads(line) for path in sorted(self.folder.glob("app-*.log"))
                for line in path.read_text().splitlines() if line.startswith("{")]

    # RPC.

    def rpc(self, method, **parameters):
        query = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{method}?{query}", timeout=15) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            answer = json.load(error)
        if "error" in answer:
            raise SystemExit(f"{method}: {answer['error']}")
        return answer["result"]

    def send(self, tx):
        """The code of check_tx()."""
        return self.rpc("broadcast_tx_sync", tx=f'"{tx}"')["code"]

    def send_and_wait(self, tx):
        """The height of its block."""
        result = self.rpc("broadcast_tx_commit", tx=f'"{tx}"')
        if result["check_tx"]["code"] or result["tx_result"]["code"]:
            raise SystemExit(f"{tx}: {result}")
        return int(result["height"])

    def query(self, key):
        response = self.rpc("abci_query", data=f'"{key}"')["response"]
        return base64.b64decode(response.get("value") or "").decode() if response["code"] == 0 else None

    def height(self):
        return int(self.rpc("status")["sync_info"]["latest_block_height"])

    def earliest(self):
        """The height of the first block that CometBFT has."""
        return int(self.rpc("status")["sync_info"]["earliest_block_height"])

    def wait_for_blocks(self, count):
        first = self.height()
        until(f"{count} more blocks", lambda: self.comet.poll() is not None or self.height() >= first + count)

    # Agreement.

    def check_agreement(self):
        """The application's hash in every header is the one that follows from the blocks; the last height."""
        info = self.rpc("abci_info")["response"]
        app_height = int(info["last_block_height"])
        until("the next block", lambda: self.height() > app_height)
        pairs, expected = {}, b""
        for height in range(1, app_height + 2):
            block = self.rpc("block", height=height)["block"]
            if bytes.fromhex(block["header"]["app_hash"]) != expected:
                raise SystemExit(f"block {height}: app hash {block['header']['app_hash']}, but {expected.hex()} follows")
            if height == app_height + 1:
                break
            pairs.update(base64.b64decode(tx).decode().split("=") for tx in block["data"]["txs"] or [])
            lines = "".join(f"{key}={pairs[key]}\n" for key in sorted(pairs))
            expected = hashlib.sha256(lines.encode()).digest()
        if base64.b64decode(info["last_block_app_hash"]) != expected:
            raise SystemExit(f"the application's hash at height {app_height} is not what follows from the blocks")
        return app_height


def make_homes(comet, folder, count):
    """CometBFT's, of `count` validators of one chain."""
    subprocess.run([comet, "testnet", "--v", str(count), "--o", str(folder / "net"), "--populate-persistent-peers=false"],
                   check=True, capture_output=True)
    return [folder / "net" / f"node{number}" for number in range(count)]


def signing_key(home):
    """(address, public key in hexadecimal digits) of a validator."""
    key = json.loads((home / "config" / "priv_validator_key.json").read_text())
    return key["address"], base64.b64decode(key["pub_key"]["value"]).hex()


def make_validators(comet, folder, count, make_node, route=lambda _own, other: other.peer_port, homes=None):
    """`count` validators of one chain that know each other; make_node(number, folder, home) makes each Node, and
    route(own, other) says at which port one reaches another."""
    nodes = []
    for number, home in enumerate(homes or make_homes(comet, folder, count)):
        (folder / str(number)).mkdir()
        nodes.append(make_node(number, folder / str(number), home))
    ids = [output_of(comet, "show-node-id", "--home", str(node.home)) for node in nodes]
    for own in nodes:
        peers = [f"{name}@127.0.0.1:{route(own, other)}" for name, other in zip(ids, nodes) if other is not own]
        own.set_options(persistent_peers=",".join(peers), pex=False, addr_book_strict=False, allow_duplicate_ip=True)
    return nodes


def follow(node, sources, trust_height):
    """Configures `node` to join the network of the `sources` by a snapshot that one of them has. The first of them has all
    blocks: the light client asks it."""
    shutil.copy(sources[0].home / "config" / "genesis.json", node.home / "config" / "genesis.json")
    peers = [f"{output_of(node.comet_program, 'show-node-id', '--home', str(s.home))}@127.0.0.1:{s.peer_port}" for s in sources]
    server = f"127.0.0.1:{sources[0].port}"
    node.set_options(persistent_peers=",".join(peers), addr_book_strict=False, allow_duplicate_ip=True, enable=True,
                     rpc_servers=f"{server},{server}", trust_height=trust_height,
                     trust_hash=sources[0].rpc("block", height=trust_height)["block_id"]["hash"], discovery_time="5s")


def app_hashes(node, last, first=1):
    """The application's hash in every header from one height up to another."""
    hashes = {}
    for first in range(first, last + 1, 20):
        metas = node.rpc("blockchain", minHeight=first, maxHeight=min(last, first + 19))["block_metas"]
        hashes.update((int(m["header"]["height"]), m["header"]["app_hash"]) for m in metas)
    return hashes
