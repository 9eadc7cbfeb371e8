"""Writes tests/vectors/comet/chain.json: the commit and the validators of every height of a real chain of CometBFT
v0.38.17's own key-value example, as its RPC answers them. The validators change so much that heights cannot be skipped
without looking between, one is silent for a while, and one never signs at all.

python3 tests/functional/abci/record_light.py --build build
"""
import base64
import json
import pathlib
import subprocess
import tempfile

from comet import Node, find_comet, options, output_of

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "vectors" / "comet"
VALIDATORS, OTHERS = 4, 3


def make_nodes(comet, folder):
    subprocess.run([comet, "testnet", "--v", str(VALIDATORS), "--n", str(OTHERS), "--o", str(folder / "net"),
                    "--populate-persistent-peers=false"], check=True, capture_output=True)
    nodes = []
    for number in range(VALIDATORS + OTHERS):
        (folder / str(number)).mkdir()
        nodes.append(Node(comet, None, folder / str(number), folder / "net" / f"node{number}"))
    peers = [f"{output_of(comet, 'show-node-id', '--home', str(n.home))}@127.0.0.1:{n.peer_port}" for n in nodes]
    for node, own in zip(nodes, peers):
        node.set_options(persistent_peers=",".join(peer for peer in peers if peer != own), addr_book_strict=False,
                         allow_duplicate_ip=True)
    return nodes


def key_of(node):
    return json.loads((node.home / "config" / "priv_validator_key.json").read_text())["pub_key"]["value"]


def set_power(node, key, power):
    node.send_and_wait(f"val=ed25519!{key}!{power}")


def light_block(node, height):
    pages = []
    while not pages or sum(len(page["validators"]) for page in pages) < int(pages[0]["total"]):
        pages.append(node.rpc("validators", height=height, per_page=100, page=len(pages) + 1))
    return {"commit": node.rpc("commit", height=height), "validators": pages}


def play(nodes):
    for node in nodes:
        node.start_comet("kvstore")
    for node in nodes:
        node.wait_for_rpc()
    first, last = nodes[0], nodes[-1]
    first.wait_for_blocks(2)
    set_power(first, key_of(nodes[1]), 7)
    set_power(first, base64.b64encode(bytes.fromhex(  # the key of RFC 8032's first example: nobody here has it
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")).decode(), 1)
    first.wait_for_blocks(2)
    nodes[3].kill(nodes[3].comet)
    first.wait_for_blocks(3)
    for node in nodes[VALIDATORS:]:
        set_power(first, key_of(node), 20)
    for node in nodes[1:VALIDATORS]:
        set_power(first, key_of(node), 0)
    first.wait_for_blocks(4)
    height = last.height() - 1
    return [light_block(last, each) for each in range(1, height + 1)]


def main():
    given = options()
    comet = find_comet(given.build)
    with tempfile.TemporaryDirectory(prefix="assay-light-") as folder:
        nodes = make_nodes(comet, pathlib.Path(folder))
        try:
            chain = play(nodes)
        finally:
            for node in nodes:
                node.clean()
    VECTORS.mkdir(parents=True, exist_ok=True)
    (VECTORS / "chain.json").write_text("[\n" + ",\n".join(json.dumps(block) for block in chain) + "\n]\n")
    for block in chain:
        header = block["commit"]["signed_header"]["header"]
        flags = [s["block_id_flag"] for s in block["commit"]["signed_header"]["commit"]["signatures"]]
        print(header["height"], header["validators_hash"][:8], flags, block["commit"]["signed_header"]["commit"]["round"])


if __name__ == "__main__":
    main()
