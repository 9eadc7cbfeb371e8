"""The ledger under real CometBFT: signed transfers, a refusal, proofs, kill -9 of either, and at the end every block
applied again gives the headers that CometBFT's agreed on."""
import base64
import hashlib
import json
import pathlib
import ssl
import struct
import subprocess
import tempfile
import urllib.request

from comet import Node, find_comet, free_port, options, until


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


class Ledger(Node):
    """A validator whose application is the ledger."""

    LISTENS = b"node.listen_comet"

    def __init__(self, comet, assayd, folder, accounts):
        super().__init__(comet, assayd, folder)
        record = self.folder / "genesis.toml"
        record.write_text("name = \"replicated\"\nreplicated = true\ntime_ms = 1700000000000\n" + "".join(
            f"[[accounts]]\nid = \"{account.id.hex()}\"\natoms = 1000000\n" for account in accounts))
        self.record = self.folder / "genesis.bin"
        shown = self.assayd("genesis", "create", "--from", record, "--out", self.record)
        self.chain = bytes.fromhex(shown.split("chain ")[1].split()[0])
        chain_id = self.chain[:16].hex()
        expect(chain_id in shown, "genesis create does not name CometBFT's chain id")
        self.set_chain_id(chain_id)
        self.assayd("init", "--home", self.folder / "ledger", "--genesis", self.record)
        self.call_port = free_port()

    def assayd(self, *arguments):
        return subprocess.run([self.example, *map(str, arguments)], check=True, capture_output=True, text=True).stdout

    def app_command(self, address):
        return [self.example, "replicate", "--home", str(self.folder / "ledger"), "--port", str(self.call_port), "--abci", address, "--comet",
                f"tcp://127.0.0.1:{self.port}", "--log-format", "json"]

    def call(self, method, **params):
        """The node's own RPC: (result, error)."""
        context = ssl.create_default_context(cafile=self.folder / "ledger" / "tls" / "authority.pem")
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        with urllib.request.urlopen(f"https://127.0.0.1:{self.call_port}/rpc", body, 30, context=context) as response:
            answer = json.load(response)
        return answer.get("result"), answer.get("error")

    def broadcast(self, tx):
        result = self.rpc("broadcast_tx_commit", tx="0x" + tx.hex())
        return result["check_tx"]["code"], result["tx_result"].get("code", 0), int(result.get("height", 0))

    def record_of(self, key, path="/record"):
        response = self.rpc("abci_query", path=f'"{path}"', data="0x" + key.hex())["response"]
        return base64.b64decode(response.get("value") or ""), response["code"]


def play(node, accounts):
    node.start()
    first, second = accounts
    for atoms in range(1, 6):
        expect(node.broadcast(first.transfer(node.chain, second, atoms))[:2] == (0, 0), "a transfer was refused")
    forged = bytearray(first.transfer(node.chain, second, 1))
    forged[-1] ^= 1
    expect(node.broadcast(bytes(forged))[0] != 0, "a forged transfer was taken")
    first.nonce -= 1

    print("kill -9 of the application")
    node.kill(node.app)
    node.comet_ended()
    node.start()
    expect(node.broadcast(second.transfer(node.chain, first, 7))[:2] == (0, 0), "refused after the restart")

    print("kill -9 of CometBFT; the application stays")
    node.kill(node.comet)
    node.start_comet()
    node.wait_for_rpc()
    expect(node.broadcast(first.transfer(node.chain, second, 9))[:2] == (0, 0), "refused after CometBFT's restart")
    too_much = node.broadcast(second.transfer(node.chain, first, 10**12))
    expect(too_much[0] == 0 and too_much[1] != 0, f"more than it has: {too_much}")

    print("calls to the node itself")
    transfer = second.transfer(node.chain, first, 3)
    result, error = node.call("submit_transaction", tx=transfer.hex())
    expect(error is None and result["verdict_code"] == 0 and result["height"] > 0, f"{result} {error}")
    again, _ = node.call("submit_transaction", tx=transfer.hex())
    expect(again == result, f"sent again: {again}")
    forged = second.transfer(node.chain, first, 3)
    forged = forged[:-1] + bytes([forged[-1] ^ 1])
    expect(node.call("submit_transaction", tx=forged.hex())[0]["height"] == 0, "a forged transfer was taken")
    many = [first.transfer(node.chain, second, 1).hex() for _ in range(100)]
    outcomes = node.call("submit_transactions", txs=many)[0]["outcomes"]
    expect(all(outcome["verdict_code"] == 0 for outcome in outcomes), f"of many in order: {outcomes}")
    status, _ = node.call("chain_status")
    expect(status["mode"] == "replicated", status)
    height = status["head"]["height"]
    expect(node.call("wait_block", after=height)[0]["height"] > height, "blocks do not go on")
    node.kill(node.comet)
    busy = node.call("submit_transaction", tx=first.transfer(node.chain, second, 1).hex())[1]
    expect(busy["code"] == -32028, f"without CometBFT: {busy}")
    expect(node.call("chain_status")[0]["head"]["height"] >= height, "no reads without CometBFT")
    node.start_comet()
    node.wait_for_rpc()
    until("CometBFT to be reached",
          lambda: node.call("submit_transaction", tx=first.transfer(node.chain, second, 1).hex())[1] is None)

    proof, code = node.record_of(b"?", "/proof")
    expect(code == 0 and proof, "there is no proof of absence")
    expect(node.record_of(b"?")[1] == 1, "a record that is none")
    height = int(node.rpc("abci_info")["response"]["last_block_height"])
    node.stop()
    node.check_log()
    verified = node.assayd("verify-store", "--home", node.folder / "ledger", "--replay")
    expect("no fault" in verified and "every block applied again" in verified, verified)
    print(f"{height} blocks under CometBFT; {verified.splitlines()[0]}")


def main():
    given = options()
    comet = find_comet(given.build)
    with tempfile.TemporaryDirectory(prefix="assay-ledger-") as folder:
        accounts = [Account(folder, number) for number in (1, 2)]
        node = Ledger(comet, given.assayd, folder, accounts)
        try:
            play(node, accounts)
        finally:
            node.clean()


if __name__ == "__main__":
    main()
