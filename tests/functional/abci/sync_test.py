"""A node that joins by state synchronisation: it takes a snapshot from another's application instead of the blocks."""
import pathlib
import tempfile

from comet import Node, find_comet, follow, options, until

SNAPSHOT_EVERY = 10  # blocks


def play(first, second):
    first.set_options(create_empty_blocks=False)  # so that its snapshots stay
    first.start()
    for number in range(2 * SNAPSHOT_EVERY):
        first.send_and_wait(f"key-{number}=value")
    follow(second, [first], SNAPSHOT_EVERY // 2)
    second.start_app()
    second.start_comet()
    second.wait_for_rpc()
    until("the second node to have the snapshot", lambda: second.comet.poll() is not None or second.height() > SNAPSHOT_EVERY, 120)
    base = second.earliest()
    if base <= SNAPSHOT_EVERY:
        raise SystemExit(f"the second node has blocks from {base} on: it took no snapshot")
    height = first.send_and_wait("after=both")
    until("the second node to catch up", lambda: second.height() > height)
    if second.query("key-4") != "value" or second.query("after") != "both":
        raise SystemExit("a value is not in the second node")
    hashes = {node.rpc("block", height=height + 1)["block"]["header"]["app_hash"] for node in (first, second)}
    if len(hashes) != 1:
        raise SystemExit(f"app hashes after block {height}: {hashes}")
    print(f"blocks from {base} on came after the snapshot; at {height} both nodes agree")
    for node in (second, first):
        node.stop()
        node.check_log()


def main():
    given = options()
    comet = find_comet(given.build)
    with tempfile.TemporaryDirectory(prefix="assay-abci-") as name:
        folders = [pathlib.Path(name) / side for side in ("a", "b")]
        for folder in folders:
            folder.mkdir()
        nodes = [Node(comet, given.example, folder) for folder in folders]
        try:
            play(*nodes)
        finally:
            for node in nodes:
                node.clean()


if __name__ == "__main__":
    main()
