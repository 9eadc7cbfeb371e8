"""Writes tests/vectors/abci: requests as CometBFT v0.38.17 sent them to the key-value example, one of each kind.

python3 tests/functional/abci/record.py --build build --example build/examples/assay-example-key-value
"""
import pathlib
import tempfile

from comet import Node, find_comet, options
from proxy import Proxy

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "vectors" / "abci"
TX = b"recorded=yes"


class Recorder:
    """Keeps the last request of a kind; of those that may carry a transaction, the last that does."""

    def __init__(self):
        self.requests = {}

    def __call__(self, moment, name, message):
        if moment == "asked" and (TX in message or TX not in self.requests.get(name, b"")):
            self.requests[name] = message
        return True


def main():
    given = options()
    recorder = Recorder()
    with tempfile.TemporaryDirectory(prefix="assay-abci-") as folder:
        node = Node(find_comet(given.build), given.example, folder)
        try:
            node.start_app(f"unix://{folder}/behind")
            proxy = Proxy(f"{folder}/app", f"{folder}/behind", recorder)
            node.start_comet()
            node.wait_for_rpc()
            node.wait_for_blocks(2)  # so that there are votes to send along
            node.send_and_wait(TX.decode())
            node.query(TX.decode().split("=")[0])
            node.wait_for_blocks(2)
            node.stop()
            proxy.close()
        finally:
            node.clean()
    VECTORS.mkdir(parents=True, exist_ok=True)
    for name, message in sorted(recorder.requests.items()):
        (VECTORS / f"{name}.bin").write_bytes(message)
        print(name, len(message))


if __name__ == "__main__":
    main()
