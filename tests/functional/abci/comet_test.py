"""The key-value example under real CometBFT: transactions, kill -9 of either, restarts; the app hash in every
header is the one that follows from the blocks, and no call came out of order."""
import tempfile

from comet import Node, find_comet, options


def expect(condition, words):
    if not condition:
        raise SystemExit(words)


def send_some(node, name, count):
    for i in range(count):
        expect(node.send(f"{name}-{i}=value-{i}") == 0, f"{name}-{i} was refused")
    node.send_and_wait(f"{name}-last=done")
    for key, value in ((f"{name}-0", "value-0"), (f"{name}-{count - 1}", f"value-{count - 1}"), (f"{name}-last", "done")):
        expect(node.query(key) == value, f"{key} is {node.query(key)}")


def play(node):
    node.start()
    send_some(node, "first", 20)
    expect(node.send("no-value") == 1, "a bad transaction was taken")
    expect(node.query("nobody") is None, "a key that nobody set")

    # Whoever asks CometBFT chooses the path, any bytes; a request that could not be read would stop it.
    node.rpc("abci_query", path="0xfffe", data="0x00ff")

    print("kill -9 of the application")
    before = node.check_agreement()
    node.kill(node.app)
    node.comet_ended()
    node.start()
    expect(node.query("first-last") == "done", "a committed value is lost")
    send_some(node, "second", 20)

    print("kill -9 of CometBFT; the application stays")
    node.kill(node.comet)
    node.start_comet()
    node.wait_for_rpc()
    send_some(node, "third", 20)
    after = node.check_agreement()
    expect(after > before, "no block since")

    print("both stopped in order, and started again")
    node.stop()
    node.start()
    node.wait_for_blocks(2)
    for name in ("first", "second", "third"):
        expect(node.query(f"{name}-last") == "done", f"{name} is lost")
    height = node.check_agreement()
    node.stop()
    node.check_log()
    print(f"{height} blocks, every app hash agrees; no call out of order")


def main():
    given = options()
    comet = find_comet(given.build)
    with tempfile.TemporaryDirectory(prefix="assay-abci-") as folder:
        node = Node(comet, given.example, folder)
        try:
            play(node)
        finally:
            node.clean()


if __name__ == "__main__":
    main()
