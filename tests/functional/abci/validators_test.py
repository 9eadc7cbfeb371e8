"""Four validators, each with its application, under real CometBFT: one is killed while blocks go on and catches up; all
have one app hash at one height, and no application saw a call out of order."""
import pathlib
import tempfile

from comet import Node, find_comet, make_validators, options, until

COUNT = 4


def wait_for_height(nodes, height):
    for number, node in enumerate(nodes):
        until(f"block {height} on node {number}", lambda: node.height() >= height, 120)


def play(nodes):
    for node in nodes:
        node.start_app()
        node.start_comet()
    for node in nodes:
        node.wait_for_rpc()
    nodes[0].send_and_wait("before=all")

    print("one of four is killed, application and all")
    lost = nodes[3]
    lost.kill(lost.comet)
    lost.kill(lost.app)
    for number in range(10):
        nodes[number % 3].send_and_wait(f"without-{number}=three")
    height = nodes[0].height()

    print("it comes back and catches up")
    lost.start()
    wait_for_height(nodes, height + 2)
    lost.send_and_wait("after=all")
    height = lost.height()
    wait_for_height(nodes, height + 1)
    hashes = {node.rpc("block", height=height)["block"]["header"]["app_hash"] for node in nodes}
    if len(hashes) != 1:
        raise SystemExit(f"app hashes at height {height}: {hashes}")
    for node in nodes:
        node.check_agreement()
        if [node.query(key) for key in ("before", "without-9", "after")] != ["all", "three", "all"]:
            raise SystemExit("a value is lost")
    for node in nodes:
        node.stop()
    for node in nodes:
        node.check_log()
    print(f"{height} blocks of four validators, one app hash, no call out of order")


def main():
    given = options()
    comet = find_comet(given.build)
    with tempfile.TemporaryDirectory(prefix="assay-abci-") as folder:
        nodes = make_validators(comet, pathlib.Path(folder), COUNT,
                                lambda _, own, home: Node(comet, given.example, own, home))
        try:
            play(nodes)
        finally:
            for node in nodes:
                node.clean()


if __name__ == "__main__":
    main()
