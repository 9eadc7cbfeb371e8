"""The crash matrix of crash_test.py for the ledger: killed between each pair of steps of a block it has every block whole,
its headers are those that CometBFT's name, and every block applied again gives them."""
import tempfile

from comet import find_comet, options
from crash_test import run
from ledger import Account, Ledger


class Crashed(Ledger):
    """Its store is checked whenever it is to start again."""

    def start(self):
        if self.starts:
            self.check_store()
        super().start()


def main():
    given = options()
    comet = find_comet(given.build)
    with tempfile.TemporaryDirectory(prefix="assay-crash-") as keys:
        run(lambda folder: Crashed(comet, given.assayd, folder, [Account(keys, number) for number in (1, 2)]),
            "ledger_crash_points")


if __name__ == "__main__":
    main()
