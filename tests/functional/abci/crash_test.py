"""The crash matrix: the application or CometBFT is killed between each pair of steps of a block, on a new chain and
on one that has blocks. After every restart the chain goes on and the app hash in every header is the one that follows
from the blocks."""
import tempfile

from comet import Node, find_comet, options
from proxy import Proxy

# CometBFT's own places to die, counted from its start: those of one block (its votes, then around the block's
# storing, the write-ahead log, execution, Commit and the saving of its state).
FAIL_POINTS = 11
# The application is killed when CometBFT has asked, or when the application has answered and CometBFT does not
# know. "asked:commit" is before it sees the call, "sent:commit" while it works on it.
APPLICATION_POINTS = ["asked:prepare_proposal", "answered:process_proposal", "answered:extend_vote", "asked:finalize_block",
                      "sent:finalize_block", "answered:finalize_block", "asked:commit", "sent:commit", "answered:commit"]
GENESIS_POINTS = ["asked:info", "answered:info", "asked:init_chain", "answered:init_chain", "answered:prepare_proposal",
                  "asked:finalize_block", "answered:finalize_block", "asked:commit", "answered:commit"]


class Killer:
    """Kills the application at one point, the `count`-th time that a message passes it."""

    def __init__(self, node, point, count):
        self.node, self.count = node, count
        self.moment, self.name = point.split(":")
        self.done = False

    def __call__(self, moment, name, message):
        if self.done:
            return False
        if name != self.name or moment != ("answered" if self.moment == "answered" else "asked"):
            return True
        self.count -= 1
        if self.count > 0:
            return True
        self.done = True
        if self.moment == "sent":
            return True  # and then it is killed: after_sent()
        self.node.kill(self.node.app)
        return False


def kill_application(node, point, count):
    """Runs a node until its application is killed there and CometBFT has noticed."""
    node.start_app(f"unix://{node.folder}/behind")
    killer = Killer(node, point, count)
    proxy = Proxy(node.folder / "app", node.folder / "behind", killer)
    node.start_comet()
    status = node.comet_ended() if killer.moment != "sent" else kill_at_work(node, killer)
    proxy.close()
    if not killer.done:
        raise SystemExit(f"{point} was never passed; CometBFT ended with {status}:\n{node.comet_log()[-2000:]}")


def kill_at_work(node, killer):
    while node.comet.poll() is None and not killer.done:
        pass
    node.kill(node.app)
    return node.comet_ended()


def kill_comet(node, index):
    node.start_app()
    node.start_comet(FAIL_TEST_INDEX=str(index))
    node.comet_ended()
    if f"*** fail-test {index} ***" not in node.comet_log():
        raise SystemExit(f"CometBFT did not die at {index}:\n{node.comet_log()[-2000:]}")
    node.kill(node.app)


def recover(node, tx):
    """Starts both, and the chain goes on."""
    node.start()
    node.send_and_wait(tx)
    height = node.check_agreement()
    node.kill(node.comet)
    node.kill(node.app)
    return height


def run(new_node, figure):
    crashes = 0

    for point in GENESIS_POINTS:
        with tempfile.TemporaryDirectory(prefix="assay-abci-") as folder:
            node = new_node(folder)
            try:
                kill_application(node, point, 1)
                recover(node, "key=genesis")
                node.check_log()
                crashes += 1
            finally:
                node.clean()

    with tempfile.TemporaryDirectory(prefix="assay-abci-") as folder:
        node = new_node(folder)
        try:
            last = recover(node, "key=start")
            plans = [(kill_application, point, 2) for point in APPLICATION_POINTS]
            plans += [(kill_comet, index) for index in range(FAIL_POINTS)]
            for number, (crash, *where) in enumerate(plans):
                crash(node, *where)
                height = recover(node, f"key-{number}=value")
                if height <= last:
                    raise SystemExit(f"{where}: height {height} after {last}")
                last = height
                crashes += 1
            node.check_log()
        finally:
            node.clean()
    print(f"figure {figure} {crashes} count")
    print(f"{crashes} crashes, {last} blocks of one chain, every app hash agrees, no call out of order")


def main():
    given = options()
    comet = find_comet(given.build)
    run(lambda folder: Node(comet, given.example, folder), "abci_crash_points")


if __name__ == "__main__":
    main()
