"""A record of the ledger, proven by real CometBFT's validators: the proof is put together here from what CometBFT's RPC
alone answers, by docs/spec/comet.md, and checked by `assay verdict` against the genesis record."""
import base64
import calendar
import hashlib
import json
import pathlib
import re
import subprocess
import tempfile
import time

from comet import find_comet, options, output_of, until
from ledger import LedgerNode, expect

ACCOUNT = bytes(range(1, 33))


class Light(LedgerNode):
    """A validator whose application is the ledger; the genesis record names it."""

    def __init__(self, comet, assayd, folder, names_validators):
        super().__init__(comet, assayd, folder, folder / "ledger")
        record = self.folder / "genesis.toml"
        genesis = self.home / "config" / "genesis.json"
        record.write_text("name = \"light\"\nreplicated = true\ntime_ms = 1700000000000\n"
                          + (f"comet_genesis = \"{genesis.relative_to(self.folder)}\"\n" if names_validators else "")
                          + f"[[accounts]]\nid = \"{ACCOUNT.hex()}\"\natoms = 1000000\n")
        self.record = self.folder / "genesis.bin"
        shown = output_of(assayd, "genesis", "create", "--from", record, "--out", self.record)
        expect(("validators " in shown) == names_validators, shown)
        self.set_chain_id(shown.split("chain ")[1].split()[0][:32])
        subprocess.run([assayd, "init", "--home", self.ledger_home, "--genesis", self.record], check=True, capture_output=True)

    def ask(self, path, height, key=b""):
        answer = self.rpc("abci_query", path=f'"{path}"', data="0x" + key.hex(), height=height)["response"]
        expect(answer.get("code", 0) == 0, answer)
        return base64.b64decode(answer.get("value") or "")


# Protocol Buffers, as docs/spec/comet.md has them.

def varint(value):
    value &= (1 << 64) - 1
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7f | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value) if value else b""


def message(field, body):
    return varint(field << 3 | 2) + varint(len(body)) + body


def some(field, body):
    return message(field, body) if body else b""


def moment(text):
    seconds, nanos = re.fullmatch(r"([-:0-9T]+)(?:\.(\d+))?Z", text).groups()
    if seconds.startswith("0001-"):
        return number(1, -62135596800)
    return number(1, calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S"))) + number(2, int((nanos or "").ljust(9, "0")))


def block_id(value):
    parts = number(1, value["parts"]["total"]) + some(2, bytes.fromhex(value["parts"]["hash"]))
    return some(1, bytes.fromhex(value["hash"])) + message(2, parts)


def header_of(h):
    version = number(1, int(h["version"]["block"])) + number(2, int(h["version"].get("app", 0)))
    out = message(1, version) + some(2, h["chain_id"].encode()) + number(3, int(h["height"]))
    out += message(4, moment(h["time"])) + message(5, block_id(h["last_block_id"]))
    names = ["last_commit_hash", "data_hash", "validators_hash", "next_validators_hash", "consensus_hash", "app_hash",
             "last_results_hash", "evidence_hash", "proposer_address"]
    return out + b"".join(some(6 + i, bytes.fromhex(h[name])) for i, name in enumerate(names))


def commit_of(c):
    out = number(1, int(c["height"])) + number(2, c["round"]) + message(3, block_id(c["block_id"]))
    for s in c["signatures"]:
        out += message(4, number(1, s["block_id_flag"]) + some(2, bytes.fromhex(s["validator_address"]))
                       + message(3, moment(s["timestamp"])) + some(4, base64.b64decode(s["signature"] or "")))
    return out


def validator_of(v):
    return (message(1, bytes.fromhex(v["address"])) + message(2, message(1, base64.b64decode(v["pub_key"]["value"])))
            + number(3, int(v["voting_power"])))


def light_block(node, height):
    signed = node.rpc("commit", height=height)["signed_header"]
    validators = node.rpc("validators", height=height, per_page=100)["validators"]
    proposer = next(v for v in validators if v["address"] == signed["header"]["proposer_address"])
    members = b"".join(message(1, validator_of(v)) for v in validators) + message(2, validator_of(proposer))
    return message(1, message(1, header_of(signed["header"])) + message(2, commit_of(signed["commit"]))) + message(2, members)


def proof_of(node, key, height):
    """What the call `proof` of docs/spec/rpc.md answers."""
    header = node.ask("/header", height)
    expect(hashlib.sha256(b"assay/header/1" + header).hexdigest().upper()
           == node.rpc("commit", height=height + 1)["signed_header"]["header"]["app_hash"], "the app hash is another header's")
    return {"key": key.hex(), "value": node.ask("/record", height, key).hex(), "proof": node.ask("/proof", height, key).hex(),
            "signed_header": (header + light_block(node, height + 1)).hex()}


class Verdict:
    def __init__(self, assay, node):
        self.assay, self.node = assay, node

    def __call__(self, proof, *more):
        file = self.node.folder / "claim.proof"
        file.write_text(json.dumps(proof))
        done = subprocess.run([self.assay, "verdict", file, "--genesis", self.node.record, *more], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


def play(node, verdict, names_validators):
    node.start()
    node.wait_for_blocks(5)
    last = node.height() - 1
    money = b"A\x01" + ACCOUNT
    for height in (1, last - 1):
        until("the block after it", lambda: node.height() > height + 1)
        proof = proof_of(node, money, height)
        comet_hash = node.rpc("commit", height=height + 1)["signed_header"]["commit"]["block_id"]["hash"]
        code, text = verdict(proof)
        if names_validators:
            expect(code == 0 and "1 of 1 validators" in text and "1.000000 tokens" in text, text)
        else:
            expect(code == 4 and "names no validators" in text, text)
        code, text = verdict(proof, "--comet-header", comet_hash)
        expect(code == 0 and "PROVEN: " in text, text)
        expect(verdict(proof, "--comet-header", "0" * 64)[0] == 4, "any header is believed")
        for member in ("value", "signed_header"):
            changed = bytearray.fromhex(proof[member])
            changed[len(changed) // 2] ^= 1
            code, text = verdict({**proof, member: changed.hex()}, "--comet-header", comet_hash)
            expect(code == 4, f"{member}: {text}")
    # The node puts the same together by itself.
    first, error = node.call("proof", key=money.hex(), height=1)
    expect(error is None and first == proof_of(node, money, 1), f"{error} {first}")
    head = node.call("chain_status")[0]["head"]["height"]
    latest, error = node.call("header_proof")
    expect(error is None and latest["header"]["height"] >= head - 1, f"{error} {latest}")
    code, text = verdict(node.call("proof", key=b"nobody".hex())[0], *([] if names_validators else
                         ["--comet-header", node.rpc("commit", height=2)["signed_header"]["commit"]["block_id"]["hash"]]))
    expect(code == (1 if names_validators else 4), text)
    expect(node.call("header_proof", height=head + 100)[1]["code"] == -32004, "a header that there is not")
    # Another block's header of CometBFT's is none of this one.
    other = {**proof, "signed_header": (node.ask("/header", 1) + light_block(node, 4)).hex()}
    code, text = verdict(other, "--comet-header", node.rpc("commit", height=4)["signed_header"]["commit"]["block_id"]["hash"])
    expect(code == 4 and "names" in text, text)
    node.stop()
    node.check_log()
    print(f"a balance at heights 1 and {last - 1} is proven by CometBFT's validators")


def refuse_others(node):
    """CometBFT with another key than the genesis record names."""
    key = node.home / "config" / "genesis.json"
    value = json.loads(key.read_text())
    value["validators"][0]["power"] = "11"
    key.write_text(json.dumps(value))
    node.start_app()
    node.start_comet()
    node.comet_ended()
    expect("the genesis record names" in node.comet_log(), node.comet_log()[-2000:])
    print("other validators than the genesis record's are refused")


def main():
    given = options()
    comet = find_comet(given.build)
    assay = pathlib.Path(given.assayd).with_name("assay")
    with tempfile.TemporaryDirectory(prefix="assay-light-") as folder:
        for number_of, (names_validators, game) in enumerate([(True, play), (False, play), (True, refuse_others)]):
            place = pathlib.Path(folder) / str(number_of)
            place.mkdir()
            node = Light(comet, given.assayd, place, names_validators)
            try:
                if game is play:
                    play(node, Verdict(assay, node), names_validators)
                else:
                    game(node)
            finally:
                node.clean()


if __name__ == "__main__":
    main()
