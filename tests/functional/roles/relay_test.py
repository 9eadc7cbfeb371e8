"""Two relays fetch a claim's data from real blob hosts and attest it; then the solver and the submitter are
killed, and a whistleblower that comes late checks the whole claim with what the relays serve.
"""
import argparse
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "demo"))
from network import ATOMS, Network  # noqa: E402

TASK = ["--model", "mlp", "--steps", "60", "--interval", "10", "--checkpoint-every", "2", "--seed", "3",
        "--enlist-window-s", "2", "--verify-window-s", "10", "--challenge-window-s", "45", "--stand-up-window-s", "3",
        "--move-window-s", "60", "--relays", "8", "--relay-quorum", "6", "--relay-fee", "8", "--relay-stake", "50",
        "--relay-window-s", "60", "--label", "relayed"]


class RelayNetwork(Network):
    PARTIES = {**Network.PARTIES, "relay-1": (10, 2000), "relay-2": (10, 2000)}


def wait_for(what, holds, seconds=150):
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited in vain for {what}")
        time.sleep(0.1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    network = RelayNetwork(parser.parse_args().build)
    try:
        network.start_ledger()
        relays = ("relay-1", "relay-2")

        def has(name):
            return network.wealth(name) + int(network.account(name)["locked"]["stakes"])

        before = {name: has(name) for name in relays}
        for name in relays:
            network.start(name, "assay-relay", "--bond", 1000, "--threads", 1)
        wait_for("the relays' bonds", lambda: all(
            int(network.account(name)["locked"]["stakes"]) == 1000 * ATOMS for name in relays))
        network.start("solver-1", "assay-solver", "--threads", 1)
        network.start("submitter", "assay-submitter", "--solver", network.accounts["solver-1"], *TASK, "--threads", 1)
        seen = []

        def claim():
            claims = [c for task in network.tasks() for c in task["claims"]]
            return network.rpc("claim", claim=claims[0])["claim"] if claims else {"status": "none"}

        def is_attested():
            seen.append(claim()["status"])
            return seen[-1] == "challenging"

        wait_for("an attested claim", is_attested)
        assert all(seat["attested"] for seat in claim()["relays"]), claim()["relays"]
        for name in ("solver-1", "submitter"):
            network.kill(name)
        network.start("whistleblower", "assay-whistleblower", "--threads", 1)
        checked = []

        def is_checked():
            checked.extend(e for e in network.events("whistleblower") if e.get("event") == "claim.checked")
            return bool(checked)

        wait_for("a check with the relays' blobs", is_checked, 60)
        for name in ("solver-1", "submitter"):
            network.restart(name)
        wait_for("the claim's end", lambda: claim()["status"] == "final")
        gained = {name: has(name) - before[name] for name in relays}
        assert sum(gained.values()) == 8 * ATOMS and min(gained.values()) >= 0, gained
        print(f"attested, checked without solver and submitter, relays earned {gained}")
    finally:
        network.clean()


if __name__ == "__main__":
    main()
