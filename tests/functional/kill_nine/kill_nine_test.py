"""kill -9 of every process of the demo at random moments, restarted: the same model root, the same
party slashed, every token accounted for.
"""
import argparse
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "demo"))
from network import Network  # noqa: E402

TASK = ["--model", "mlp", "--steps", "360", "--interval", "30", "--seed", "3", "--challenge-window-s", "25",
        "--stand-up-window-s", "3", "--move-window-s", "120", "--label", "kill"]


def ended(network):
    try:
        tasks = network.tasks()
    except OSError:
        return False
    return len(tasks) == 2 and all(t["status"] in ("paid", "refunded", "cancelled", "unclaimed") for t in tasks)


def play(build, kills, rng):
    """One run; `kills`: how often each process is killed. What must not depend on it."""
    network = Network(build)
    try:
        network.start_ledger()
        before = sum(network.wealth(name) for name in network.accounts)
        network.start("solver-1", "assay-solver", "--threads", 1)
        network.start("solver-2", "assay-lying-solver", "--lie", "output-element:200", "--threads", 1)
        network.start("verifier", "assay-verifier", "--threads", 1)
        network.start("whistleblower", "assay-whistleblower", "--threads", 1)
        network.start("submitter", "assay-submitter", "--solver", network.accounts["solver-1"],
                      "--solver", network.accounts["solver-2"], *TASK, "--threads", 1)
        # Each process gets its kills at random moments of the busy part; the ledger's spread over all.
        start = time.monotonic()
        schedule = sorted((rng.uniform(0.3, 16), name) for name in network.processes for _ in range(kills))
        done = []
        deadline = start + 300
        while not (ended(network) and network.processes["submitter"].poll() is not None and not schedule):
            if time.monotonic() > deadline:
                raise SystemExit("the run did not end:\n" + "\n".join(str(t["status"]) for t in network.tasks()))
            if schedule and time.monotonic() - start >= schedule[0][0]:
                _, name = schedule.pop(0)
                if network.processes[name].returncode is None:
                    network.kill(name)
                    done.append(name)
                    time.sleep(rng.uniform(0, 0.3))
                    network.restart(name)
            submitter = network.processes["submitter"]
            if submitter.poll() not in (None, 0):
                raise SystemExit(f"submitter ended with {submitter.returncode}")
            time.sleep(0.05)
        totals = network.rpc("totals")["totals"]
        after = sum(network.wealth(n) for n in network.accounts) + sum(int(totals[k]) for k in ("burned", "jackpot", "treasury"))
        claims = {network.names[c["solver"]]: c for c in
                  (network.rpc("claim", claim=c)["claim"] for t in network.tasks() for c in t["claims"])}
        slashed = sorted({network.names[e["account"]] for e in network.ledger_events() if e["event"] == "slashed"})
        model = network.home / "submitter" / "data" / "models" / "kill-1.safetensors"
        return {
            "model_root": claims["solver-1"]["final_state_root"],
            "model_file": model.read_bytes(),
            "status": {name: claim["status"] for name, claim in claims.items()},
            "slashed": slashed,
            "conserved": before == after,
        }, done
    finally:
        network.clean()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--kind", choices=["fast", "slow"], default="fast")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    rng = random.Random(options.seed)
    print(f"seed {options.seed}")
    expected, _ = play(options.build, 0, rng)
    assert expected["status"] == {"solver-1": "final", "solver-2": "fallen"}, expected["status"]
    assert expected["slashed"] == ["solver-2"], expected["slashed"]
    assert expected["conserved"]
    killed = 0
    for kills in [2] if options.kind == "fast" else [1, 2, 3, 4, 6, 8]:
        result, done = play(options.build, kills, rng)
        killed += len(done)
        for key in expected:
            assert result[key] == expected[key], f"{key} differs after killing {done}: {result[key]}"
    print(f"figure kill_nine_kills {killed} kills")


if __name__ == "__main__":
    main()
