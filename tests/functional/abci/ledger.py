"""A validator whose application is the ledger, and transactions for it."""
import base64
import hashlib
import json
import pathlib
import ssl
import struct
import subprocess
import urllib.error
import urllib.request

from comet import Node, app_hashes, free_port, until


def expect(condition, words):
    if not condition:
        raise SystemExit(words)


class Account:
    """A key made of its number, and transactions signed with it by the openssl program."""

    def __init__(self, folder, number):
        self.pem = pathlib.Path(folder) / f"account-{number}.der"
        self.pem.write_bytes(bytes.fromhex("302e020100300506032b657004220420") + bytes([number] * 32))
        self.id = self.openssl("pkey", "-inform", "DER", "-in", self.pem, "-pubout", "-outform", "DER")[-32:]
        self.nonce = 0

    @staticmethod
    def openssl(*arguments):
        return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True).stdout

    def transfer(self, chain, to, atoms):
        """docs/spec/protocol.md, "Transactions"."""
        self.nonce += 1
        payload = to.id + struct.pack("<Q", atoms)
        body = (b"\x01" + chain + self.id + struct.pack("<Q", self.nonce) + struct.pack("<QQ", self.nonce, 0)
                + struct.pack("<Q", 100_000) + b"\x01" + struct.pack("<I", len(payload)) + payload)
        digest = self.pem.with_suffix(".digest")
        digest.write_bytes(hashlib.sha256(b"assay/tx/1" + body).digest())
        return body + self.openssl("pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", self.pem, "-in", digest)


class LedgerNode(Node):
    """A validator whose application is assayd, on a home that is there when it starts."""

    LISTENS = b"node.listen_comet"

    def __init__(self, comet, assayd, folder, ledger_home, home=None):
        super().__init__(comet, assayd, folder, home)
        self.ledger_home = pathlib.Path(ledger_home)
        self.call_port = free_port()
        self.url = f"https://127.0.0.1:{self.call_port}"
        self.more_options = []

    def app_command(self, address):
        return [self.example, "replicate", "--home", str(self.ledger_home), "--port", str(self.call_port), "--abci", address,
                "--comet", f"tcp://127.0.0.1:{self.port}", "--log-format", "json", *self.more_options]

    def page(self, name):
        """What monitors are told: (status, words)."""
        context = ssl.create_default_context(cafile=self.ledger_home / "tls" / "authority.pem")
        try:
            with urllib.request.urlopen(f"{self.url}/{name}", timeout=30, context=context) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def call(self, method, **params):
        """The node's own RPC: (result, error)."""
        context = ssl.create_default_context(cafile=self.ledger_home / "tls" / "authority.pem")
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        with urllib.request.urlopen(f"{self.url}/rpc", body, 30, context=context) as response:
            answer = json.load(response)
        return answer.get("result"), answer.get("error")

    def assayd(self, *arguments):
        return subprocess.run([self.example, *map(str, arguments)], check=True, capture_output=True, text=True).stdout

    def check_store(self, replay=True):
        """Of a stopped node: every block applied again gives what it holds, or all but that. What verify-store says."""
        verified = self.assayd("verify-store", "--home", self.ledger_home, *(["--replay"] if replay else []))
        expect("no fault" in verified and ("every block applied again" in verified) == replay, verified)
        return verified.splitlines()[0]


class Ledger(LedgerNode):
    """One validator of a new chain, on which the accounts own something."""

    def __init__(self, comet, assayd, folder, accounts):
        super().__init__(comet, assayd, folder, pathlib.Path(folder) / "ledger")
        self.accounts = accounts
        record = self.folder / "genesis.toml"
        record.write_text("name = \"replicated\"\nreplicated = true\ntime_ms = 1700000000000\n" + "".join(
            f"[[accounts]]\nid = \"{account.id.hex()}\"\natoms = 1000000\n" for account in accounts))
        made = self.folder / "genesis.bin"
        shown = self.assayd("genesis", "create", "--from", record, "--out", made)
        self.chain = bytes.fromhex(shown.split("chain ")[1].split()[0])
        chain_id = self.chain[:16].hex()
        expect(chain_id in shown, "genesis create does not name CometBFT's chain id")
        self.set_chain_id(chain_id)
        self.assayd("init", "--home", self.ledger_home, "--genesis", made)

    def broadcast(self, tx):
        result = self.rpc("broadcast_tx_commit", tx="0x" + tx.hex())
        return result["check_tx"]["code"], result["tx_result"].get("code", 0), int(result.get("height", 0))

    def record_of(self, key, path="/record"):
        response = self.rpc("abci_query", path=f'"{path}"', data="0x" + key.hex())["response"]
        return base64.b64decode(response.get("value") or ""), response["code"]

    def send_and_wait(self, _tx, by=None):
        """A transfer, by this node's own calls or another's; the height of its block."""
        first, second = self.accounts
        result, error = (by or self).call("submit_transaction", tx=first.transfer(self.chain, second, 1).hex())
        expect(error is None and result["verdict_code"] == 0, f"a transfer: {result} {error}")
        return result["height"]

    def check_agreement(self):
        """The hash of each of the ledger's headers is the one in CometBFT's next header; the last height."""
        last = self.call("chain_status")[0]["head"]["height"]
        until("the next block", lambda: self.height() > last)
        for height, app_hash in app_hashes(self, last + 1).items():
            header = bytes.fromhex(self.call("get_block_header", height=height - 1)[0]["signed_header"])[:-128]
            expect(hashlib.sha256(b"assay/header/1" + header).hexdigest() == app_hash.lower(), f"the app hash of block {height}")
        return last
