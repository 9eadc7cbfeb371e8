"""The demo: two solvers bid for work and train for pay on real data, one lies, the lie is found, judged and slashed."""
import argparse
import hashlib
import json
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from network import ATOMS, Network  # noqa: E402

CHEATS = {
    "output-element": "one bit of one element of a forward matrix product (or convolution) flipped",
    "weight-bit": "one bit of a weight flipped after a step",
    "skip-step": "one step not executed",
    "learning-rate": "another learning rate from a step on",
    "data": "one byte of the data set changed",
    "order": "batches in another order",
    "fewer-steps": "half of the training claimed as the whole",
    "none": "nobody lies",
}
# Defaults by model: steps, accuracy that the honest model must reach, seconds a step (to size the
# challenge window; generous).
MODELS = {
    "mlp": (600, 0.85, 0.012),
    "cnn": (900, 0.88, 0.025),
    "resnet": (120, 0.7, 0.6),
    "gpt": (120, 0.2, 0.4),
    "llama": (120, 0.2, 0.4),
}
BIDS = {"solver-1": 80, "solver-2": 90}  # tokens
BID_WINDOW_S = 10
TTY = sys.stdout.isatty()
WHO_COLOUR = {"ledger": "35", "submitter": "34", "solver-1": "32", "solver-2": "31", "verifier": "36", "whistleblower": "33"}


def paint(text, code):
    return f"\033[{code}m{text}\033[0m" if TTY else text


class Screen:
    """Lines that stay, and below them one that is redrawn (on a terminal)."""

    def __init__(self):
        self.start, self.live = time.monotonic(), ""

    def line(self, who, text):
        if self.live:
            print("\r\033[K", end="")
        stamp = f"{time.monotonic() - self.start:6.1f}s"
        print(f"{paint(stamp, '2')} {paint(f'{who:<13}', WHO_COLOUR.get(who, '1'))} {text}", flush=True)
        if self.live:
            print(self.live, end="", flush=True)

    def redraw(self, text):
        if TTY and text != self.live:
            self.live = text
            print("\r\033[K" + text, end="", flush=True)

    def settle(self):
        if self.live:
            print(flush=True)
            self.live = ""


def duration(seconds):
    return f"{seconds:.0f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60):02d} s"


class Training:
    """Progress of the solvers: bars on a terminal, a line at every quarter elsewhere."""

    def __init__(self, screen):
        self.screen, self.runs = screen, {}

    def progress(self, who, fields):
        step, steps, now = int(fields["step"]), int(fields["steps"]), time.monotonic()
        run = self.runs.setdefault(who, {"from": step, "since": now, "quarter": 0})
        run.update(step=step, steps=steps, loss=fields.get("loss", ""))
        rate = (step - run["from"]) / (now - run["since"]) if now > run["since"] else 0
        run["text"] = f"{step}/{steps} steps {rate:5.0f}/s"
        if rate > 0 and step < steps:
            run["text"] += f", {duration((steps - step) / rate)} left"
        if run["loss"]:
            run["text"] += f", loss {float(run['loss']):.3f}"
        if TTY:
            parts = []
            for name, r in sorted(self.runs.items()):
                filled = 14 * r["step"] // r["steps"]
                parts.append(f"{paint(name, WHO_COLOUR[name])} {'█' * filled}{'░' * (14 - filled)} {r['text']}")
            self.screen.redraw("  " + "   ".join(parts))
            if len(self.runs) == 2 and all(r["step"] == r["steps"] for r in self.runs.values()):
                self.screen.settle()
        elif step * 4 // steps > run["quarter"]:
            run["quarter"] = step * 4 // steps
            self.screen.line(who, f"training {run['text']}")


class Demo:
    def __init__(self, options, network):
        self.options = options
        self.screen = Screen()
        self.training = Training(self.screen)
        self.network = network
        self.claims = {}
        self.labels = {}  # of tasks
        self.walk = {}
        self.saved = None
        self.intervals = {"verifier": 0, "whistleblower": 0}
        self.proven, self.refunded, self.differing = False, [], set()
        self.disagreements = []
        self.program = None  # the step program's file, for the names of its nodes

    def who_claims(self, claim):
        return self.claims.get(claim, claim[:8])

    def on_event(self, who, e):
        line, kind = self.screen.line, e["event"]
        if kind == "training.progress":
            self.training.progress(who, e)
        elif kind == "training.commit":
            line(who, f"commits entry {int(e['entry']):>2}, after step {int(e['step']):>4}: state root {e['state_root'][:16]}…")
        elif kind == "training.resumed":
            line(who, f"goes on from its checkpoint at step {e['step']}")
        elif kind == "task.posted":
            self.labels[e["task"]] = e["label"]
            line(who, f"posts {e['label']} for the lowest bid: at most {int(e['price']) / ATOMS:.0f} tokens, reserved")
        elif kind == "bid.placed":
            line(who, f"bids {int(e['price']) / ATOMS:.0f} tokens for {self.labels.get(e['task'], e['task'][:8])}, deposit and stake down")
        elif kind == "task.accepted":
            solver = self.network.names.get(e["solver"], "?")
            self.claims[e["claim"]] = solver
            self.fetch_program(e["task"])
            line(who, f"{e['label']} goes to {solver} for {int(e['price']) / ATOMS:.0f} tokens, in escrow now; "
                      "its stake stands behind it")
        elif kind == "claim.enlisted":
            line(who, f"takes a verifier's seat on the claim of {self.who_claims(e['claim'])}")
        elif kind == "training.finished":
            line(who, f"trained; transcript of {e['entries']} state roots, root {e['transcript_root'][:16]}…")
        elif kind == "transcript.revealed":
            line(who, "transcript revealed and signed; the next block's beacon draws what is replayed")
        elif kind == "replay.interval":
            self.intervals[who] += 1
            if e["matches"] != "true":
                self.differing.add((who, e["claim"]))
                line(who, paint(f"entry {e['entry']} of {self.who_claims(e['claim'])} does not match: "
                                f"claimed {e['claimed_root'][:12]}…, own replay {e['own_root'][:12]}…", "1;31"))
        elif kind == "verifier.attested":
            verdict = "matches; attests with its stake" if e["matches"] == "true" else "does not match"
            line(who, f"entry {e['entry']} of {self.who_claims(e['claim'])}, drawn by the beacon: {verdict}")
        elif kind == "claim.checked":
            line(who, f"replayed {e['intervals']} intervals of {self.who_claims(e['claim'])} that no verifier was drawn for: "
                      + ("all match but that one" if (who, e["claim"]) in self.differing else "all match"))
        elif kind == "claim.disputed":
            line(who, f"challenges entry {e['entry']} of {self.who_claims(e['claim'])}: hidden commitment first, then the reveal")
        elif kind == "transcript.disclosed":
            entry = int(e["forced_entry"])
            line(who, f"discloses: it had to force an error, one bit of the loss of entry {entry}" if entry
                 else "discloses: no error was due")
        elif kind == "game.position" and who in ("verifier", "whistleblower"):
            self.show_walk(who, e)
        elif kind == "challenge.ended":
            words = "found the forced error" if e["status"] == "found" else e["status"]
            line(who, paint(f"challenge {words}", "1;32" if e["status"] in ("won", "found") else "1"))
        elif kind == "claim.settled":
            line(who, paint(f"claim {e['status']}: {e['reason']}", "1;32" if e["status"] == "final" else "1;31"))
        elif kind == "model.saved":
            if e["label"].endswith("-1"):  # the honest solver's
                self.saved = e
            line(who, f"{e['label']} collected, {int(e['bytes']) / 1e6:.2f} MB, checked against the ledger: "
                      f"test accuracy {100 * float(e['accuracy']):.2f} %")
        elif kind == "task.ended" and e["status"] != "paid":
            line(who, f"{e['label']} ended: {e['status']}, {e['reason']}")
        elif kind in ("transaction.refused", "job.failed", "blob.wrong") and e["level"] != "debug":
            words = {k: v for k, v in e.items() if k not in ("time", "level", "event")}
            line(who, f"{kind}: " + " ".join(f"{k}={v}" for k, v in words.items()))

    def show_walk(self, who, e):
        """What the last move narrowed it down to: the lines that are new."""
        before = self.walk.get(e["game"], [])
        now = [text for text in e["text"].split("\n") if text]
        self.walk[e["game"]] = now
        for text in now:
            level, _, words = text.partition(" ")
            if text not in before and level != "next":
                self.screen.line(who, f"  move {int(e['turn']):>2}  {paint(f'{level:<9}', '1')} {words.strip()}")

    def pump(self):
        seen = []
        for name in self.network.tails:
            seen += [(e["time"], name, e) for e in self.network.events(name)]
        for _, name, e in sorted(seen, key=lambda entry: entry[0]):
            self.on_event(name, e)

    def choices(self):
        """The optimizer, if one is asked for, and the text of a gpt: this project's own specification."""
        chosen = ["--optimizer", self.options.optimizer] if self.options.optimizer else []
        if self.options.model in ("gpt", "llama"):
            text = self.network.home / "text.txt"
            pages = pathlib.Path(__file__).resolve().parents[2] / "docs" / "spec"
            text.write_text("".join(page.read_text() for page in sorted(pages.glob("*.md"))))
            chosen += ["--text", text]
        return chosen

    def run(self):
        o, net, line = self.options, self.network, self.screen.line
        steps, _, seconds_a_step = MODELS[o.model]
        steps = o.steps or steps
        interval = o.interval or max(1, steps // 12)
        cheat_step = o.cheat_step if o.cheat_step is not None else steps * 5 // 9
        window = o.challenge_window or max(15, int(2.5 * steps * seconds_a_step))
        net.start_ledger()
        line("ledger", net.describe())
        self.before = {name: net.wealth(name) for name in net.accounts}

        threads = ("--threads", o.threads)
        # The verifier takes so many that the whistleblower has done its own when the seals are open: what is found
        # later of a forced error wins nothing.
        entries = -(-steps // interval) + 1
        draws = max(1, min(9, entries * 7 // 10))
        task = ("--model", o.model, *self.choices(), "--steps", steps, "--interval", interval, "--seed", o.seed,
                "--auction", "--bid-window-s", BID_WINDOW_S, "--challenge-window-s", window, "--stand-up-window-s", 5,
                "--move-window-s", 120 if o.cheat != "fewer-steps" else 10, "--forced-one-in", o.forced_one_in,
                "--draws", draws, "--label", o.model)
        # The first task is for either: solver-1 is cheaper. The second one is for solver-2 alone.
        bids = {name: ("--price-min-atoms", tokens * ATOMS, "--tasks-max", 2) for name, tokens in BIDS.items()}
        net.start("solver-1", "assay-solver", *threads, *bids["solver-1"])
        if o.cheat == "none":
            net.start("solver-2", "assay-solver", *threads, *bids["solver-2"])
        else:
            net.start("solver-2", "assay-lying-solver", "--lie", f"{o.cheat}:{cheat_step}", *threads, *bids["solver-2"])
            line("solver-2", paint(f"is going to lie: {CHEATS[o.cheat]}"
                                   + (f", step {cheat_step}" if o.cheat != "fewer-steps" else ""), "2"))
        net.start("verifier", "assay-verifier", *threads)
        net.start("whistleblower", "assay-whistleblower", *threads)
        both = ",".join(net.accounts[name] for name in BIDS)
        net.start("submitter", "assay-submitter", "--solver", both, "--solver", net.accounts["solver-2"], *task, *threads)

        deadline = time.monotonic() + o.timeout
        while True:
            self.pump()
            net.watch(bool(self.claims))
            failed = net.failed()
            if failed:
                self.pump()
                raise SystemExit(f"{failed} ended with exit code {net.processes[failed].returncode}: see "
                                 f"{net.home / failed} (--keep FOLDER keeps it)\n" + stderr_of(net, failed))
            if net.processes["submitter"].returncode == 0:
                break
            if time.monotonic() > deadline:
                raise SystemExit(f"not done after {o.timeout} s (--timeout)")
            time.sleep(0.05)
        time.sleep(0.6)
        self.pump()
        self.screen.settle()
        return self.close()

    def close(self):
        o, net = self.options, self.network
        events = net.ledger_events()
        tasks = net.tasks()
        claims = [net.rpc("claim", claim=claim)["claim"] for task in tasks for claim in task["claims"]]
        evidence_words = self.audit(claims)
        verdict_words = self.verdict(claims)
        agreement_words, self.disagreements = net.agreement(claims)
        after = {name: net.wealth(name) for name in net.accounts}
        totals = net.rpc("totals")["totals"]
        sent = {}
        for name, _, size in net.transactions():
            sent[name] = sent.get(name, 0) + size
        stakes = {name: int(net.account(name)["staked"]) for name in net.accounts}
        head = net.rpc("chain_status")["head"]
        net.stop()

        slashed = {}
        for e in events:
            if e["event"] == "slashed":
                slashed[e["account"]] = slashed.get(e["account"], 0) + int(e["amount"])
        print()
        rows = [["party", "before", "after", "change", "staked", "slashed", "ledger bytes", "CPU s"]]
        for name, account in net.accounts.items():
            rows.append([name, tokens(self.before[name]), tokens(after[name]), signed(after[name] - self.before[name]),
                         tokens(stakes[name]), tokens(slashed.get(account, 0)), f"{sent.get(name, 0):,}",
                         f"{net.cpu_seconds.get(name, 0):.1f}"])
        for name in [name for name in net.cpu_seconds if name not in net.accounts]:  # the ledger, and who orders for it
            rows.append([name, "", "", "", "", "", "", f"{net.cpu_seconds[name]:.1f}"])
        rows.append(["burned", tokens(0), tokens(int(totals["burned"])), signed(int(totals["burned"])), "", "", "", ""])
        rows.append(["jackpot", tokens(0), tokens(int(totals["jackpot"])), signed(int(totals["jackpot"])), "", "", "", ""])
        rows.append(["treasury", tokens(0), tokens(int(totals["treasury"])), signed(int(totals["treasury"])), "", "", "", ""])
        print(table(rows))
        total_before = sum(self.before.values())
        total_after = sum(after.values()) + sum(int(totals[k]) for k in ("burned", "jackpot", "treasury"))
        print(f"\n{head['height']} blocks, {sum(sent.values()):,} bytes of transactions, state root {head['state_root'][:16]}…")
        print(f"Tokens before {tokens(total_before)}, after {tokens(total_after)}: "
              + ("every one accounted for." if total_before == total_after else paint("SOME ARE MISSING.", "1;31")))
        print(f"Replayed: the verifier {self.intervals['verifier']} intervals, the whistleblower {self.intervals['whistleblower']}.")
        for e in events:
            if e["event"] == "jackpot_paid":
                print(f"The jackpot paid {tokens(int(e['amount']))} to the {net.names[e['finder']]}, who found a forced error.")
        self.print_bids(events)
        for text in evidence_words + verdict_words + agreement_words:
            print(text)
        return self.judge(tasks, claims, events, slashed, total_before == total_after)

    def print_bids(self, events):
        """Who lost an auction, and that its deposit came back."""
        net = self.network
        returned = {e["debit"]["owner"]: int(e["amount"]) for e in events if e["event"] == "money_moved"}
        for e in events:
            if e["event"] == "bid_ended" and e["how"] == "lost":
                # docs/spec/protocol.md, "The market": the account of a bid's deposit.
                account = hashlib.sha256(b"assay/deposit/1" + bytes.fromhex(e["task"] + e["bidder"])).hexdigest()
                self.refunded.append(returned.get(account, 0))
                print(f"{net.names[e['bidder']]} lost the auction of {self.labels.get(e['task'], e['task'][:8])}: "
                      f"its deposit of {tokens(self.refunded[-1])} came back with the award.")

    def verdict(self, claims):
        """What became of solver-2's claim, as a light client sees it: from one block header alone."""
        net = self.network
        claim = next((c for c in claims if net.names[c["solver"]] == "solver-2"), None)
        if claim is None or not net.SIGNS_HEADERS:
            return []
        path = net.folder / "claim.proof"
        path.write_text(json.dumps(net.rpc("proof", key="43" + claim["claim"])))
        # The genesis record is the one that came with solver-1's home: nothing of the ledger is trusted.
        command = [net.bin / "assay", "verdict", path, "--genesis", net.home / "solver-1" / "genesis.bin"]
        said = subprocess.run(command, capture_output=True, text=True)
        self.proven = said.returncode == 0
        return ["\nsolver-2's claim, checked by `assay verdict` from one signed block header and nothing else of the ledger:",
                *("  " + text for text in (said.stdout or said.stderr).strip().split("\n"))]

    def fetch_program(self, task):
        """From the submitter's blob server, while it is there."""
        net = self.network
        try:
            root = net.rpc("task", task=task)["task"]["header"]["step_program"]
            url = net.account("submitter")["url"]
            blob = net.get(url, f"/index/program/{root}").decode().split()[0]
            content = net.get(url, f"/blob/{blob}")
        except OSError:
            return
        self.program = net.folder / "program.bin"
        self.program.write_bytes(content)

    def audit(self, claims):
        """The evidence of the lost game, judged offline by `assay audit`."""
        net = self.network
        for claim in claims:
            for challenge in claim["challenges"]:
                full = net.rpc("challenge", challenge=challenge if isinstance(challenge, str) else challenge["challenge"])["challenge"]
                for game in full["games"]:
                    game_id = game if isinstance(game, str) else game["game"]
                    try:
                        evidence = bytes.fromhex(net.rpc("evidence", game=game_id)["evidence"])
                    except RuntimeError:
                        continue  # decided by a clock, or still open: nothing to prove
                    path = net.folder / "evidence.bin"
                    path.write_bytes(evidence)
                    options = ["--program", self.program] if self.program else []
                    audit = subprocess.run([net.bin / "assay", "audit", path, *options], capture_output=True, text=True)
                    return [f"\nEvidence, {len(evidence):,} bytes, judged offline by `assay audit`:",
                            *("  " + text for text in (audit.stdout or audit.stderr).strip().split("\n"))]
        return []

    def judge(self, tasks, claims, events, slashed, conserved):
        """True if what had to happen did."""
        o, net = self.options, self.network
        by_solver = {net.names[c["solver"]]: c for c in claims}
        problems = []
        if not conserved:
            problems.append("tokens are missing")
        if by_solver.get("solver-1", {}).get("status") != "final":
            problems.append("the honest solver's claim did not become final")
        expected = {"none": "final", "fewer-steps": "expired"}.get(o.cheat, "fallen")
        if by_solver.get("solver-2", {}).get("status") != expected:
            problems.append(f"solver-2's claim is {by_solver.get('solver-2', {}).get('status')}, not {expected}")
        for name, tokens in BIDS.items():
            if int(by_solver.get(name, {}).get("price", 0)) != tokens * ATOMS:
                problems.append(f"{name} did not get a task for the {tokens} tokens that it bid")
        forced = [c for c in claims if c["status"] == "final" and c["forced_entry"]]
        found = {e["claim"] for e in events if e["event"] == "jackpot_paid"}
        if o.forced_one_in == 1 and (not forced or any(c["claim"] not in found for c in forced)):
            problems.append("a forced error was not found")
        problems += self.disagreements
        if net.SIGNS_HEADERS and not self.proven:
            problems.append("the verdict on solver-2's claim was not proven to a light client")
        if not any(deposit > 0 for deposit in self.refunded):
            problems.append("no bid deposit came back to who lost the auction")
        wrongly = [net.names[a] for a in slashed if net.names[a] != "solver-2"]
        if wrongly:
            problems.append("slashed without a lie: " + ", ".join(wrongly))
        model = net.home / "submitter" / "data" / "models" / f"{o.model}-1.safetensors"
        if self.saved is None or not model.exists():
            problems.append("the honest model was not collected")
        else:
            default_steps, accuracy, _ = MODELS[o.model]
            if (o.steps or default_steps) >= default_steps and float(self.saved["accuracy"]) < accuracy:
                problems.append(f"test accuracy {self.saved['accuracy']} is under {accuracy}")
            kept = pathlib.Path(o.save) if o.save else pathlib.Path(o.build) / f"{o.model}.safetensors"
            kept.write_bytes(model.read_bytes())
            print(f"\nThe honest model, test accuracy {100 * float(self.saved['accuracy']):.2f} %, is saved as {kept}")
        print()
        if problems:
            print(paint("FAILED: " + "; ".join(problems), "1;31"))
            return False
        words = {"none": "Both solvers were honest and both were paid.",
                 "fewer-steps": "The short transcript was refused: the count follows from the task."}
        print(paint(words.get(o.cheat, "The liar was found, judged and slashed; the honest solver was paid."), "1;32"))
        return True


def stderr_of(net, name):
    path = net.home / name / "stderr"
    return path.read_text(errors="replace")[-2000:] if path.exists() else ""


def tokens(atoms):
    return f"{atoms / ATOMS:,.2f}"


def signed(atoms):
    return f"{atoms / ATOMS:+,.2f}" if atoms else "0.00"


def table(rows):
    widths = [max(len(row[c]) for row in rows) for c in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) if c == 0 else cell.rjust(w) for c, (cell, w) in enumerate(zip(row, widths))).rstrip()
             for row in rows]
    lines.insert(1, "─" * max(map(len, lines)))
    return "\n".join(lines)


def parse(arguments):
    cheats = "\n".join(f"  {name:<15} {words}" for name, words in CHEATS.items())
    parser = argparse.ArgumentParser(
        prog="./run demo", formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__,
        epilog=f"kinds of lie:\n{cheats}\n\nexamples:\n  ./run demo\n  ./run demo --model cnn --cheat weight-bit --keep out")
    parser.add_argument("--model", choices=MODELS, default="mlp", help="what is trained (default: mlp)")
    parser.add_argument("--optimizer", choices=["adam", "adamw", "sgd"], help="how (default: what suits the model)")
    parser.add_argument("--steps", type=int, default=0, help="training steps (default: 600 mlp, 900 cnn, 120 others)")
    parser.add_argument("--interval", type=int, default=0, help="steps between committed state roots (default: a twelfth)")
    parser.add_argument("--cheat", choices=CHEATS, default="output-element", help="how solver-2 lies (default: output-element)")
    parser.add_argument("--cheat-step", type=int, default=None, help="at which step (default: after five ninths)")
    parser.add_argument("--forced-one-in", type=int, default=1, metavar="N",
                        help="one claim in N has to force an error, which checkers find; 0: none (default: 1)")
    parser.add_argument("--seed", type=int, default=1, help="of weights and data order (default: 1)")
    parser.add_argument("--threads", type=int, default=1, help="threads of each role (default: 1)")
    parser.add_argument("--challenge-window", type=int, default=0, help="seconds for challenges (default: by steps)")
    parser.add_argument("--timeout", type=int, default=600, help="give up after this many seconds (default: 600)")
    parser.add_argument("--keep", metavar="FOLDER", help="keep everything in a new FOLDER (keys, logs, evidence, models)")
    parser.add_argument("--save", metavar="FILE", help="save the honest model there (default: build/release/MODEL.safetensors)")
    parser.add_argument("--build", default="build/release", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.steps < 0 or options.interval < 0 or (options.steps and options.steps < 12):
        parser.error("--steps is at least 12")
    return options


def supervise(options, make_network, afterwards=lambda demo: None):
    """Plays it and leaves no process behind, however it ends; the exit code."""

    def interrupt(number, _frame):
        raise KeyboardInterrupt(number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    demo = None
    try:
        demo = Demo(options, make_network())
        done = demo.run()
        afterwards(demo)
        return 0 if done else 1
    except KeyboardInterrupt:
        print("\ninterrupted: stopping everything", file=sys.stderr)
        return 130
    finally:
        if demo is not None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            demo.network.clean()


def main(arguments):
    options = parse(arguments)
    return supervise(options, lambda: Network(options.build, options.keep))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
