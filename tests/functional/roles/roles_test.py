"""Role programs against mistakes and hostile neighbours: each mistake has its exit code and words that
name it; garbage on a port changes nothing; a full or locked folder loses nothing.
"""
import argparse
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "demo"))
from liar import LIES, Liar, Refuser, Stale  # noqa: E402
from network import Network  # noqa: E402


def run(network, name, *options, program="assay-solver", environment=None, timeout=30):
    command = [network.bin / program, "--home", network.home / name, "--ledger", network.url, *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout,
                          env={**os.environ, **(environment or {})})


def expect(result, code, *words):
    said = result.stderr + result.stdout
    assert result.returncode == code, f"exit code {result.returncode}, not {code}: {said}"
    for word in words:
        assert word in said, f"'{word}' is not in: {said}"


def mistakes(network):
    home = network.home / "solver-1"
    expect(run(network, "solver-1", "--treads", 1), 2, "--treads")
    expect(run(network, "solver-1", "--threads", "many"), 2, "threads")
    expect(run(network, "solver-1", "--log-format", "xml"), 2, "log-format")
    expect(run(network, "nobody"), 2, "password")
    config = network.folder / "solver.toml"
    config.write_text("threads = 1\nprice = 3\n")
    expect(run(network, "solver-1", "--config", config), 2, "price")
    expect(run(network, "solver-1", "--password-file", "/nonexistent"), 1, "/nonexistent")
    expect(run(network, "solver-1", environment={"ASSAY_PASSWORD": "wrong"}), 4, "password")
    os.chmod(home / "key.json", 0o640)
    expect(run(network, "solver-1"), 5, "chmod 600")
    os.chmod(home / "key.json", 0o600)
    key = (home / "key.json").read_bytes()
    (home / "key.json").write_bytes(key[:-9])
    expect(run(network, "solver-1"), 4, "key.json")
    (home / "key.json").write_bytes(key)
    genesis = (home / "genesis.bin").read_bytes()
    (home / "genesis.bin").write_bytes(genesis[:-1])
    expect(run(network, "solver-1"), 4, "genesis")
    (home / "genesis.bin").write_bytes(genesis)
    help_text = run(network, "solver-1", "--help")
    expect(help_text, 0, "Examples:", "--replay-quote-ms", "ASSAY_")


def other_chain(network):
    """A role that holds another chain's genesis record, or another authority, refuses the ledger."""
    other = network.folder / "other"
    subprocess.run([network.bin / "assay", "devnet", other, "--party", "solver=1:1"], check=True, capture_output=True)
    home = network.home / "solver-2"
    shutil.copy(home / "genesis.bin", network.folder / "genesis.kept")
    shutil.copy(other / "solver" / "genesis.bin", home / "genesis.bin")
    expect(run(network, "solver-2"), 4, "another chain")
    shutil.copy(network.folder / "genesis.kept", home / "genesis.bin")
    expect(run(network, "solver-2", "--authority", other / "solver" / "authority.pem"), 4, "certificate")


def lying_nodes(network):
    """What a node says without proof is not believed: the role says so and asks the next one."""
    for number, lie in enumerate(LIES):
        liar = Liar(network.url, network.context, network.home / "verifier", lie)
        capability = f"lie-{number}"
        command = [network.bin / "assay-solver", "--home", network.home / "solver-2", "--ledger", liar.url, "--ledger",
                   network.url, "--log-format", "json", "--capability", capability, "--threads", "1"]
        role = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        until = time.monotonic() + 60
        while capability not in network.account("solver-2")["capabilities"] and time.monotonic() < until:
            time.sleep(0.2)
        role.terminate()
        said = role.communicate()[1]
        events = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        untrue = [event for event in events if event["event"] == "ledger.untrue"]
        assert liar.lies_told > 0, lie.__name__
        assert untrue and all(event["url"] == liar.url for event in untrue), f"{lie.__name__}: {said}"
        assert any(event["event"] == "ledger.reached" and event["url"] == network.url for event in events), said
        assert capability in network.account("solver-2")["capabilities"], f"{lie.__name__}: {said}"
        liar.close()
    # Alone it is no ledger at all.
    liar = Liar(network.url, network.context, network.home / "verifier", LIES[0])
    command = [network.bin / "assay-solver", "--home", network.home / "solver-2", "--ledger", liar.url]
    expect(subprocess.run(command, capture_output=True, text=True, timeout=30), 4, "not under its header's root")
    liar.close()


def with_two_nodes(network, other, capability, event):
    """A role that names `other` first says in its log what that one does, and gets its work done by the true one."""
    command = [network.bin / "assay-solver", "--home", network.home / "solver-2", "--ledger", other.url, "--ledger",
               network.url, "--log-format", "json", "--log-file", network.folder / f"{capability}.json", "--capability",
               capability, "--threads", "1"]
    role = subprocess.Popen(command)
    log = network.folder / f"{capability}.json"
    until, seen, number = time.monotonic() + 60, [], 0
    while time.monotonic() < until and not (seen and capability in network.account("solver-2")["capabilities"]):
        # Somebody has to make blocks.
        number += 1
        subprocess.run([network.bin / "assay", "send", "transfer", "--home", network.home / "submitter", "--ledger", network.url,
                        "--to", network.accounts["verifier"], "--tokens", "0.000001"], check=True, capture_output=True)
        events = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        seen = [e for e in events if e["event"] == event and e["url"] == other.url]
        time.sleep(0.2)
    role.terminate()
    role.wait()
    assert other.lies_told > 0, capability
    assert len(seen) == 1, f"{capability}: {events}"
    assert capability in network.account("solver-2")["capabilities"], capability
    other.close()


def refusing_and_stale_nodes(network):
    with_two_nodes(network, Refuser(network.url, network.context, network.home / "verifier"), "refused", "ledger.untrue")
    with_two_nodes(network, Stale(network.url, network.context, network.home / "verifier"), "stale", "ledger.behind")


def kept_header(network):
    """What a role followed last is a file, which it goes on from; a damaged one is refused, until it is told not to look."""
    kept = network.home / "solver-2" / "data" / "trusted-header.bin"
    good = kept.read_bytes()
    kept.write_bytes(good[:40] + bytes([good[40] ^ 1]) + good[41:])
    expect(run(network, "solver-2"), 4, "trusted-header.bin", "--trust-genesis")
    kept.write_bytes(good)
    expect(run(network, "solver-2", "--trust-header", "1:" + "0" * 64), 2, "replicated")


def garbage(network):
    """Random bytes, half-open connections and wrong requests at a role's and the ledger's ports."""
    network.start("solver-1", "assay-solver", "--threads", 1)
    time.sleep(1.5)
    expect(run(network, "solver-1"), 2, "in use by another process")
    url = network.account("solver-1")["url"]
    ports = [int(url.rsplit(":", 1)[1]), int(network.url.rsplit(":", 1)[1])]
    held = []
    for port in ports:
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port)) as plain:
                plain.sendall(os.urandom(512))
        held.append(socket.create_connection(("127.0.0.1", port)))
        with socket.create_connection(("127.0.0.1", port)) as raw:
            with network.context.wrap_socket(raw, server_hostname="127.0.0.1") as tls:
                tls.sendall(b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n")
                try:
                    tls.recv(64)
                except (ssl.SSLError, OSError):
                    pass
    for path in ["/blob/zz", "/blob/" + "0" * 64, "/index/../../etc/passwd", "/index/" + "a" * 4000]:
        try:
            network.get(url, path)
            raise AssertionError(f"{path} was served")
        except OSError as error:
            assert "HTTP Error 4" in str(error), f"{path}: {error}"
    for connection in held:
        connection.close()
    assert network.rpc("chain_status")["healthy"]
    assert network.processes["solver-1"].poll() is None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    options = parser.parse_args()
    network = Network(options.build)
    try:
        network.start_ledger()
        mistakes(network)
        other_chain(network)
        lying_nodes(network)
        refusing_and_stale_nodes(network)
        kept_header(network)
        garbage(network)
    finally:
        network.clean()
    print("roles: mistakes, other chains, nodes that lie, refuse or lag, and garbage are answered as they should be")


if __name__ == "__main__":
    main()
