"""Nodes that join a ledger by CometBFT's state synchronisation: killed between each pair of its steps they join afterwards
(INV-NOD-024), a chunk that was changed on its way is asked for again from somebody else (INV-NOD-023), and a node that is
ahead of its CometBFT goes on after a rollback (INV-NOD-025)."""
import pathlib
import shutil
import subprocess
import tempfile
import time

from comet import app_hashes, find_comet, follow, options, until
from crash_test import kill_application
from ledger import Account, Ledger, LedgerNode, expect
from proxy import Proxy

EVERY = 10  # blocks between snapshots
SNAPSHOTS = ["--snapshot-every", str(EVERY), "--keep-snapshots", "10"]
# Where the application of the node that joins is killed: see crash_test.py.
POINTS = ["asked:offer_snapshot", "answered:offer_snapshot", "asked:apply_snapshot_chunk", "sent:apply_snapshot_chunk",
          "answered:apply_snapshot_chunk", "answered:info", "asked:finalize_block", "sent:commit", "answered:commit"]


class FullNode(LedgerNode):
    """Not a validator: it follows the others' chain, and its ledger is empty."""

    # As small a pause after each block and between pieces of one: it has to catch up.
    TIMING = {"timeout_commit": "10ms", "timeout_propose": "1s", "peer_gossip_sleep_duration": "10ms"}

    def __init__(self, validator, sources, folder):
        folder.mkdir()
        super().__init__(validator.comet_program, validator.example, folder, folder / "ledger")
        self.more_options = SNAPSHOTS
        validator.assayd("init", "--home", self.ledger_home, "--genesis", validator.folder / "genesis.bin")
        follow(self, sources, EVERY // 2)

    def head(self):
        return self.call("chain_status")[0]["head"]["height"]

    def events(self, name):
        return [event for event in self.app_events() if event["event"] == name]

    def check_joined(self, validator):
        """It has blocks after the snapshot's, all as the validator has them; the first and the last height."""
        until("the node to join", lambda: self.comet.poll() is not None or self.height() > 0, 90)
        until("the node to catch up", lambda: self.comet.poll() is not None or self.height() + 2 > validator.height(), 60)
        last = validator.send_and_wait("a transfer", self)
        until("the node to go on", lambda: self.comet.poll() is not None or self.height() > last, 60)
        base = self.earliest()
        expect(base > EVERY, f"it has blocks from {base} on: it took no snapshot")
        expect(app_hashes(self, last, base) == app_hashes(validator, last, base), "the app hashes are not the validator's")
        for height in (1, base - 1, last):
            headers = [node.call("get_block_header", height=height)[0]["signed_header"] for node in (self, validator)]
            expect(headers[0] == headers[1], f"another header of block {height}")
        return base, last


class Validator(Ledger):
    TIMING = {"timeout_commit": "700ms", "timeout_propose": "1s", "peer_gossip_sleep_duration": "10ms"}


def play_crashes(new_node, validator):
    for point in POINTS:
        node = new_node(validator)
        try:
            kill_application(node, point, 1)
            node.start()
            base, last = node.check_joined(validator)
            node.stop()
            print(f"{point}: joined with block {base}, agrees up to {last}; {node.check_store(replay=False)}", flush=True)
        finally:
            node.clean()
    print(f"figure ledger_join_crash_points {len(POINTS)} count")


class Liar:
    """Changes a byte of the first chunk on its way to the application."""

    def __init__(self):
        self.changed = False

    def __call__(self, moment, name, message):
        if self.changed or (moment, name) != ("asked", "apply_snapshot_chunk"):
            return True
        self.changed = True
        middle = len(message) // 2
        return message[:middle] + bytes([message[middle] ^ 1]) + message[middle + 1:]


def play_lie(new_node, validator):
    """Two nodes have the snapshot: who seems to have sent a wrong chunk is asked no more."""
    honest = new_node(validator)
    node = new_node(validator, honest)
    liar = Liar()
    try:
        honest.start()
        honest.check_joined(validator)
        until("both to have the same snapshots", lambda: honest.events("snapshot.made") and honest.head() + 2 > validator.height())
        node.start_app(f"unix://{node.folder}/behind")
        proxy = Proxy(node.folder / "app", node.folder / "behind", liar)
        node.start_comet()
        node.wait_for_rpc()
        base, _ = node.check_joined(validator)
        wrong = node.events("snapshot.wrong_chunk")
        expect(liar.changed and len(wrong) == 1, f"the wrong chunk was not noticed: {wrong}")
        print(f"a wrong chunk of {wrong[0]['sender'][:8]} was refused, and the node joined with block {base}")
        node.stop()
        proxy.close()
        node.check_log()
    finally:
        honest.clean()
        node.clean()


def kill_rollbacks(node, core):
    """At several moments: the ledger is the old one or the new one. How many it hit."""
    ledger, copy = node.ledger_home / "ledger", node.folder / "ahead"
    shutil.copytree(ledger, copy)
    hits = 0
    for milliseconds in range(5, 1500, 115):
        rollback = subprocess.Popen([node.example, "rollback", "--home", str(node.ledger_home), "--to", core],
                                    stdout=subprocess.DEVNULL)
        time.sleep(milliseconds / 1000)
        hits += rollback.poll() is None
        node.kill(rollback)
        node.check_store(replay=False)
        shutil.rmtree(ledger)
        shutil.copytree(copy, ledger)
    return hits


def play_rollback(node, validator):
    """CometBFT's data is put back from a copy that is older than the ledger."""
    data, copy = node.home / "data", node.folder / "copy"
    node.start()
    node.check_joined(validator)
    until("blocks after a snapshot of its own", lambda: node.events("snapshot.made") and node.head() % EVERY in (3, 4, 5), 60)
    node.stop()
    shutil.copytree(data, copy)
    height = int(node.check_store(replay=False).split(" height ")[1].split(",")[0])
    node.start()
    until("more blocks", lambda: node.head() > height + EVERY, 60)
    node.stop()
    shutil.rmtree(data)
    copy.rename(data)
    node.start_app()
    node.start_comet()
    until("CometBFT to refuse", lambda: node.comet.poll() is not None)
    expect("is higher than core" in node.comet_log(node.log_begin), node.comet_log(node.log_begin)[-2000:])
    node.app.terminate()
    node.app.wait(30)
    core = node.comet_log(node.log_begin).split("is higher than core (")[1].split(")")[0]
    print(f"{kill_rollbacks(node, core)} rollbacks were killed", flush=True)
    print(f"ahead of CometBFT, which has {core}: {node.assayd('rollback', '--home', node.ledger_home, '--to', core).strip()}")
    node.check_store(replay=False)
    node.start()
    _, last = node.check_joined(validator)
    node.stop()
    print(f"it goes on and agrees up to {last}; {node.check_store(replay=False)}")


def main():
    given = options()
    comet = find_comet(given.build)
    with tempfile.TemporaryDirectory(prefix="assay-sync-") as name:
        folder = pathlib.Path(name)
        (folder / "v").mkdir()
        accounts = [Account(folder, number) for number in (1, 2)]
        validator = Validator(comet, given.assayd, folder / "v", accounts)
        validator.more_options = SNAPSHOTS
        validator.set_options(allow_duplicate_ip=True)
        made = []

        def new_node(*sources):
            made.append(FullNode(validator, sources, folder / str(len(made))))
            return made[-1]

        try:
            validator.start()
            for _ in range(4):
                validator.send_and_wait("a transfer")
            until("the first snapshot", lambda: validator.height() > EVERY + 3)
            play_crashes(new_node, validator)
            play_lie(new_node, validator)
            play_rollback(new_node(validator), validator)
            validator.stop()
            validator.check_log()
        finally:
            for node in [*made, validator]:
                node.clean()


if __name__ == "__main__":
    main()
